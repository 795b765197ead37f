// The states of processes and tasks and which may follow which. The tables here are the only
// statement of the rule: replay, the live runner and the tests all ask them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace thermos {

enum class ProcessState : std::uint8_t { Waiting, Forked, Running, Success, Failed, Killed, Lost };
inline constexpr std::size_t kProcessStates = 7;

enum class TaskState : std::uint8_t { Active, Cleaning, Finalizing, Success, Failed, Killed, Lost };
inline constexpr std::size_t kTaskStates = 7;

// "WAITING", "ACTIVE" and so on: the names that status and the JSON print.
std::string_view name_of(ProcessState state);
std::string_view name_of(TaskState state);
std::optional<ProcessState> process_state_from(std::string_view name);
std::optional<TaskState> task_state_from(std::string_view name);

constexpr bool is_terminal(ProcessState s) {
  return s >= ProcessState::Success;
}
constexpr bool is_terminal(TaskState s) {
  return s >= TaskState::Success;
}

// May `to` follow `from` within one run? A new run starts at WAITING, which follows a terminal
// state or nothing; see starts_run.
bool may_follow(ProcessState from, ProcessState to);
constexpr bool starts_run(ProcessState s) {
  return s == ProcessState::Waiting;
}

// May `to` follow `from`? A state that is not terminal may follow itself: that is a new runner
// taking the lead, or a kill that changes the goal.
bool may_follow(TaskState from, TaskState to);

// How a process that ended is recorded. `wait_status` is waitpid's.
struct ProcessEnd {
  ProcessState state = ProcessState::Lost;
  std::int32_t return_code = 0;  // the exit code, or minus the signal number
};

// What else is known about an end.
struct EndCause {
  // The kernel killed it for taking more memory than it was given.
  bool over_its_memory = false;
  // The service manager asked it to end: the machine or the session goes down.
  bool service_manager = false;
};

// SUCCESS for exit 0, FAILED for any other exit code. A signal that someone sent means KILLED; one
// that the kernel raises for what the process itself did (SIGSEGV, SIGABRT, SIGPIPE ..., SIGKILL
// over its memory) means FAILED, or a program that crashes at once would be run for ever without
// ever counting as failed. One that gives up because the machine goes down has not failed: KILLED.
ProcessEnd end_of(int wait_status, EndCause cause = {});

}  // namespace thermos
