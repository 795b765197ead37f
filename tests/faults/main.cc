// The tests' own main: beside GoogleTest's options it knows
//   --all               try all points instead of the sample
//   --only=TEXT         of these those whose text begins so, as in run/server or run/runner/openat
//   --part=I/N          of these the I-th of every N
//   --list              only print them
//   --point=POINT       this one
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "sweep.h"
#include "tracer.h"

namespace thermos::faults {
namespace {

constexpr int kUsage = 64;
constexpr int kSkipped = 77;

struct Wanted {
  bool all = false;
  bool list = false;
  std::string only;
  std::size_t part = 1;
  std::size_t parts = 1;
  std::optional<Point> point;
};

std::vector<Point> wanted_points(const Wanted& wanted) {
  if (wanted.point) return {*wanted.point};
  std::vector<Point> chosen;
  for (const Scenario scenario : all_scenarios()) {
    const std::string name = std::string(name_of(scenario)) + "/";
    if (!wanted.only.empty() && !wanted.only.starts_with(name) && !name.starts_with(wanted.only)) {
      continue;
    }
    for (const Point& point : points_of(scenario)) {
      if (!to_text(point).starts_with(wanted.only)) continue;
      // By what it is: the parts are chosen by programs that count for themselves.
      if (hash_of(to_text(point)) % wanted.parts == wanted.part - 1) chosen.push_back(point);
    }
  }
  return chosen;
}

// Beside GoogleTest's own tests: its checks serve here, and its words.
int try_wanted(const Wanted& wanted) {
  if (auto can = can_trace(); !can) {
    std::cout << "skipped: " << can.message() << "\n";
    return kSkipped;
  }
  const std::vector<Point> points = wanted_points(wanted);
  if (points.empty()) {
    std::fprintf(stderr, "faults_tests: there is no such point\n");
    return kUsage;
  }
  if (wanted.list) {
    for (const Point& point : points) std::cout << to_text(point) << "\n";
    return 0;
  }
  std::cout << to_text(sweep(points));
  return ::testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed() ? 1 : 0;
}

bool take(std::string_view argument, std::string_view option, std::string& value) {
  if (!argument.starts_with(option)) return false;
  value = argument.substr(option.size());
  return true;
}

// False: that can't be.
bool take_options(int argc, char** argv, Wanted& wanted) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    std::string value;
    if (argument == "--all") {
      wanted.all = true;
    } else if (argument == "--list") {
      wanted.all = wanted.list = true;
    } else if (take(argument, "--only=", value)) {
      wanted.only = value;
    } else if (take(argument, "--part=", value)) {
      char* rest = nullptr;
      wanted.part = std::strtoul(value.c_str(), &rest, 10);
      if (*rest != '/') return false;
      wanted.parts = std::strtoul(rest + 1, nullptr, 10);
      if (wanted.part == 0 || wanted.part > wanted.parts) return false;
    } else if (take(argument, "--point=", value)) {
      wanted.point = parse_point(value);
      if (!wanted.point) return false;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace
}  // namespace thermos::faults

int main(int argc, char** argv) {
  using namespace thermos::faults;  // NOLINT(google-build-using-namespace)
  // For programs built with the sanitizer: its search for leaks can't be done in who is traced.
  ::setenv("ASAN_OPTIONS", "detect_leaks=0", 0);
  ::testing::InitGoogleTest(&argc, argv);
  Wanted wanted;
  if (!take_options(argc, argv, wanted)) {
    std::fprintf(stderr, "usage: %s [--all | --list] [--only=TEXT] [--part=I/N] | --point=POINT\n",
                 argv[0]);
    return kUsage;
  }
  return wanted.all || wanted.point ? try_wanted(wanted) : RUN_ALL_TESTS();
}
