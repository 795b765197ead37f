#include "core/runner/launch_control.h"

#include <algorithm>
#include <array>

namespace thermos {
namespace {

constexpr std::array<std::string_view, kLaunchStates> kLaunchStateNames = {
    "IDLE", "LAUNCHED", "RETRYING", "TERMINATING", "KILLING", "SWEEPING"};
constexpr std::array<std::string_view, kLaunchEvents> kLaunchEventNames = {
    "START", "FOUND", "FORKED", "DIED", "SHORT", "DUE", "TERMINATE", "KILL", "VANISHED", "ENDED"};

constexpr std::optional<LaunchStep> kNever = std::nullopt;
constexpr LaunchStep kIdle = {LaunchState::Idle, LaunchAct::None};
constexpr LaunchStep kCalledOff = {LaunchState::Idle, LaunchAct::CallOff};
constexpr LaunchStep kStarted = {LaunchState::Launched, LaunchAct::Start};
constexpr LaunchStep kLaunched = {LaunchState::Launched, LaunchAct::None};
constexpr LaunchStep kTryAgain = {LaunchState::Retrying, LaunchAct::AwaitRetry};
constexpr LaunchStep kTerminate = {LaunchState::Terminating, LaunchAct::Terminate};
constexpr LaunchStep kTerminating = {LaunchState::Terminating, LaunchAct::None};
constexpr LaunchStep kKill = {LaunchState::Killing, LaunchAct::Kill};
constexpr LaunchStep kKilling = {LaunchState::Killing, LaunchAct::None};
constexpr LaunchStep kSweep = {LaunchState::Sweeping, LaunchAct::Sweep};
constexpr LaunchStep kSweeping = {LaunchState::Sweeping, LaunchAct::None};

// The waits between two tries at a launch that failed for want of pids, memory or descriptors. The
// kernel has no event for what another program gives back.
constexpr Microseconds kFirstRetry = kSecond / 10;
constexpr Microseconds kLastRetry = 5 * kSecond;

}  // namespace

// Rows: events. Columns: states, in enum order. What is asked for twice is done once; a launch that
// comes to nothing after its end was asked for is not tried again.
constexpr LaunchTable kLaunchTable = {{
    // IDLE, LAUNCHED, RETRYING, TERMINATING, KILLING, SWEEPING
    {kStarted, kNever, kNever, kNever, kNever, kNever},                    // START
    {kLaunched, kLaunched, kLaunched, kTerminating, kKilling, kSweeping},  // FOUND
    {kNever, kLaunched, kNever, kLaunched, kLaunched, kNever},             // FORKED
    {kNever, kTryAgain, kTryAgain, kCalledOff, kCalledOff, kNever},        // DIED
    {kNever, kTryAgain, kTryAgain, kCalledOff, kCalledOff, kNever},        // SHORT
    {kNever, kNever, kStarted, kNever, kNever, kNever},                    // DUE
    {kNever, kTerminate, kCalledOff, kTerminating, kKilling, kSweeping},   // TERMINATE
    {kNever, kKill, kCalledOff, kKill, kKilling, kSweeping},               // KILL
    {kNever, kSweep, kNever, kSweep, kSweep, kNever},                      // VANISHED
    {kIdle, kIdle, kIdle, kIdle, kIdle, kIdle},                            // ENDED
}};

std::string_view name_of(LaunchState state) {
  return kLaunchStateNames[static_cast<std::size_t>(state)];
}

std::string_view name_of(LaunchEvent event) {
  return kLaunchEventNames[static_cast<std::size_t>(event)];
}

Microseconds LaunchControl::retry_wait() const {
  // The first retry comes at once: at a resume, a launch that came to nothing is ordinary. Then
  // they come ever more slowly.
  if (retries_ == 0) return 0;
  Microseconds wait = kFirstRetry;
  for (std::uint32_t i = 1; i < retries_ && wait < kLastRetry; ++i) wait *= 2;
  return std::min(wait, kLastRetry);
}

}  // namespace thermos
