// Tries many fault points one after another and counts the results.
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

// Returns all points of a scenario, from the calls that runs without a fault make.
std::vector<Point> points_of(Scenario scenario);

// Returns `count` of the points. The seed and each point's own text decide, so that one point more
// or less in `all` changes little.
std::vector<Point> sample_of(const std::vector<Point>& all, std::size_t count, std::uint32_t seed);

struct Tally {
  int tried = 0;
  int reached = 0;
  int failed = 0;
};
// Keys are the role, as "run/runner", and the kind of fault.
using Tallies = std::map<std::pair<std::string, std::string>, Tally>;

// Tries the points. Each failure message has the command line that repeats it.
Tallies sweep(const std::vector<Point>& points);
// Returns a table, which all.sh reads too.
std::string to_text(const Tallies& tallies);

}  // namespace thermos::faults
