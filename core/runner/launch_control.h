// The launch and the end of one process's runs as the runner sees them: whether a run is asked for,
// is to be tried again, was told to end, or is swept up after. One table says which event may come
// in which state, and what has to be done about it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/times.h"

namespace thermos {

enum class LaunchState : std::uint8_t {
  Idle,         // no run, or one that was called off before anything came of it
  Launched,     // asked for, or known to be there
  Retrying,     // its launch came to nothing, and will be tried again
  Terminating,  // told to end
  Killing,      // told to die
  Sweeping,     // its coordinator vanished; the processes that it left are being ended
};
inline constexpr std::size_t kLaunchStates = 6;

enum class LaunchEvent : std::uint8_t {
  Start,      // the plan starts it
  Found,      // the run is there: a record of it came, or a resume takes it over
  Forked,     // its coordinator listens now: it may have missed a signal that was sent before
  Died,       // its coordinator died before its first record: nothing of it ever ran
  Short,      // the machine was short of something that its launch needs
  Due,        // the time of the next try has come
  Terminate,  // it is to end
  Kill,       // it is to die
  Vanished,   // its coordinator is gone and has not recorded the end of the run
  Ended,      // the run is over, or called off
};
inline constexpr std::size_t kLaunchEvents = 10;

// What a runner does when a launch has taken an event.
enum class LaunchAct : std::uint8_t {
  None,
  Start,       // send StartProcess
  AwaitRetry,  // let retry_wait() pass, then Due
  Terminate,   // send Terminate
  Kill,        // send Kill
  Sweep,       // send Sweep
  CallOff,     // give the run back to the plan: no coordinator has it
};

// What an event leads to in one state.
struct LaunchStep {
  LaunchState next = LaunchState::Idle;
  LaunchAct act = LaunchAct::None;
};
// A row for each event, a column for each state; nothing where the event can't come.
using LaunchTable = std::array<std::array<std::optional<LaunchStep>, kLaunchStates>, kLaunchEvents>;
extern const LaunchTable kLaunchTable;

std::string_view name_of(LaunchState state);
std::string_view name_of(LaunchEvent event);

class LaunchControl {
 public:
  LaunchState state() const { return state_; }
  // Returns whether the run has a coordinator, or is on the way to one, as far as anyone knows.
  bool launched() const { return state_ != LaunchState::Idle && state_ != LaunchState::Retrying; }
  // Returns whether a signal was sent to the run.
  bool told_to_end() const {
    return state_ == LaunchState::Terminating || state_ == LaunchState::Killing;
  }

  // Takes an event and returns what is to be done. Returns nothing if the event can't come in this
  // state, which then stays.
  std::optional<LaunchAct> take(LaunchEvent event);

  // Returns the wait from a launch that came to nothing to the next try, in microseconds.
  Microseconds retry_wait() const;

 private:
  LaunchState state_ = LaunchState::Idle;
  std::uint32_t retries_ = 0;
};

// In the header to be inlined: a runner calls it at every start and end of a run.
inline std::optional<LaunchAct> LaunchControl::take(LaunchEvent event) {
  const std::optional<LaunchStep>& step =
      kLaunchTable[static_cast<std::size_t>(event)][static_cast<std::size_t>(state_)];
  if (!step) return std::nullopt;
  state_ = step->next;
  if (state_ == LaunchState::Idle) retries_ = 0;
  if (event == LaunchEvent::Short) retries_ = std::max(retries_, 1U);
  if (event == LaunchEvent::Due) ++retries_;
  return step->act;
}

}  // namespace thermos
