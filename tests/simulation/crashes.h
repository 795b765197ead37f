// Runs many worlds with crashes in them, and expects each to keep the rules.
#pragma once

#include <cstdint>

#include "world.h"

namespace thermos::sim {

// What came of many worlds.
struct Tally {
  std::uint64_t worlds = 0;
  std::uint64_t crashes = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t stops = 0;
  std::uint64_t looks = 0;

  void add(const Outcome& outcome);
};

// Runs the scripts of `count` seeds from `from` on, without a crash.
void live(std::uint64_t from, std::uint64_t count, const Shape& shape, Tally& tally);

// Crashes at every effect of each world in turn. `power_cuts`: how many in a hundred crashes.
void crash_everywhere(std::uint64_t from, std::uint64_t count, const Shape& shape,
                      std::uint32_t power_cuts);

// Crashes again and again, at random, the restarts included.
void crash_anywhere(std::uint64_t from, std::uint64_t count, const Shape& shape, Tally& tally);

}  // namespace thermos::sim
