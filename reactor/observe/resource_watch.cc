#include "reactor/observe/resource_watch.h"

#include <algorithm>
#include <utility>

#include "reactor/observe/json_times.h"

namespace thermos::observe {

struct ResourceWatch::Watched {
  RunPlace place;
  SampleRing ring;
  Microseconds sampled = 0;  // boot time of the last sample
  Microseconds until = 0;    // boot time until which samples are taken
  std::uint64_t asked = 0;   // the order of the last look() of each run
  bool gone = false;         // the run can't be read any more
};

namespace {

Json sample_json(const Sample& sample) {
  Json json{{"time", seconds(sample.time)},
            {"cpu", seconds(sample.cpu)},
            {"memory", sample.memory},
            {"processes", sample.processes}};
  if (sample.storage) {
    json["read"] = sample.storage->read;
    json["written"] = sample.storage->written;
  }
  return json;
}

}  // namespace

ResourceWatch::ResourceWatch(Loop& loop, Deadlines& deadlines)
    : loop_(loop), deadlines_(deadlines), jobs_(loop) {}

ResourceWatch::~ResourceWatch() {
  if (timer_) deadlines_.cancel(*timer_);
}

// If there is no room, drops the run whose last look() is the oldest.
ResourceWatch::Shared ResourceWatch::known(const Run& run, const RunPlace& place) {
  auto found = all_.find(run);
  if (found != all_.end() && found->second->place.coordinator != place.coordinator) {
    all_.erase(found);  // another task got its id
    found = all_.end();
  }
  if (found == all_.end()) {
    if (all_.size() >= kMostRuns) {
      all_.erase(std::min_element(all_.begin(), all_.end(), [](const auto& a, const auto& b) {
        return a.second->asked < b.second->asked;
      }));
    }
    found = all_.emplace(run, std::make_shared<Watched>()).first;
  }
  found->second->place = place;
  found->second->asked = ++order_;
  return found->second;
}

void ResourceWatch::look(const Run& run, const RunPlace& place, std::function<void()> call) {
  const Shared watched = known(run, place);
  const Microseconds now = loop_.now().boot;
  watched->until = now + kPatience;
  if (!watched->gone && !timer_ && !in_round_) {
    round_began_ = now;
    arm();
  }
  if (watched->gone || (watched->sampled != 0 && now - watched->sampled < SampleRing::kInterval)) {
    return call();
  }
  const auto reading = std::make_shared<RunReading>(watched->place);
  jobs_.add([this, watched, reading, call = std::move(call)] {
    if (!reading->step()) return false;
    take(*watched, *reading);
    call();
    return true;
  });
}

void ResourceWatch::take(Watched& watched, const RunReading& reading) {
  watched.sampled = loop_.now().boot;
  watched.gone = !reading.sample();
  if (watched.gone) return;
  Sample sample = *reading.sample();
  sample.time = loop_.now().wall;
  watched.ring.add(sample);
}

Json ResourceWatch::samples(const Run& run, Microseconds after) {
  Json samples = Json::array();
  const auto known = all_.find(run);
  if (known == all_.end()) return samples;
  known->second->ring.forget(loop_.now().wall);
  for (const Sample& sample : known->second->ring.samples()) {
    if (sample.time > after) samples.push_back(sample_json(sample));
  }
  return samples;
}

// ---- rounds ------------------------------------------------------------------------------------

void ResourceWatch::arm() {
  timer_ = deadlines_.add(round_began_ + SampleRing::kInterval, [this] {
    timer_.reset();
    begin_round();
  });
}

// If no client looks at any run, no further round is armed.
void ResourceWatch::begin_round() {
  round_began_ = loop_.now().boot;
  for (const auto& [run, watched] : all_) {
    if (!watched->gone && watched->until > round_began_) round_.push_back(watched);
  }
  if (round_.empty()) return;
  in_round_ = true;
  jobs_.add([this] { return go_on_with_round(); });
}

bool ResourceWatch::go_on_with_round() {
  if (!reading_) reading_.emplace(round_.back()->place);
  if (!reading_->step()) return false;
  take(*round_.back(), *reading_);
  reading_.reset();
  round_.pop_back();
  if (!round_.empty()) return false;
  in_round_ = false;
  arm();
  return true;
}

}  // namespace thermos::observe
