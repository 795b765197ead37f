#include "core/runner/coordinator_link.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "core/base/times.h"

namespace thermos {
namespace {

// From asking for an end by force to killing the coordinator that does not carry it out.
constexpr Microseconds kPatience = 5 * kSecond;

// Between two looks at what no event tells: that a descriptor is free again; anything at all, where
// there is no inotify; and whether a lock is still held, without a pidfd of its holder. For a lock,
// only the close of the file would tell. The kernel reports that (fsnotify_close in __fput) before
// it gives the lock back, and perhaps before we listened; and it does not report the close of a
// holder that never writes (flock(1)).
constexpr Microseconds kFirstLook = kSecond / 100;
constexpr Microseconds kLastLook = 2 * kSecond;

constexpr std::array<std::string_view, link::kStates> kStateNames = {
    "Idle", "Queued", "Locking",  "Checking", "Handing", "Sent",   "Unanswered",
    "Ours", "Beside", "Adopting", "Found",    "Watched", "Leaving"};

constexpr std::size_t kEvents = std::variant_size_v<link::Event>;
constexpr std::array<std::string_view, kEvents> kEventNames = {
    "Start",      "Admitted",  "Adopt",       "LookBeside",  "LockTaken",    "LockBusy",
    "LockFailed", "Heard",     "ReadDone",    "Handed",      "HandFailed",   "Answered",
    "ServerDied", "ChildGone", "NoSuchChild", "PidfdOpened", "PidfdRefused", "PidfdReady",
    "LockIs",     "Changed",   "Timer",       "Stop"};

// Where an alternative stands in link::Event.
template <typename T, std::size_t I = 0>
constexpr std::size_t index_of() {
  if constexpr (std::is_same_v<T, std::variant_alternative_t<I, link::Event>>) {
    return I;
  } else {
    return index_of<T, I + 1>();
  }
}

}  // namespace

std::string_view link::name_of(link::State state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

// Which state takes which event, and how. A pair that is not here can't happen.
struct CoordinatorLink::Table {
  using Link = CoordinatorLink;
  using S = link::State;
  using Dense = std::array<std::array<Handler, kEvents>, link::kStates>;

  template <typename T>
  static constexpr void row(Dense& dense, link::State state, Handler take) {
    dense[static_cast<std::size_t>(state)][index_of<T>()] = take;
  }

  static constexpr Dense make() {
    // This stands only here, because other state machines have events of the same names.
    using namespace link;  // NOLINT(google-build-using-namespace)
    Dense t{};
    row<Start>(t, S::Idle, &Link::start);
    row<Adopt>(t, S::Idle, &Link::adopt);
    row<LookBeside>(t, S::Idle, &Link::look_beside);
    row<Changed>(t, S::Idle, &Link::ignore);
    row<Stop>(t, S::Idle, &Link::cancel);

    row<Start>(t, S::Queued, &Link::start);
    row<Admitted>(t, S::Queued, &Link::admitted);
    row<Changed>(t, S::Queued, &Link::ignore);
    row<Stop>(t, S::Queued, &Link::cancel_queued);

    row<LockTaken>(t, S::Locking, &Link::lock_taken);
    row<LockBusy>(t, S::Locking, &Link::lock_busy);
    row<LockFailed>(t, S::Locking, &Link::lock_failed);

    row<Heard>(t, S::Checking, &Link::heard);
    row<ReadDone>(t, S::Checking, &Link::checked);

    row<Handed>(t, S::Handing, &Link::handed);
    row<HandFailed>(t, S::Handing, &Link::hand_failed);

    row<Start>(t, S::Sent, &Link::defer);
    row<Answered>(t, S::Sent, &Link::answered);
    row<ServerDied>(t, S::Sent, &Link::server_died);
    row<Changed>(t, S::Sent, &Link::changed);
    row<Heard>(t, S::Sent, &Link::heard);
    row<ReadDone>(t, S::Sent, &Link::news_read);
    row<Timer>(t, S::Sent, &Link::timer);
    row<Stop>(t, S::Sent, &Link::stop);

    row<Start>(t, S::Unanswered, &Link::defer);
    row<Changed>(t, S::Unanswered, &Link::changed);
    row<Heard>(t, S::Unanswered, &Link::heard);
    row<ReadDone>(t, S::Unanswered, &Link::unanswered_read);
    row<LockIs>(t, S::Unanswered, &Link::lock_is);
    row<Timer>(t, S::Unanswered, &Link::timer);
    row<Stop>(t, S::Unanswered, &Link::stop);

    row<Start>(t, S::Ours, &Link::defer);
    row<Answered>(t, S::Ours, &Link::ignore);  // FORKED came first
    row<ChildGone>(t, S::Ours, &Link::child_gone);
    row<NoSuchChild>(t, S::Ours, &Link::child_gone);
    row<Changed>(t, S::Ours, &Link::changed);
    row<Heard>(t, S::Ours, &Link::heard);
    row<ReadDone>(t, S::Ours, &Link::news_read);
    row<Timer>(t, S::Ours, &Link::timer);
    row<Stop>(t, S::Ours, &Link::stop);

    row<Heard>(t, S::Beside, &Link::heard);
    row<ReadDone>(t, S::Beside, &Link::beside_read);

    row<Heard>(t, S::Adopting, &Link::heard);
    row<ReadDone>(t, S::Adopting, &Link::adopted_read);

    row<Start>(t, S::Found, &Link::defer);
    row<PidfdOpened>(t, S::Found, &Link::pidfd_opened);
    row<PidfdRefused>(t, S::Found, &Link::pidfd_refused);
    row<LockIs>(t, S::Found, &Link::lock_is);
    row<Changed>(t, S::Found, &Link::changed);
    row<Heard>(t, S::Found, &Link::heard);
    row<ReadDone>(t, S::Found, &Link::found_read);
    row<Timer>(t, S::Found, &Link::timer);
    row<Stop>(t, S::Found, &Link::stop);

    row<Start>(t, S::Watched, &Link::defer);
    row<PidfdReady>(t, S::Watched, &Link::pidfd_ready);
    row<Changed>(t, S::Watched, &Link::changed);
    row<Heard>(t, S::Watched, &Link::heard);
    row<ReadDone>(t, S::Watched, &Link::news_read);
    row<Timer>(t, S::Watched, &Link::timer);
    row<Stop>(t, S::Watched, &Link::stop);

    row<Start>(t, S::Leaving, &Link::defer);
    row<Changed>(t, S::Leaving, &Link::ignore);  // the rest of the stream is read in a moment
    row<Heard>(t, S::Leaving, &Link::heard);
    row<ReadDone>(t, S::Leaving, &Link::last_words_read);
    row<Timer>(t, S::Leaving, &Link::timer);
    row<Stop>(t, S::Leaving, &Link::stop);
    return t;
  }
};

std::vector<link::Effect> CoordinatorLink::handle(const link::Event& event, const Known& known,
                                                  Microseconds now) {
  static constexpr Table::Dense kTable = Table::make();
  known_ = known;
  now_ = now;
  effects_.clear();
  if (!is_stale(event)) {
    const Handler take = kTable[static_cast<std::size_t>(state_)][event.index()];
    if (take != nullptr) {
      (this->*take)(event);  // GCOVR_EXCL_BR_LINE: no handler is virtual
    } else {
      add(link::Refuse{std::string(kEventNames[event.index()]) + " while " +
                       std::string(name_of(state_))});
    }
    set_timer();
  }
  return std::move(effects_);
}

// Returns whether the event is about a run that is over: it was told to all links, or was on its
// way.
bool CoordinatorLink::is_stale(const link::Event& event) const {
  if (const auto* answered = std::get_if<link::Answered>(&event)) {
    return answered->clone != clones_ ||
           (state_ != link::State::Sent && state_ != link::State::Ours);
  }
  if (const auto* child = std::get_if<link::ChildGone>(&event)) {
    return child->run != run_ || state_ != link::State::Ours;
  }
  if (const auto* pidfd = std::get_if<link::PidfdReady>(&event)) {
    return pidfd->run != run_ || state_ != link::State::Watched;
  }
  return std::holds_alternative<link::ServerDied>(event) && state_ != link::State::Sent;
}

void CoordinatorLink::ignore(const link::Event& /*event*/) {}

// ---- reading -----------------------------------------------------------------------------------

void CoordinatorLink::changed(const link::Event& /*event*/) {
  looks_ = 0;
  look_at_.reset();  // this is the look, and what it finds may need no other
  // If the coordinator's exit will be reported, it is no news that it closed its stream.
  if (ended() && (state_ == link::State::Ours || state_ == link::State::Watched)) return;
  add(link::Read{Origin::Recorded});
}

// Returns whether the run's end is on record; the coordinator writes nothing behind that.
bool CoordinatorLink::ended() const {
  return !known_.live && known_.run == run_;
}

void CoordinatorLink::heard(const link::Event& event) {
  const auto& news = as<link::Heard>(event);
  // The run may be later than the one we know of: then the runner's stream has lost its end.
  if (news.run < run_) return;
  run_ = news.run;
  coordinator_ = news.coordinator;
  unheard_stop_ = false;  // the runner asks again, now that there is somebody to hear it
}

void CoordinatorLink::news_read(const link::Event& event) {
  if (state_ == link::State::Sent && coordinator_.pid != 0) {
    born();
  } else if (as<link::ReadDone>(event).starved) {
    look_again();
  } else {
    if (let_go_at_ && came_up()) let_go();
    close_reader_if_quiet();
    if (unheard_stop_ && !notified_) look_again();
  }
}

// A process that runs has no further record before its end, and ten thousand descriptors kept for
// such processes may be more than we have.
void CoordinatorLink::close_reader_if_quiet() {
  if (!known_.live || known_.state == ProcessState::Running || known_.scarce) {
    add(link::CloseReader{});
  }
}

// ---- the end -----------------------------------------------------------------------------------

void CoordinatorLink::child_gone(const link::Event& /*event*/) {
  gone();
}

void CoordinatorLink::pidfd_ready(const link::Event& /*event*/) {
  add(link::ClosePidfd{});  // before the reading, which may need the descriptor's place
  gone();
}

void CoordinatorLink::gone() {
  if (let_go_at_) let_go();
  state_ = link::State::Leaving;
  look_at_.reset();
  force_at_.reset();
  overdue_at_.reset();
  looks_ = 0;
  if (ended()) {
    last_words_read(link::ReadDone{});
  } else {
    read_last_words();
  }
}

// Reads what the coordinator wrote last: all of it is there by now.
void CoordinatorLink::read_last_words() {
  add(link::Read{ours_ ? Origin::Recorded : Origin::FoundAtResume});
}

void CoordinatorLink::last_words_read(const link::Event& event) {
  if (as<link::ReadDone>(event).starved) {
    look_again();
    return;
  }
  add(link::CloseReader{});
  add(link::RemoveGroup{run_});
  add(link::TellGone{{process_, run_, is_of_another_boot()}});
  const auto next = std::exchange(deferred_, std::nullopt);
  to_idle();
  // The next run begins here and not at the end of the turn: a Stop that stands before it there
  // would find no launch, and the run would begin after the runner had called it off.
  if (next) begin(*next);
}

void CoordinatorLink::cancel(const link::Event& event) {
  add(link::TellCancelled{{process_, as<link::Stop>(event).run}});
}

void CoordinatorLink::cancel_queued(const link::Event& event) {
  if (as<link::Stop>(event).run != starting_->run) return;
  add(link::Dequeue{});
  to_idle();
  cancel(event);
}

void CoordinatorLink::stop(const link::Event& event) {
  const auto& wanted = as<link::Stop>(event);
  if (deferred_ && deferred_->run == wanted.run) {
    deferred_.reset();
    cancel(event);
    return;
  }
  if (run_ != wanted.run || state_ == link::State::Leaving) return;
  if (coordinator_.ticks == 0) {
    // The runner asks again when the run's FORKED is read. A fork server that somebody stopped may
    // hold that up, and with it the end of the task.
    unheard_stop_ = true;
    if (wanted.hard && state_ == link::State::Sent && !overdue_at_) overdue_at_ = now_ + kPatience;
    if (!notified_ && !look_at_) look_again();
    return;
  }
  // The pid of another boot means nothing here: the link waits for the end of that coordinator.
  if (is_of_another_boot()) return;
  if (wanted.hard) {
    add(link::Send{coordinator_, link::Signal::Force});
  } else {
    add(link::Send{coordinator_, link::Signal::Terminate, wanted.signal});
  }
  if (wanted.hard && !force_at_) force_at_ = now_ + kPatience;
}

// ---- time --------------------------------------------------------------------------------------

void CoordinatorLink::timer(const link::Event& /*event*/) {
  armed_.reset();
  if (let_go_at_ && *let_go_at_ <= now_) let_go();
  if (overdue_at_ && *overdue_at_ <= now_) {
    overdue_at_ = now_ + kPatience;
    add(link::ReplaceServer{});
  }
  if (force_at_ && *force_at_ <= now_) {
    force_at_.reset();
    if (known_.live && known_.run == run_) add(link::Send{coordinator_, link::Signal::Kill});
  }
  if (look_at_ && *look_at_ <= now_) {
    look_at_.reset();
    if (state_ == link::State::Leaving) {
      read_last_words();
    } else {
      add(link::Read{Origin::Recorded});
    }
  }
}

void CoordinatorLink::look_again() {
  Microseconds wait = kFirstLook;
  for (std::uint32_t i = 0; i < looks_ && wait < kLastLook; ++i) wait *= 2;
  ++looks_;
  look_at_ = now_ + std::min(wait, kLastLook);
}

void CoordinatorLink::set_timer() {
  std::optional<Microseconds> at;
  for (const auto& other : {look_at_, force_at_, overdue_at_, let_go_at_}) {
    if (other && (!at || *other < *at)) at = other;
  }
  if (at == armed_) return;
  armed_ = at;
  // Arm is the first effect, because an effect that has an answer must stay the last.
  effects_.insert(effects_.begin(), link::Arm{at});
}

void CoordinatorLink::to_idle() {
  state_ = link::State::Idle;
  starting_.reset();
  deferred_.reset();
  unheard_stop_ = false;
  looks_ = 0;
  look_at_.reset();
  force_at_.reset();
  overdue_at_.reset();
}

}  // namespace thermos
