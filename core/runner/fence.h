// Decides whether a runner on this machine may lead a task that was led on another one. Nobody here
// can look into that machine, so the question is whether its runs are over.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "core/record/history.h"
#include "core/record/record.h"

namespace thermos {

// How far the locks reach on the file system that holds the checkpoints.
enum class LockReach : std::uint8_t {
  ThisMachine,  // a file system that only this machine has mounted
  AllMachines,  // shared, and every machine sees the locks of the others
  Unknown,      // shared, and other machines' locks are not seen, or nobody knows
};

// What is known before the lead is taken. This process holds the lock of the runner's stream.
struct FenceFacts {
  BootId boot;
  Leadership place;  // where this runner would lead from
  LockReach reach = LockReach::ThisMachine;
  bool take_over = false;  // a person says that the task is over there
  // The engine says that the previous leader's job has ended. The engine is asked only if the
  // verdict depends on it: see fence_asks_engine().
  bool job_ended = false;
};

struct FenceVerdict {
  // For Leadership::decision; empty: there was nothing to decide.
  std::string decision;
  // For Lead::elsewhere: why a run of another boot id whose lock is free is LOST; empty: the
  // machine restarted.
  std::string elsewhere;
};

// Fails with Busy, and says what to do, if runs on another machine may still go on.
Result<FenceVerdict> judge_fence(const History& history, const FenceFacts& facts);

// Returns whether judge_fence() fails unless the engine says that the job has ended, and there is a
// job to ask about.
bool fence_asks_engine(const History& history, const FenceFacts& facts);

// Returns "slurm job 17", or "" if no engine is known.
std::string job_text(const Leadership& place);

}  // namespace thermos
