// Whether a runner on one machine may lead a task that was led on another one, which nobody here
// can look into: is what ran there over?
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "core/record/history.h"
#include "core/record/record.h"

namespace thermos {

// How far the locks of the file system reach on which the checkpoints are.
enum class LockReach : std::uint8_t {
  ThisMachine,  // a file system that only this machine has mounted
  AllMachines,  // shared, and every machine sees the locks of the others
  Unknown,      // shared, and they do not, or nobody knows
};

// What is known before the lead is taken. The lock of the runner's stream is ours.
struct FenceFacts {
  BootId boot;
  Leadership place;  // here
  LockReach reach = LockReach::ThisMachine;
  bool take_over = false;  // a person says that it is over there
  // The engine says that the job of the leader before has ended. It is asked only where this
  // decides: see fence_asks_engine().
  bool job_ended = false;
};

struct FenceVerdict {
  // For Leadership::decision; empty: there was nothing to decide.
  std::string decision;
  // For Lead::elsewhere: why a run of another boot id whose lock is free is LOST; empty: the
  // machine restarted.
  std::string elsewhere;
};

// Fails with Busy, and says what to do, if what ran on another machine may run on.
Result<FenceVerdict> judge_fence(const History& history, const FenceFacts& facts);

// Whether judge_fence() would fail without the engine's word, and there is a job to ask for.
bool fence_asks_engine(const History& history, const FenceFacts& facts);

// "slurm job 17", or "" where no engine is known.
std::string job_text(const Leadership& place);

}  // namespace thermos
