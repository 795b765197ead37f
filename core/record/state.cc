#include "core/record/state.h"

#include <algorithm>

namespace thermos {
namespace {

constexpr std::array<std::string_view, kProcessStates> kProcessNames = {
    "WAITING", "FORKED", "RUNNING", "SUCCESS", "FAILED", "KILLED", "LOST"};
constexpr std::array<std::string_view, kTaskStates> kTaskNames = {
    "ACTIVE", "CLEANING", "FINALIZING", "SUCCESS", "FAILED", "KILLED", "LOST"};

// Rows: from. Columns: to, in enum order.
using ProcessTable = std::array<std::array<bool, kProcessStates>, kProcessStates>;
constexpr ProcessTable kProcessTable = {{
    // WAIT  FORK   RUN    SUCC   FAIL   KILL   LOST
    // WAITING: FAILED if it cannot be launched; LOST if the node where it may have been is gone
    {false, true, false, false, true, false, true},
    {false, false, true, false, false, true, true},     // FORKED
    {false, false, false, true, true, true, true},      // RUNNING
    {false, false, false, false, false, false, false},  // SUCCESS
    {false, false, false, false, false, false, false},  // FAILED
    {false, false, false, false, false, false, false},  // KILLED
    {false, false, false, false, false, false, false},  // LOST
}};

using TaskTable = std::array<std::array<bool, kTaskStates>, kTaskStates>;
constexpr TaskTable kTaskTable = {{
    // ACTV  CLEAN  FINAL  SUCC   FAIL   KILL   LOST
    {true, true, false, false, false, false, false},    // ACTIVE
    {false, true, true, true, true, true, true},        // CLEANING: an overrun skips FINALIZING
    {false, false, true, true, true, true, true},       // FINALIZING
    {false, false, false, false, false, false, false},  // SUCCESS
    {false, false, false, false, false, false, false},  // FAILED
    {false, false, false, false, false, false, false},  // KILLED
    {false, false, false, false, false, false, false},  // LOST
}};

template <typename State, std::size_t N>
std::optional<State> from_name(const std::array<std::string_view, N>& names,
                               std::string_view name) {
  const auto* it = std::find(names.begin(), names.end(), name);
  if (it == names.end()) return std::nullopt;
  return static_cast<State>(it - names.begin());
}

constexpr int kSigkill = 9;
// Signal numbers of Linux, the same on every architecture but MIPS, SPARC, Alpha and PA-RISC
// (signal(7)). Not from <csignal>, because what is on disk must not depend on the machine.
constexpr std::array<int, 11> kOwnFault = {
    4,   // SIGILL
    5,   // SIGTRAP
    6,   // SIGABRT
    7,   // SIGBUS
    8,   // SIGFPE
    11,  // SIGSEGV
    13,  // SIGPIPE
    16,  // SIGSTKFLT
    24,  // SIGXCPU
    25,  // SIGXFSZ
    31,  // SIGSYS
};

}  // namespace

std::string_view name_of(ProcessState state) {
  return kProcessNames[static_cast<std::size_t>(state)];
}
std::string_view name_of(TaskState state) {
  return kTaskNames[static_cast<std::size_t>(state)];
}

std::optional<ProcessState> process_state_from(std::string_view name) {
  return from_name<ProcessState>(kProcessNames, name);
}
std::optional<TaskState> task_state_from(std::string_view name) {
  return from_name<TaskState>(kTaskNames, name);
}

bool may_follow(ProcessState from, ProcessState to) {
  return kProcessTable[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)];
}
bool may_follow(TaskState from, TaskState to) {
  return kTaskTable[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)];
}

ProcessEnd end_of(int wait_status, const EndCause& cause) {
  const int signal = wait_status & 0x7f;
  if (signal == 0) {
    const int code = (wait_status >> 8) & 0xff;
    if (cause.success.has(code)) return {ProcessState::Success, code};
    return {cause.service_manager ? ProcessState::Killed : ProcessState::Failed, code};
  }
  if (signal == cause.asked) return {ProcessState::Killed, -signal};
  const bool own_fault = (signal == kSigkill && cause.over_its_memory) ||
                         std::find(kOwnFault.begin(), kOwnFault.end(), signal) != kOwnFault.end();
  return {own_fault ? ProcessState::Failed : ProcessState::Killed, -signal};
}

}  // namespace thermos
