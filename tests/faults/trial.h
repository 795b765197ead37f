// Tries one fault point: runs the programs with the fault, then without it until the task has
// ended, and checks that the result is as without a fault, or that the records name the error.
#pragma once

#include <map>
#include <set>
#include <string>

#include "point.h"

namespace thermos::faults {

// Counts the calls in a run of the scenario without a fault.
std::map<Place, int> count_calls(Scenario scenario);

enum class Came {
  NotReached,  // the call was made less often this time
  Reached,
};

// Fails the test with each finding.
Came try_point(const Point& point);

// Calls after whose failure libuv ends the program with abort(3).
const std::set<std::string>& libuv_aborts();

// Returns the command line that repeats this trial.
std::string command_for(const Point& point);

}  // namespace thermos::faults
