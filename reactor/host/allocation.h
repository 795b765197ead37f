// The allocation that this program runs in, by its environment: which engine gave the machine, for
// which job, and until when.
#pragma once

#include <functional>
#include <string>

#include "core/record/record.h"

namespace thermos {

using ReadVariable = std::function<std::string(const char* name)>;  // "": not set

// Where we are: the machine's own name, and the engine with its job, if there is one. `until` is
// not known yet.
Leadership find_place(const ReadVariable& variable);
// The same by the environment of this program.
Leadership find_place();

// Whether the engine ends a job by signals that it wants answered by a yield: Slurm, Grid Engine.
bool engine_requeues(const Leadership& place);

// The exit status by which the engine starts the job again: 99 in Grid Engine (qsub(1)), else 75.
int yield_status_of(const Leadership& place);

// When the allocation ends, in microseconds of wall time; 0: nobody knows. Asks the engine's own
// program, once; that may take seconds.
Microseconds allocation_end(const Leadership& place, Microseconds now);

// Whether the engine says that the job has ended. False if it can't be asked.
bool job_has_ended(const Leadership& place);

// Reads what `squeue -o %L` prints, the time that a job has left: "2-03:04:05", "03:04:05",
// "04:05". In microseconds; negative: it is no time, as "UNLIMITED".
Microseconds time_left_from(std::string_view text);

}  // namespace thermos
