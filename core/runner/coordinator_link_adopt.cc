// The part of CoordinatorLink that takes over what an earlier runner left, and what another holds.
#include "core/runner/coordinator_link.h"

namespace thermos {
namespace {

using namespace link;  // NOLINT(google-build-using-namespace)

}  // namespace

void CoordinatorLink::adopt(const link::Event& event) {
  begin_adopting(as<Adopt>(event).rebooted);
}

void CoordinatorLink::begin_adopting(bool rebooted) {
  run_ = known_.run;
  coordinator_ = known_.coordinator;
  rebooted_ = rebooted;
  state_ = State::Adopting;
  add(Read{Origin::FoundAtResume});
}

void CoordinatorLink::look_beside(const link::Event& event) {
  run_ = 0;
  rebooted_ = as<LookBeside>(event).rebooted;
  state_ = State::Beside;
  add(Read{Origin::FoundAtResume});
}

void CoordinatorLink::beside_read(const link::Event& event) {
  if (as<ReadDone>(event).starved) {
    add(Refuse{});
  } else if (known_.live && known_.state != ProcessState::Waiting) {
    take_over(false);
  } else {
    add(CloseReader{});
    to_idle();
  }
}

void CoordinatorLink::adopted_read(const link::Event& event) {
  take_over(as<ReadDone>(event).starved);
}

bool CoordinatorLink::is_of_another_boot() const {
  return known_.state != ProcessState::Waiting && known_.other_boot;
}

void CoordinatorLink::take_over(bool starved) {
  ours_ = false;
  run_ = known_.run;
  coordinator_ = known_.coordinator;
  if (is_of_another_boot() && starved) {
    add(Refuse{});
    return;
  }
  // Only the end of a run waits for the disk.
  if (rebooted_ && known_.state == ProcessState::Waiting) add(WarnRestarted{run_});
  state_ = State::Found;
  found_read(ReadDone{});
}

void CoordinatorLink::found_read(const link::Event& event) {
  // Who keeps one descriptor while asking for the next may wait for others who do the same.
  add(CloseReader{});
  if (as<ReadDone>(event).starved) {
    look_again();
  } else if (is_of_another_boot() && !known_.live) {
    to_idle();
  } else if (coordinator_.pid != 0 && !is_of_another_boot()) {
    add(OpenPidfd{coordinator_, run_});
  } else {
    add(AskLock{});
  }
}

void CoordinatorLink::pidfd_opened(const link::Event& /*event*/) {
  state_ = State::Watched;
}

void CoordinatorLink::pidfd_refused(const link::Event& /*event*/) {
  add(AskLock{});
}

// A question that gets no answer is no sign of death.
void CoordinatorLink::lock_is(const link::Event& event) {
  if (as<LockIs>(event).lock == Lock::Free) {
    gone();
  } else {
    look_again();
  }
}

}  // namespace thermos
