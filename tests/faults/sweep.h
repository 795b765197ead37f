// Many fault points, one after the other, and what became of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "point.h"

namespace thermos::faults {

// All points of a scenario, as runs without a fault show its calls.
std::vector<Point> points_of(Scenario scenario);

// `count` of them, chosen by the seed and by what each is, so that one more or less among `all`
// changes hardly anything.
std::vector<Point> sample_of(const std::vector<Point>& all, std::size_t count, std::uint32_t seed);

struct Tally {
  int tried = 0;
  int reached = 0;
  int failed = 0;
};
// By "run/runner" and by what went wrong there.
using Tallies = std::map<std::pair<std::string, std::string>, Tally>;

// Tries them; each failure has the command line that shows it again.
Tallies sweep(const std::vector<Point>& points);
// A table for people, and for all.sh.
std::string to_text(const Tallies& tallies);

}  // namespace thermos::faults
