// What a host knows of one process's coordinator, and what it does about it: is the stream's lock
// held, was a coordinator cloned, did it speak, is it gone, may it be signalled, does the next run
// wait for it to be reaped. Events in, effects out, as Runner: it knows no descriptor, no pid of
// its own and no clock. The reactor carries the effects out; so does the simulator.
//
// There is one link for each process, and it lives through all of the process's runs. Who holds the
// lock of the process's stream is a coordinator, or a launch on its way to become one: the lock
// decides, never a pid.
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

// At a resume: the history says that a run of this process is live. `rebooted`: the runner before
// ran under another boot id.
struct Adopt {
  bool rebooted = false;
};

// At a resume: the process has a stream, and the history knows of nothing live. A power cut, or a
// disk that failed and came back, may have taken the end of the runner's stream.
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
};

// A FORKED record was read. Comes before the record itself is given to the runner.
struct Heard {
  std::uint32_t run = 0;
  Identity coordinator;
};

// Answers Read. `starved`: the stream is there and could not be opened for want of something, so
// nothing follows from its silence.
struct ReadDone {
  bool starved = false;
};

// Answers Clone: the launch is with the fork server, or could not be handed to it. The lock is the
// launch's then, or free.
struct Handed {};
struct HandFailed {
  bool retry = false;
  std::string reason;
};

// The fork server's answer to the Clone of this number. `pid` 0: there is no coordinator, and the
// lock is free.
struct Answered {
  std::uint64_t clone = 0;
  std::int32_t pid = 0;
  bool retry = false;
  std::string reason;
};

// The fork server died, and another took its place. What the old one had not answered may have been
// cloned or not.
struct ServerDied {};

// A child that WatchChild asked for has been reaped. May come inside the carrying out of
// WatchChild.
struct ChildGone {
  std::uint32_t run = 0;
};
// Answers a WatchChild that is not `certain`: there is no such child; it was reaped already.
struct NoSuchChild {};

// Answer OpenPidfd. Refused: out of descriptors, or the process is gone.
struct PidfdOpened {};
struct PidfdRefused {};
// The process behind the pidfd has ended.
struct PidfdReady {
  std::uint32_t run = 0;
};

// Answers AskLock. Unknown: there was no descriptor to ask with.
enum class Lock : std::uint8_t { Held, Free, Unknown };
struct LockIs {
  Lock lock = Lock::Unknown;
};

// The stream's file changed or was closed, or events were lost and nobody can say.
struct Changed {};

// The time that Arm asked for has come.
struct Timer {};

// The runner wants the run ended: by SIGTERM, or (`hard`) by force.
struct Stop {
  std::uint32_t run = 0;
  bool hard = false;
};

using Event =
    std::variant<Start, Adopt, LookBeside, LockTaken, LockBusy, LockFailed, Heard, ReadDone, Handed,
                 HandFailed, Answered, ServerDied, ChildGone, NoSuchChild, PidfdOpened,
                 PidfdRefused, PidfdReady, LockIs, Changed, Timer, Stop>;

// ---- effects -----------------------------------------------------------------------------------

// Open the stream, which is made if there is none, and try its lock.
struct TryLock {};
// Close the descriptor that TryLock left open.
struct DropLock {};
// Give the runner every record that was not read yet, each FORKED first as Heard. `origin`: what
// its records are marked with.
struct Read {
  Origin origin = Origin::Recorded;
};
// Close what reading keeps open: there may be tens of thousands.
struct CloseReader {};
// Hand the launch, with the locked descriptor, to the fork server. `number`: of all Clones of this
// link. One run may have several, and a launch that waited while the fork server was dead may be
// answered when the next is under way already.
struct Clone {
  StartProcess start;
  std::uint64_t number = 0;
};
// Say ChildGone when this child is reaped. `certain`: its exit is told, however long ago it was.
// Otherwise it may have been reaped unseen, and NoSuchChild is the answer then.
struct WatchChild {
  std::int32_t pid = 0;
  std::uint32_t run = 0;
  bool certain = false;
};
struct OpenPidfd {
  Identity coordinator;
  std::uint32_t run = 0;
};
struct ClosePidfd {};
struct AskLock {};
// Send Timer at this boot time; replaces the earlier one. Nothing: no timer.
struct Arm {
  std::optional<Microseconds> at;
};
enum class Signal : std::uint8_t {
  Terminate,  // SIGTERM, which the coordinator passes on
  Force,      // end the whole tree, and record it; one that somebody stopped must first go on
  Kill,       // SIGKILL: it did not do it in time
};
struct Send {
  Identity coordinator;
  Signal signal = Signal::Terminate;
};
// The fork server holds a launch up: kill it, so that another takes its place.
struct ReplaceServer {};
// The run's coordinator is gone, so its control group can go.
struct RemoveGroup {
  std::uint32_t run = 0;
};
// For the runner.
struct TellGone {
  CoordinatorGone gone;
};
struct TellFailed {
  LaunchFailed failed;
};
struct TellCancelled {
  LaunchCancelled cancelled;
};
// For the log: a launch under way when the machine went down starts again.
struct WarnRestarted {
  std::uint32_t run = 0;
};
// The stream can't be read, and nobody is left who could say more; or (`event` not empty) an event
// came that can't come. Stop this task and keep what is recorded.
struct Refuse {
  std::string event;
};

using Effect = std::variant<TryLock, DropLock, Read, CloseReader, Clone, WatchChild, OpenPidfd,
                            ClosePidfd, AskLock, Arm, Send, ReplaceServer, RemoveGroup, TellGone,
                            TellFailed, TellCancelled, WarnRestarted, Refuse>;

// ---- the machine -------------------------------------------------------------------------------

enum class State : std::uint8_t {
  Idle,        // nobody
  Locking,     // TryLock was asked
  Checking,    // we hold the lock, and read first what the stream already says
  Handing,     // Clone was asked
  Sent,        // with the fork server, and not heard of since
  Unanswered,  // the fork server died with it: cloned without an answer, or never
  Ours,        // our child: its end comes by SIGCHLD
  Beside,      // reading a stream of which the history knows nothing live
  Adopting,    // reading what a coordinator wrote that another runner started
  Found,       // somebody holds the lock, and only the lock tells of the end
  Watched,     // as Found, but a pidfd tells
  Leaving,     // gone; its last words could not be read yet
};
inline constexpr std::size_t kStates = 12;
std::string_view name_of(State state);

}  // namespace link

class CoordinatorLink {
 public:
  // What is on record of the process at this moment: of its last run, when there was one.
  struct Known {
    bool live = false;
    std::uint32_t run = 0;
    ProcessState state = ProcessState::Waiting;
    Identity coordinator;     // pid 0: it was never FORKED
    bool other_boot = false;  // it was FORKED under another boot id
  };

  // `notified`: the host hears of every change to the stream (inotify). Without, the machine looks
  // by itself where nothing else would tell.
  CoordinatorLink(ProcessIndex process, bool notified) : process_(process), notified_(notified) {}

  // Takes one event. The effects must be carried out in their order. Those that have an answer
  // (TryLock, Read, Clone, WatchChild, OpenPidfd, AskLock) are answered by an event before anything
  // else is told; such an effect is the last one of its list. `known` is what is on record now, and
  // `now` the boot time. Events of runs that are over are ignored.
  std::vector<link::Effect> handle(const link::Event& event, const Known& known, Microseconds now);

  link::State state() const { return state_; }
  bool idle() const { return state_ == link::State::Idle; }
  std::uint32_t run() const { return run_; }
  // pid 0: not known. ticks 0: it has not spoken yet.
  const Identity& coordinator() const { return coordinator_; }
  bool is_our_child() const { return ours_; }

 private:
  struct Table;
  using Handler = void (CoordinatorLink::*)(const link::Event&);

  bool is_stale(const link::Event& event) const;
  // One for each way an event can be taken; link::Table says which state takes which how.
  void ignore(const link::Event& event);
  void start(const link::Event& event);
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
  void stop(const link::Event& event);

  void begin(const StartProcess& start);
  void begin_adopting(bool rebooted);
  void take_over(bool starved);
  bool is_of_another_boot() const;
  void clone_or_yield();
  void born();
  void gone();
  void read_last_words();
  void fail(bool retry, std::string reason);
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
  bool ours_ = false;          // our child, as far as the sweep of what it left is concerned
  bool rebooted_ = false;      // in Adopting and Beside
  bool unheard_stop_ = false;  // the run is to end, and its coordinator has not spoken
  std::uint64_t clones_ = 0;   // so far
  std::optional<StartProcess> starting_;  // in Locking, Checking and Handing
  std::optional<StartProcess> deferred_;  // the next run, until this coordinator is reaped
  std::uint32_t looks_ = 0;               // one after the other, without news
  std::optional<Microseconds> look_at_;
  std::optional<Microseconds> force_at_;    // when an end by force has not come: SIGKILL
  std::optional<Microseconds> overdue_at_;  // of a launch that is to end by force and isn't there
  std::optional<Microseconds> armed_;

  std::vector<link::Effect> effects_;
  CoordinatorLink::Known known_;
  Microseconds now_ = 0;
};

}  // namespace thermos
