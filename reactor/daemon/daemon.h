// Many tasks on one loop: the same host as `thermos run` has, many times, and who may do what to
// which.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "capnp/control.h"
#include "core/record/paths.h"
#include "reactor/daemon/event_log.h"
#include "reactor/daemon/past_events.h"
#include "reactor/daemon/settings.h"
#include "reactor/daemon/task_index.h"
#include "reactor/daemon/task_summary_cache.h"
#include "reactor/host/reactor.h"
#include "reactor/host/task_host.h"
#include "reactor/host/task_setup.h"
#include "reactor/store/task_list.h"

namespace thermos {

// Who asks: from the socket's credentials, never from the message.
struct Caller {
  std::uint32_t uid = 0;
  std::int32_t pid = 0;
  bool is_root() const { return uid == 0; }
};

class Daemon {
 public:
  Daemon(Reactor& reactor, Paths paths, Settings settings);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // What comes from now on goes by these.
  void use(const Settings& settings) { settings_ = settings; }
  const Settings& settings() const { return settings_; }

  // Leads every active task of the root that nobody leads. One that can't be resumed, or whose
  // files are another user's, is left as it is, logged, and stops no other.
  void resume_all();

  // ---- requests (daemon_requests.cc) ----
  // Each is refused (NotPermitted) to who may not: see capnp/CONTROL.md.

  // Makes a task and leads it. `made` is called when it is on the disk (at the end of a turn), or
  // with why it will never be; not at all after an error here. The same submission again, while the
  // task is active, is accepted and makes nothing: its client may have lost us before it was
  // answered.
  Status submit(const control::Submit& submit, const Caller& caller,
                std::function<void(const Status&)> made);

  // Asks tasks of this daemon to end: those of `ids` that it leads, which match and which the
  // caller may kill. Returns them; NotFound when there are none.
  Result<std::vector<std::string>> kill(const control::AskKill& kill, const Caller& caller,
                                        const std::vector<std::string>& ids);

  // Orders one process about. `done` is called when the order is on the disk and the run that it
  // ends has ended; with an error if that will not be seen here.
  Status order(const control::AskOrder& order, const Caller& caller,
               std::function<void(const Status&)> done);

  // Kills every task, takes no new ones, and calls on_drained when none is left. Returns the ids.
  Result<std::vector<std::string>> drain(const control::AskDrain& drain, const Caller& caller);

  // Calls back once when the task ends, at once if it has ended. NotFound. The key
  // (0: it has called back) takes it back.
  using WaitKey = std::uint64_t;
  Result<WaitKey> when_ended(const std::string& task_id, const Caller& caller,
                             std::function<void(const std::string& state)> ended);
  void wait_no_more(const std::string& task_id, WaitKey key);

  // ---- what there is (daemon_view.cc) ----
  // Each of these is a small step; what asks about many tasks takes many (task_walk.h).

  // To who may not see a task there is none, in every answer.
  bool may_see(const std::string& task_id, const Caller& caller);
  TaskIndex& index() { return index_; }
  const Paths& paths() const { return paths_; }
  // The state's name; "?" of one that can't be read.
  std::string state_of(const std::string& task_id);
  // How many active tasks of theirs there are.
  std::size_t active_of(const Caller& caller) const;
  // All active ones that they may see, at one moment.
  std::vector<control::TaskEntry> active_tasks(const Caller& caller);

  // One task as `status --json` prints it; of one that is not led, or can't be read, with its
  // error.
  std::string status_json(const std::string& task_id) const;

  Result<std::shared_ptr<const TaskPatterns>> compile(const std::vector<std::string>& patterns,
                                                      const Caller& caller);

  // ---- events ----

  // Called when there is news that lasts: events() of tasks of these users.
  std::function<void(const std::set<std::uint32_t>& owners)> on_events;
  // Calls back when this turn's events have been told, and none of the next turn's: then all that
  // has a position lasts.
  void at_turn_end(std::function<void()> call);
  // All that lasts has a position up to this one.
  std::uint64_t told_position() const { return told_; }
  // Those that are still in memory.
  const EventLog& events() const { return events_; }
  // Where to find a task's older ones, if there are any behind `position`.
  std::optional<PastEvents::Source> stream_behind(const std::string& task_id,
                                                  std::uint64_t position);

  std::size_t active() const { return tasks_.size(); }
  // Called whenever active() changes.
  std::function<void()> on_change;
  // Called once when all is drained.
  std::function<void()> on_drained;

 private:
  class Hosted;
  using Ended = std::function<void(const std::string& state)>;

  void resume(const std::string& id, int tries = 0);
  Result<Hosted*> host(const TaskSetup& place, std::uint32_t owner);
  bool only_asked_about(const std::string& id, const Error& why) const;
  void in_a_moment(int tries, std::function<void()> call);
  void publish();
  void ended(Hosted* task, const Result<TaskState>& result);
  void remember(Hosted& task, TaskState state);
  void leave(const std::string& id, const Error& why);
  void leave_for_now(const std::string& id, const Error& why);
  void finish_draining();

  Status try_submit(const control::Submit& submit, const Caller& caller,
                    std::function<void(const Status&)> made, int tries);
  Status may_submit(const control::Submit& submit, const Caller& caller) const;
  Status has_room_for(const Caller& caller) const;
  static std::string first_difference(const TaskSetup& one, const TaskSetup& other);
  Status submit_again(const TaskSetup& place, const Caller& caller,
                      std::function<void(const Status&)> made);
  bool was_begun(const std::string& task_id);
  Status place_for(const control::Submit& submit, const Caller& caller, TaskSetup& place,
                   FileOwner& owner) const;
  Result<Hosted*> find_led(const std::string& task_id, const Caller& caller);
  std::uint32_t owner_of(const std::string& task_id);

  Reactor& reactor_;
  Paths paths_;
  Settings settings_;
  EventLog events_;
  std::uint64_t told_ = 0;
  TaskSummaryCache summaries_;
  TaskIndex index_;
  std::map<std::string, std::unique_ptr<Hosted>, std::less<>> tasks_;
  std::map<std::uint32_t, std::size_t> owned_;            // active tasks, a user
  std::map<std::string, std::string, std::less<>> left_;  // active tasks not led, and why
  std::vector<std::unique_ptr<Hosted>> over_;             // ended in this turn; freed at its end
  std::vector<OwnedEvent> fresh_;                         // of this turn
  std::vector<std::function<void()>> at_turn_end_;
  std::map<std::string, std::map<WaitKey, Ended>> waiting_;
  WaitKey next_wait_ = 1;
  bool draining_ = false;
};

}  // namespace thermos
