#include "sweep.h"

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <sstream>

#include <gtest/gtest.h>

#include "error_table.h"
#include "system_calls.h"
#include "trial.h"

namespace thermos::faults {
namespace {

// Of the calls at which a kill shows nothing new.
constexpr int kPrivateStride = 8;
// Looking at one process is like looking at another.
constexpr int kOfAnyProcess = 3;

void add_points_at(Scenario scenario, const Place& place, int nth, std::vector<Point>& points) {
  const auto add = [&](const Fault& fault) { points.push_back({scenario, place, nth, fault}); };
  const std::string call = base_of(place.call);
  const auto add_errors = [&](const auto& table, bool lasting) {
    auto found = table.find(place.call);
    if (found == table.end()) found = table.find(call);
    if (found == table.end()) return;
    for (const int error : found->second) add({Fault::Kind::Error, error, lasting});
  };
  if (!is_private(call) || nth % kPrivateStride == 1) add({Fault::Kind::Kill});
  if (!only_looks(call)) add({Fault::Kind::KillAfter});
  add_errors(error_table(), false);
  add_errors(lasting_error_table(), true);
  if (place.call == "write" || place.call == "pwrite64" || place.call == "writev") {
    add({Fault::Kind::Short});
  }
}

class FailureCount : public ::testing::EmptyTestEventListener {
 public:
  int failures() const { return failures_; }
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    failures_ += result.failed() ? 1 : 0;
  }

 private:
  int failures_ = 0;
};

std::string kind_of(const Fault& fault) {
  if (fault.kind != Fault::Kind::Error) return name_of(fault);
  return fault.lasting ? "lasting" : "error";
}

}  // namespace

std::vector<Point> points_of(Scenario scenario) {
  // One run makes a few more calls than another.
  constexpr int kRuns = 3;
  std::map<Place, int> most;
  for (int run = 0; run < kRuns; ++run) {
    for (const auto& [place, count] : count_calls(scenario)) {
      most[place] = std::max(most[place], count);
    }
  }
  std::vector<Point> points;
  for (const auto& [place, count] : most) {
    const bool many = place.call.ends_with(kAnyProcess);
    for (int nth = 1; nth <= (many ? std::min(count, kOfAnyProcess) : count); ++nth)
      add_points_at(scenario, place, nth, points);
  }
  return points;
}

std::vector<Point> sample_of(const std::vector<Point>& all, std::size_t count, std::uint32_t seed) {
  std::vector<std::pair<std::uint32_t, const Point*>> ranked;
  ranked.reserve(all.size());
  for (const Point& point : all) ranked.emplace_back(hash_of(to_text(point), seed), &point);
  std::sort(ranked.begin(), ranked.end());
  ranked.resize(std::min(count, ranked.size()));
  std::vector<Point> chosen;
  chosen.reserve(ranked.size());
  for (const auto& [rank, point] : ranked) chosen.push_back(*point);
  return chosen;
}

Tallies sweep(const std::vector<Point>& points) {
  Tallies tallies;
  FailureCount count;
  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  listeners.Append(&count);
  for (const Point& point : points) {
    const int before = count.failures();
    const Came came = try_point(point);
    const bool failed = count.failures() > before;
    Tally& tally = tallies[{
        std::string(name_of(point.scenario)) + "/" + std::string(name_of(point.place.role)),
        kind_of(point.fault)}];
    ++tally.tried;
    tally.reached += came == Came::Reached ? 1 : 0;
    tally.failed += failed ? 1 : 0;
    if (failed) std::cout << "FINDING " << to_text(point) << std::endl;
  }
  listeners.Release(&count);
  return tallies;
}

std::string to_text(const Tallies& tallies) {
  std::ostringstream out;
  for (const auto& [key, tally] : tallies) {
    out << "TALLY " << std::left << std::setw(24) << key.first << std::setw(16) << key.second
        << std::right << std::setw(6) << tally.tried << " tried " << std::setw(6) << tally.reached
        << " reached " << std::setw(4) << tally.failed << " with findings\n";
  }
  return out.str();
}

}  // namespace thermos::faults
