// What the tests of the coordinator link share.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/times.h"
#include "core/runner/coordinator_link.h"

namespace thermos {

using Known = CoordinatorLink::Known;

inline constexpr Identity kCoordinator{100, 7};

inline Known waiting(std::uint32_t run) {
  return {true, run, ProcessState::Waiting, {}, false};
}

inline Known running(std::uint32_t run) {
  return {true, run, ProcessState::Running, kCoordinator, false};
}

// A link and what was wanted of it last.
class LinkBench {
 public:
  explicit LinkBench(bool notified = true) : link_(0, notified) {}

  const std::vector<link::Effect>& tell(const link::Event& event, const Known& known) {
    effects_ = link_.handle(event, known, now);
    if (std::holds_alternative<link::Timer>(event)) armed_.reset();
    if (const auto* arm = wants<link::Arm>()) armed_ = arm->at;
    return effects_;
  }
  template <typename T>
  const T* wants() const {
    for (const link::Effect& effect : effects_) {
      if (const auto* wanted = std::get_if<T>(&effect)) return wanted;
    }
    return nullptr;
  }
  std::size_t effects() const { return effects_.size(); }
  // When its timer was asked for last; nothing: not, or not any more.
  std::optional<Microseconds> armed() const { return armed_; }
  link::State state() const { return link_.state(); }
  const CoordinatorLink& link() const { return link_; }

  // From Idle: run 0 is on its way to the state.
  void go_to(link::State state);
  // To a coordinator of ours that spoke.
  void run_one(std::uint32_t run) {
    send(run);
    answer(kCoordinator.pid);
    tell(link::Changed{}, waiting(run));
    tell(link::Heard{run, kCoordinator}, waiting(run));
    tell(link::ReadDone{}, running(run));
  }
  // Of a launch that may go on at once.
  void start(std::uint32_t run) {
    tell(link::Start{{0, run, 1}}, waiting(run));
    tell(link::Admitted{}, waiting(run));
  }
  void send(std::uint32_t run) {
    start(run);
    tell(link::LockTaken{}, waiting(run));
    clone_ = wants<link::Clone>()->number;
    tell(link::Handed{}, waiting(run));
  }
  void answer(std::int32_t pid, bool retry = false, Shortage shortage = Shortage::Other) {
    tell(link::Answered{clone_, pid, retry, "no pids", shortage}, waiting(0));
  }
  // The runner before left a run that is live.
  void adopt(const Known& known, bool starved = false) {
    tell(link::Adopt{}, known);
    tell(link::ReadDone{starved}, known);
  }

  Microseconds now = 1000 * kSecond;

 private:
  CoordinatorLink link_;
  std::vector<link::Effect> effects_;
  std::optional<Microseconds> armed_;
  std::uint64_t clone_ = 0;
};

inline void LinkBench::go_to(link::State state) {
  using link::State;
  switch (state) {
    case State::Idle:
      return;
    case State::Queued:
      tell(link::Start{{0, 0, 1}}, waiting(0));
      return;
    case State::Locking:
      start(0);
      return;
    case State::Checking:
      go_to(State::Locking);
      tell(link::LockTaken{true}, waiting(0));
      return;
    case State::Handing:
      go_to(State::Locking);
      tell(link::LockTaken{}, waiting(0));
      return;
    case State::Sent:
      send(0);
      return;
    case State::Unanswered:
      send(0);
      tell(link::ServerDied{}, waiting(0));
      return;
    case State::Ours:
      run_one(0);
      return;
    case State::Beside:
      tell(link::LookBeside{}, {});
      return;
    case State::Adopting:
      tell(link::Adopt{}, running(0));
      return;
    case State::Found:
      adopt(running(0));
      return;
    case State::Watched:
      adopt(running(0));
      tell(link::PidfdOpened{}, running(0));
      return;
    case State::Leaving:
      run_one(0);
      tell(link::ChildGone{0}, running(0));
      return;
  }
}

}  // namespace thermos
