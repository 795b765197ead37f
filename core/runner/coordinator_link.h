// The state machine of one process's coordinator, as its host knows it: whether the stream's lock
// is held, a coordinator was cloned, it has written a record, it is gone, it may be signalled, and
// the next run must wait until it is reaped. It takes events and returns effects, like Runner, and
// knows no descriptor, no pid of its own and no clock. The reactor and the simulator carry the
// effects out.
//
// There is one link for each process, for all of the process's runs. Whoever holds the lock of the
// process's stream is its coordinator, or a launch that will become one. The lock, never a pid,
// decides that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/record/record.h"
#include "core/runner/runner.h"
#include "core/task/task.h"

namespace thermos {

namespace link {

// ---- events ------------------------------------------------------------------------------------

// The runner wants this run started.
struct Start {
  StartProcess start;
};

// Answers Enqueue, at once or later: the launch may go on.
struct Admitted {};

// At a resume: the history has a live run of this process. `rebooted`: the previous runner ran
// under another boot id.
struct Adopt {
  bool rebooted = false;
};

// At a resume: the process has a stream, but no live run in the history. A power cut, or a disk
// that failed and came back, may have taken the end of the runner's stream.
struct LookBeside {
  bool rebooted = false;
};

// Answers TryLock. Taken: the executor keeps the locked descriptor until Clone or DropLock.
// `unread`: the stream holds more than was read of it.
struct LockTaken {
  bool unread = false;
};
struct LockBusy {};
struct LockFailed {
  bool retry = false;  // the machine is short of something
  std::string reason;
  Shortage shortage = Shortage::Other;  // of what, if `retry`
};

// A FORKED record was read. It comes before the runner is given the record.
struct Heard {
  std::uint32_t run = 0;
  Identity coordinator;
};

// Answers Read. `starved`: the stream exists and could not be opened because the machine was short
// of something, so that nothing follows from finding no record.
struct ReadDone {
  bool starved = false;
};

// Answer Clone. Handed: the fork server has the launch, and the lock with it. HandFailed: the
// launch could not be handed over, and the lock is free.
struct Handed {};
struct HandFailed {
  bool retry = false;
  std::string reason;
  Shortage shortage = Shortage::Other;
};

// The fork server's answer to the Clone of this number. `pid` 0: there is no coordinator, and the
// lock is free.
struct Answered {
  std::uint64_t clone = 0;
  std::int32_t pid = 0;
  bool retry = false;
  std::string reason;
  Shortage shortage = Shortage::Other;
};

// The fork server died, and another took its place. A launch that the old one had not answered
// may have been cloned or not.
struct ServerDied {};

// The child of WatchChild has been reaped. May come while WatchChild is being carried out.
struct ChildGone {
  std::uint32_t run = 0;
};
// Answers a WatchChild that is not `certain`: there is no such child, because it was reaped
// already.
struct NoSuchChild {};

// Answer OpenPidfd. Refused: no descriptor was free, or the process is gone.
struct PidfdOpened {};
struct PidfdRefused {};
// The process behind the pidfd has ended.
struct PidfdReady {
  std::uint32_t run = 0;
};

// Answers AskLock. Unknown: no descriptor was free to query the lock with.
enum class Lock : std::uint8_t { Held, Free, Unknown };
struct LockIs {
  Lock lock = Lock::Unknown;
};

// The stream's file was written or closed, or inotify lost events.
struct Changed {};

// The time of Arm has come.
struct Timer {};

// The runner wants the run ended: by the process's stop signal, by `signal` where that is not 0, or
// by force if `hard`.
struct Stop {
  std::uint32_t run = 0;
  bool hard = false;
  std::uint8_t signal = 0;
};

using Event =
    std::variant<Start, Admitted, Adopt, LookBeside, LockTaken, LockBusy, LockFailed, Heard,
                 ReadDone, Handed, HandFailed, Answered, ServerDied, ChildGone, NoSuchChild,
                 PidfdOpened, PidfdRefused, PidfdReady, LockIs, Changed, Timer, Stop>;

// REQUIRES: the event is a T.
template <typename T>
const T& as(const Event& event) {
  return *std::get_if<T>(&event);
}

// ---- effects -----------------------------------------------------------------------------------

// The launch waits for Admitted (core/runner/launch_admission.h). `again`: it was under way
// already, and goes before the others of its task.
struct Enqueue {
  bool again = false;
};
// The launch is no longer wanted and stops waiting.
struct Dequeue {};
// An admitted launch is no longer under way. `worked`: the process runs, or has ended, or takes too
// long to be waited for. Otherwise the machine was short of `shortage`, or (None) the outcome says
// nothing about other launches.
struct LaunchOver {
  bool worked = false;
  Shortage shortage = Shortage::None;
  std::string reason;
};
// Open the stream, create it if there is none, and try to take its lock.
struct TryLock {};
// Close the descriptor that TryLock left open.
struct DropLock {};
// Give the runner every record that was not read yet; give this link a Heard before each FORKED.
// `origin` is set in the records.
struct Read {
  Origin origin = Origin::Recorded;
};
// Close the descriptor that Read keeps open: there may be tens of thousands of links.
struct CloseReader {};
// Hand the launch, with the locked descriptor, to the fork server. `number` counts the Clones of
// this link: one run may have several, and the answer to a launch that waited while the fork server
// was dead may come when the next one is under way.
struct Clone {
  StartProcess start;
  std::uint64_t number = 0;
};
// Send ChildGone when this child is reaped. `certain`: its exit will be reported, however long ago
// it was. Otherwise the child may have been reaped unnoticed, or another child may have its pid by
// now (with other start ticks): then the answer is NoSuchChild. If the ticks are 0, they are not
// known, and the pid means the latest child that had it.
struct WatchChild {
  Identity child;
  std::uint32_t run = 0;
  bool certain = false;
};
struct OpenPidfd {
  Identity coordinator;
  std::uint32_t run = 0;
};
struct ClosePidfd {};
struct AskLock {};
// Send Timer at this boot time (microseconds). It replaces the earlier timer; empty: no timer.
struct Arm {
  std::optional<Microseconds> at;
};
enum class Signal : std::uint8_t {
  Terminate,  // SIGTERM, for which the coordinator sends a signal to the process group
  Force,  // SIGUSR1: the coordinator ends the whole tree and records it. SIGCONT, if it was stopped
  Kill,   // SIGKILL: the coordinator did not end the run in time
};
struct Send {
  Identity coordinator;
  Signal signal = Signal::Terminate;
  // Terminate: what the coordinator is to send; 0: the process's stop signal.
  std::uint8_t instead = 0;
};
// The fork server does not answer a launch: kill it, so that another takes its place.
struct ReplaceServer {};
// The run's coordinator is gone: remove its control group.
struct RemoveGroup {
  std::uint32_t run = 0;
};
// Give this event to the runner.
struct TellGone {
  CoordinatorGone gone;
};
struct TellFailed {
  LaunchFailed failed;
};
struct TellCancelled {
  LaunchCancelled cancelled;
};
// Log that the machine went down during a launch, and that the run starts again.
struct WarnRestarted {
  std::uint32_t run = 0;
};
// Stop leading this task, and keep what is recorded: the stream can't be read and its coordinator
// is gone, or (`event` not empty) an impossible event came.
struct Refuse {
  std::string event;
};

using Effect =
    std::variant<Enqueue, Dequeue, LaunchOver, TryLock, DropLock, Read, CloseReader, Clone,
                 WatchChild, OpenPidfd, ClosePidfd, AskLock, Arm, Send, ReplaceServer, RemoveGroup,
                 TellGone, TellFailed, TellCancelled, WarnRestarted, Refuse>;

// ---- the machine -------------------------------------------------------------------------------

enum class State : std::uint8_t {
  Idle,        // there is no coordinator
  Queued,      // a launch waits for Admitted
  Locking,     // TryLock is not answered yet
  Checking,    // we hold the lock, and read the stream before launching
  Handing,     // Clone is not answered yet
  Sent,        // the fork server has the launch, and has not answered
  Unanswered,  // the fork server died with the launch: it was cloned without an answer, or never
  Ours,        // the coordinator is our child: SIGCHLD tells when it ends
  Beside,      // reading a stream for which the history has no live run
  Adopting,    // reading the stream of a coordinator that an earlier runner started
  Found,       // a process holds the lock, and only the lock tells when it ends
  Watched,     // as Found, but a pidfd tells when it ends
  Leaving,     // the coordinator is gone; its last records could not be read yet
};
inline constexpr std::size_t kStates = 13;
std::string_view name_of(State state);

}  // namespace link

class CoordinatorLink {
 public:
  // The record of the process at this moment: its last run, if there was one.
  struct Known {
    bool live = false;
    std::uint32_t run = 0;
    ProcessState state = ProcessState::Waiting;
    Identity coordinator;     // pid 0: it was never FORKED
    bool other_boot = false;  // it was FORKED under another boot id
    bool scarce = false;      // descriptors are scarce: none is kept for the next reading
  };

  // `notified`: the host gets an event for every change to the stream (inotify). Without that, the
  // link reads the stream by timer if no other event would come.
  CoordinatorLink(ProcessIndex process, bool notified) : process_(process), notified_(notified) {}

  // Takes one event. Returns effects, to be carried out in their order. An effect that has an
  // answer (TryLock, Read, Clone, WatchChild, OpenPidfd, AskLock) is the last one of its list, and
  // its answer must be the next event. `known` is the record at this moment, `now` the boot time in
  // microseconds. Events of runs that have ended are ignored.
  std::vector<link::Effect> handle(const link::Event& event, const Known& known, Microseconds now);

  link::State state() const { return state_; }
  bool idle() const { return state_ == link::State::Idle; }
  std::uint32_t run() const { return run_; }
  // pid 0: it is not known. ticks 0: the coordinator has not written a record yet.
  const Identity& coordinator() const { return coordinator_; }
  bool is_our_child() const { return ours_; }

 private:
  struct Table;
  using Handler = void (CoordinatorLink::*)(const link::Event&);

  bool is_stale(const link::Event& event) const;
  // One function for each way to handle an event; link::Table has the handler for each state and
  // event.
  void ignore(const link::Event& event);
  void start(const link::Event& event);
  void admitted(const link::Event& event);
  void defer(const link::Event& event);
  void adopt(const link::Event& event);
  void look_beside(const link::Event& event);
  void lock_taken(const link::Event& event);
  void lock_busy(const link::Event& event);
  void lock_failed(const link::Event& event);
  void heard(const link::Event& event);
  void checked(const link::Event& event);
  void handed(const link::Event& event);
  void hand_failed(const link::Event& event);
  void answered(const link::Event& event);
  void server_died(const link::Event& event);
  void child_gone(const link::Event& event);
  void pidfd_opened(const link::Event& event);
  void pidfd_refused(const link::Event& event);
  void pidfd_ready(const link::Event& event);
  void lock_is(const link::Event& event);
  void changed(const link::Event& event);
  void news_read(const link::Event& event);
  void unanswered_read(const link::Event& event);
  void found_read(const link::Event& event);
  void beside_read(const link::Event& event);
  void adopted_read(const link::Event& event);
  void last_words_read(const link::Event& event);
  void timer(const link::Event& event);
  void cancel(const link::Event& event);
  void cancel_queued(const link::Event& event);
  void stop(const link::Event& event);

  void begin(const StartProcess& start);
  void begin_adopting(bool rebooted);
  void take_over(bool starved);
  bool is_of_another_boot() const;
  void clone_or_yield();
  bool came_up() const;
  void launched();
  void let_go();
  void born();
  void gone();
  bool ended() const;
  void read_last_words();
  void fail(bool retry, Shortage shortage, std::string reason);
  void close_reader_if_quiet();
  void look_again();
  void set_timer();
  void to_idle();

  template <typename T>
  void add(T effect) {
    effects_.emplace_back(std::move(effect));
  }

  ProcessIndex process_;
  bool notified_;
  link::State state_ = link::State::Idle;
  std::uint32_t run_ = 0;
  Identity coordinator_;
  bool ours_ = false;      // the coordinator is our child, so a sweep finds its orphans among ours
  bool rebooted_ = false;  // in Adopting and Beside: the event's `rebooted`
  bool unheard_stop_ = false;  // the run is to end, and its coordinator has written no record
  std::uint64_t clones_ = 0;   // how many so far
  std::optional<StartProcess> starting_;  // from Queued to Sent
  std::optional<StartProcess> deferred_;  // the next run, until this coordinator is reaped
  std::uint32_t looks_ = 0;               // how many in a row found nothing new
  std::optional<Microseconds> look_at_;
  std::optional<Microseconds> force_at_;    // when SIGKILL follows if the end by force has not come
  std::optional<Microseconds> overdue_at_;  // when a launch that is to end by force is overdue
  std::optional<Microseconds> let_go_at_;   // until when, at most, the launch counts as under way
  std::optional<Microseconds> armed_;

  std::vector<link::Effect> effects_;
  CoordinatorLink::Known known_;
  Microseconds now_ = 0;
};

}  // namespace thermos
