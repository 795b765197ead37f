// Many tasks on one loop: the same host as `thermos run` has, many times, and who may do what to
// which.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "capnp/control.h"
#include "core/paths.h"
#include "reactor/event_log.h"
#include "reactor/foreground.h"
#include "reactor/past_tasks.h"
#include "reactor/reactor.h"
#include "reactor/settings.h"
#include "reactor/task_host.h"
#include "reactor/task_list.h"

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

  // Makes a task and leads it. `made` is called when it is on the disk (at the end of a turn), not
  // at all after an error. The same submission again, while the task is active, is accepted and
  // makes nothing: its client may have lost us before it was answered.
  Status submit(const control::Submit& submit, const Caller& caller, std::function<void()> made);

  // Asks tasks of this daemon to end. Returns the ids of those that match and that the caller may
  // kill. NotFound when none matches; NotPermitted when it is another's.
  Result<std::vector<std::string>> kill(const control::AskKill& kill, const Caller& caller);

  // Orders one process about. `done` is called when the order is on the disk and the run that it
  // ends has ended; with an error if that will not be seen here.
  Status order(const control::AskOrder& order, const Caller& caller,
               std::function<void(const Status&)> done);

  // Kills every task, takes no new ones, and calls on_drained when none is left. Returns the ids.
  Result<std::vector<std::string>> drain(const control::AskDrain& drain, const Caller& caller);

  // Calls back once when the task ends, at once if it has ended. NotFound, NotPermitted. The key
  // (0: it has called back) takes it back.
  using WaitKey = std::uint64_t;
  Result<WaitKey> when_ended(const std::string& task_id, const Caller& caller,
                             std::function<void(const std::string& state)> ended);
  void wait_no_more(const std::string& task_id, WaitKey key);

  // Tasks that match and that the caller may see, with their states' names; "?" of one that can't
  // be read.
  Result<std::vector<control::TaskEntry>> list(const control::TaskQuery& query,
                                               const Caller& caller);

  // One task as `status --json` prints it; of one that is not led, or can't be read, with its
  // error.
  std::string status_json(const std::string& task_id) const;

  Result<TaskPatterns> compile(const std::vector<std::string>& patterns) const;

  // ---- events ----

  // For subscribers: called for every event, once it lasts, in order.
  std::function<void(const control::Event&, std::uint32_t owner)> on_event;
  // Calls back when this turn's events have been told, and none of the next turn's: then all that
  // has a position lasts.
  void at_turn_end(std::function<void()> call);
  // Events behind `since` of tasks that the caller may see, in order; from the disk where memory
  // does not reach.
  std::vector<control::Event> events_after(std::uint64_t since, const Caller& caller);
  std::uint64_t last_position() const { return events_.last_position(); }

  std::size_t active() const { return tasks_.size(); }
  // Called whenever active() changes.
  std::function<void()> on_change;
  // Called once when all is drained.
  std::function<void()> on_drained;

 private:
  class Hosted;
  using Ended = std::function<void(const std::string& state)>;

  void resume(const std::string& id);
  Result<Hosted*> host(const TaskPlace& place, std::uint32_t owner);
  void publish();
  void ended(Hosted* task, const Result<TaskState>& result);
  void leave(const std::string& id, const Error& why);
  void leave_for_now(const std::string& id, const Error& why);
  void finish_draining();

  Status may_submit(const control::Submit& submit, const Caller& caller) const;
  Status has_room_for(const Caller& caller) const;
  static std::string first_difference(const TaskPlace& one, const TaskPlace& other);
  Status submit_again(const TaskPlace& place, const Caller& caller, std::function<void()> made);
  bool was_begun(const std::string& task_id);
  Status place_for(const control::Submit& submit, const Caller& caller, TaskPlace& place,
                   FileOwner& owner) const;
  Result<Hosted*> find_led(const std::string& task_id, const Caller& caller);
  std::uint32_t owner_of(const std::string& task_id);
  bool may_see(const std::string& task_id, const Caller& caller);
  std::string state_of(const std::string& task_id);

  Reactor& reactor_;
  Paths paths_;
  Settings settings_;
  EventLog events_;
  PastTasks past_;
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
