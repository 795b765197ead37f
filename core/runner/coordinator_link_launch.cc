// The part of CoordinatorLink that launches, from Start to a coordinator that runs.
#include <utility>

#include "core/base/times.h"
#include "core/runner/coordinator_link.h"
#include "core/runner/launch_admission.h"

namespace thermos {
namespace {

// How long a launch counts as under way if it has a coordinator whose process does not run yet.
// Until then the coordinator may wait for a pid, and none would be left for it if there were a
// thousand more launches. A launch that takes longer (its directory is on a server that does not
// answer) must not hold up others.
constexpr Microseconds kComesUp = kSecond;

}  // namespace

void CoordinatorLink::start(const link::Event& event) {
  if (state_ == link::State::Queued) {
    // Two stops in one turn called the launch off twice, and each time it was started again.
    starting_ = as<link::Start>(event).start;
  } else {
    begin(as<link::Start>(event).start);
  }
}

void CoordinatorLink::begin(const StartProcess& start) {
  starting_ = start;
  state_ = link::State::Queued;
  add(link::Enqueue{});
}

void CoordinatorLink::admitted(const link::Event& /*event*/) {
  state_ = link::State::Locking;
  add(link::TryLock{});
}

// The coordinator of the run before still holds the lock.
void CoordinatorLink::defer(const link::Event& event) {
  deferred_ = as<link::Start>(event).start;
}

void CoordinatorLink::lock_taken(const link::Event& event) {
  run_ = starting_->run;
  if (as<link::LockTaken>(event).unread) {
    // Never cut off what has not been read, and never start a run that the stream says was started.
    state_ = link::State::Checking;
    add(link::Read{Origin::FoundAtResume});
  } else {
    clone_or_yield();
  }
}

// Whoever holds the lock is the answer: this run's coordinator, or that of the run before.
void CoordinatorLink::lock_busy(const link::Event& /*event*/) {
  starting_.reset();
  add(link::LaunchOver{});
  begin_adopting(false);
}

void CoordinatorLink::lock_failed(const link::Event& event) {
  const auto& failed = as<link::LockFailed>(event);
  fail(failed.retry, failed.shortage, failed.reason);
}

void CoordinatorLink::checked(const link::Event& event) {
  if (as<link::ReadDone>(event).starved) {
    add(link::DropLock{});
    fail(true, Shortage::Other, "cannot read its stream");
  } else {
    clone_or_yield();
  }
}

void CoordinatorLink::clone_or_yield() {
  if (known_.live && known_.run == starting_->run && known_.state == ProcessState::Waiting) {
    state_ = link::State::Handing;
    add(link::Clone{*starting_, ++clones_});
    return;
  }
  // The run was started already, and the runner's stream had lost that: what is on record is the
  // answer.
  add(link::DropLock{});
  add(link::LaunchOver{});
  to_idle();
  if (known_.live && known_.state != ProcessState::Waiting) {
    add(link::TellGone{{process_, known_.run, known_.other_boot}});
  }
}

void CoordinatorLink::handed(const link::Event& /*event*/) {
  state_ = link::State::Sent;
  coordinator_ = {};
  ours_ = false;
}

void CoordinatorLink::hand_failed(const link::Event& event) {
  const auto& failed = as<link::HandFailed>(event);
  fail(failed.retry, failed.shortage, failed.reason);
}

void CoordinatorLink::answered(const link::Event& event) {
  const auto& answer = as<link::Answered>(event);
  if (answer.pid == 0) {
    fail(answer.retry, answer.shortage, answer.reason);
    return;
  }
  launched();
  state_ = link::State::Ours;
  ours_ = true;
  overdue_at_.reset();
  coordinator_.pid = answer.pid;  // its ticks come with FORKED
  add(link::WatchChild{coordinator_, run_, true});
}

// Without inotify, nothing tells that the process runs.
bool CoordinatorLink::came_up() const {
  return !notified_ || !known_.live || known_.run != run_ || known_.state == ProcessState::Running;
}

void CoordinatorLink::launched() {
  starting_.reset();
  if (came_up()) {
    let_go();
  } else {
    let_go_at_ = now_ + kComesUp;
  }
}

void CoordinatorLink::let_go() {
  let_go_at_.reset();
  add(link::LaunchOver{true, Shortage::None, {}});
}

// If the next launch would meet the same shortage, the launch waits here until it may work, and the
// runner is not told. If only this launch may meet it, as a full disk, the runner makes the next
// try.
void CoordinatorLink::fail(bool retry, Shortage shortage, std::string reason) {
  const StartProcess start = *starting_;
  const bool wanted = retry && !unheard_stop_;
  const bool waits = wanted && is_machine_wide(shortage);
  add(link::LaunchOver{false, wanted ? shortage : Shortage::None, reason});
  to_idle();
  if (waits) {
    starting_ = start;
    state_ = link::State::Queued;
    add(link::Enqueue{true});
  } else {
    add(link::TellFailed{{process_, start.run, retry, std::move(reason)}});
  }
}

// The stream and its lock tell what became of the launch.
void CoordinatorLink::server_died(const link::Event& /*event*/) {
  state_ = link::State::Unanswered;
  overdue_at_.reset();
  starting_.reset();
  add(link::LaunchOver{});
  add(link::Read{Origin::Recorded});
}

void CoordinatorLink::unanswered_read(const link::Event& event) {
  if (coordinator_.pid != 0) {
    born();
  } else if (as<link::ReadDone>(event).starved) {
    look_again();
  } else {
    add(link::CloseReader{});
    add(link::AskLock{});
  }
}

// FORKED is as good as the fork server's answer, which can get lost: the server may die, or find no
// memory to send it.
void CoordinatorLink::born() {
  // As long as an answer is expected, the exits of children that nobody knows yet are kept.
  const bool certain = state_ == link::State::Sent;
  if (certain) launched();
  state_ = link::State::Ours;
  ours_ = true;
  overdue_at_.reset();
  close_reader_if_quiet();
  add(link::WatchChild{coordinator_, run_, certain});
}

}  // namespace thermos
