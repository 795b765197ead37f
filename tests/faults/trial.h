// One fault point tried: the programs are run with it, then without it until the task has ended,
// and what is left must be as if nothing had happened, or say what did.
#pragma once

#include <map>
#include <set>
#include <string>

#include "point.h"

namespace thermos::faults {

// What comes up in a run of the scenario in which nothing goes wrong.
std::map<Place, int> count_calls(Scenario scenario);

enum class Came {
  NotReached,  // this time the call did not come up so often
  Reached,
};

// Fails the test where something is not as it should be.
Came try_point(const Point& point);

// Calls whose failure makes libuv end the program by abort(3): it does not expect them to fail.
const std::set<std::string>& libuv_aborts();

// The command line that tries this one again.
std::string command_for(const Point& point);

}  // namespace thermos::faults
