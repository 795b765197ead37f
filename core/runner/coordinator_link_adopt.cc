// The part of CoordinatorLink that takes over runs of an earlier runner, and streams whose lock
// another process holds.
#include "core/runner/coordinator_link.h"

namespace thermos {
void CoordinatorLink::adopt(const link::Event& event) {
  begin_adopting(as<link::Adopt>(event).rebooted);
}

void CoordinatorLink::begin_adopting(bool rebooted) {
  run_ = known_.run;
  coordinator_ = known_.coordinator;
  rebooted_ = rebooted;
  state_ = link::State::Adopting;
  add(link::Read{Origin::FoundAtResume});
}

void CoordinatorLink::look_beside(const link::Event& event) {
  run_ = 0;
  rebooted_ = as<link::LookBeside>(event).rebooted;
  state_ = link::State::Beside;
  add(link::Read{Origin::FoundAtResume});
}

void CoordinatorLink::beside_read(const link::Event& event) {
  if (as<link::ReadDone>(event).starved) {
    add(link::Refuse{});
  } else if (known_.live && known_.state != ProcessState::Waiting) {
    take_over(false);
  } else {
    add(link::CloseReader{});
    to_idle();
  }
}

void CoordinatorLink::adopted_read(const link::Event& event) {
  take_over(as<link::ReadDone>(event).starved);
}

bool CoordinatorLink::is_of_another_boot() const {
  return known_.state != ProcessState::Waiting && known_.other_boot;
}

void CoordinatorLink::take_over(bool starved) {
  ours_ = false;
  run_ = known_.run;
  coordinator_ = known_.coordinator;
  if (is_of_another_boot() && starved) {
    add(link::Refuse{});
    return;
  }
  // Only the record of a run's end waits for the disk, so this run may have begun before the
  // reboot.
  if (rebooted_ && known_.state == ProcessState::Waiting) add(link::WarnRestarted{run_});
  state_ = link::State::Found;
  found_read(link::ReadDone{});
}

void CoordinatorLink::found_read(const link::Event& event) {
  // A link that keeps one descriptor while it asks for the next may wait for others that do the
  // same.
  add(link::CloseReader{});
  if (as<link::ReadDone>(event).starved) {
    look_again();
  } else if (is_of_another_boot() && !known_.live) {
    to_idle();
  } else if (coordinator_.pid != 0 && !is_of_another_boot()) {
    add(link::OpenPidfd{coordinator_, run_});
  } else {
    add(link::AskLock{});
  }
}

void CoordinatorLink::pidfd_opened(const link::Event& /*event*/) {
  state_ = link::State::Watched;
}

void CoordinatorLink::pidfd_refused(const link::Event& /*event*/) {
  add(link::AskLock{});
}

// If the lock is Unknown, that is no sign of death.
void CoordinatorLink::lock_is(const link::Event& event) {
  if (as<link::LockIs>(event).lock == link::Lock::Free) {
    gone();
  } else {
    look_again();
  }
}

}  // namespace thermos
