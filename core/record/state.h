// The states of processes and tasks, and which state may follow which. Only the tables in state.cc
// hold these rules; replay, the live runner and the tests use them.
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

// The names that `status` and its JSON print: "WAITING", "ACTIVE" and so on.
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

// Whether `to` may follow `from` within one run. A new run starts with WAITING, after a terminal
// state or nothing; see starts_run().
bool may_follow(ProcessState from, ProcessState to);
constexpr bool starts_run(ProcessState s) {
  return s == ProcessState::Waiting;
}

// Whether `to` may follow `from`. A state that is not terminal may follow itself: a new runner
// takes the lead, or a kill changes the goal.
bool may_follow(TaskState from, TaskState to);

// How the end of a process is recorded.
struct ProcessEnd {
  ProcessState state = ProcessState::Lost;
  std::int32_t return_code = 0;  // the exit code, or minus the signal number
};

// The exit codes that count as a success: only 0, unless the configuration names others.
class ExitCodes {
 public:
  bool has(int code) const { return (words_[at(code)] >> (code % 64) & 1U) != 0; }
  // REQUIRES for has() and add(): `code` is 0 to 255.
  void add(int code) { words_[at(code)] |= std::uint64_t{1} << (code % 64); }
  void clear() { words_ = {}; }
  bool operator==(const ExitCodes&) const = default;

 private:
  static std::size_t at(int code) { return static_cast<std::size_t>(code / 64); }
  std::array<std::uint64_t, 4> words_ = {1};
};

// What decides how an end is recorded, besides its wait status.
struct EndCause {
  ExitCodes success{};
  // The signal with which the run was asked to end; 0: it was not asked.
  int asked = 0;
  // The kernel killed the run because it exceeded its own memory limit.
  bool over_its_memory = false;
  // The service manager asked the run to end, because the machine or the session shuts down.
  bool service_manager = false;
};

// Decodes a wait status (waitpid(2)). An exit code of `cause.success` is SUCCESS, any other is
// FAILED. A run ended by a signal that someone sent is KILLED, and so is one ended by the signal
// with which it was asked to end. A signal that the kernel raises for what the process did
// (SIGSEGV, SIGABRT, SIGPIPE ..., SIGKILL for its own memory limit) makes it FAILED; otherwise a
// program that crashes immediately would run again for ever. An exit with an error that the service
// manager asked for is KILLED.
ProcessEnd end_of(int wait_status, const EndCause& cause = {});

}  // namespace thermos
