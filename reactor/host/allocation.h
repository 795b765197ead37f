// Finds out from the environment in which allocation this program runs: which engine gave the
// machine, for which job, and until when.
#pragma once

#include <functional>
#include <string>

#include "core/record/record.h"

namespace thermos {

using ReadVariable = std::function<std::string(const char* name)>;  // returns "" if it is not set

// Returns the machine's own name, and the engine with its job, if there is one. Leaves `until` at 0
// (unknown).
Leadership find_place(const ReadVariable& variable);
// The same, with the variables of this program's environment.
Leadership find_place();

// Returns whether the engine starts an ended job again, so that its signals are to be answered by a
// yield. True for Slurm and Grid Engine.
bool engine_requeues(const Leadership& place);

// Returns the exit status that makes the engine start the job again: 99 in Grid Engine (qsub(1)),
// else 75.
int yield_status_of(const Leadership& place);

// Returns when the allocation ends, in microseconds of wall time, or 0 if that is unknown. Runs the
// engine's own query program (squeue) once, which may take seconds.
Microseconds allocation_end(const Leadership& place, Microseconds now);

// Returns whether the engine says that the job has ended. Returns false if the engine can't be
// asked.
bool job_has_ended(const Leadership& place);

// Parses the time that a job has left, as `squeue -o %L` prints it: "2-03:04:05", "03:04:05",
// "04:05". Returns microseconds, or a negative number for any other text, such as "UNLIMITED".
Microseconds time_left_from(std::string_view text);

}  // namespace thermos
