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
#include "reactor/reactor.h"
#include "reactor/task_host.h"

namespace thermos {

// Who asks: from the socket's credentials, never from the message.
struct Caller {
  std::uint32_t uid = 0;
  std::int32_t pid = 0;
  bool is_root() const { return uid == 0; }
};

class Daemon {
 public:
  struct Limits {
    std::size_t tasks_per_user = 1000;  // active ones; root has no limit
  };

  Daemon(Reactor& reactor, Paths paths, SyncMode sync, Limits limits);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Leads every active task of the root that nobody leads. One that can't be resumed is left as it
  // is, logged, and stops no other.
  void resume_all();

  // Makes a task and leads it. `made` is called when it is on the disk (at the end of a turn), not
  // at all after an error.
  Status submit(const control::Submit& submit, const Caller& caller, std::function<void()> made);

  // Asks tasks of this daemon to end. Returns the ids of those that match and that the caller may
  // kill. NotFound when none matches; NotPermitted when one is named exactly and is another's.
  Result<std::vector<std::string>> kill(const control::AskKill& kill, const Caller& caller);

  // Calls back once when the task ends, at once if it has ended. NotFound, NotPermitted.
  Status when_ended(const std::string& task_id, const Caller& caller,
                    std::function<void(const std::string& state)> ended);

  // Tasks on the disk that match and that the caller may see, with their states' names.
  Result<std::vector<control::TaskEntry>> list(const control::TaskQuery& query,
                                               const Caller& caller) const;

  // One task as `status --json` prints it; of a stream that can't be read, its error.
  std::string status_json(const std::string& task_id) const;

  // For subscribers: called for every event, once it lasts, in order.
  std::function<void(const control::Event&)> on_event;
  // Events behind `since` of tasks that the caller may see, in order; from the disk where memory
  // does not reach.
  std::vector<control::Event> events_after(std::uint64_t since, const Caller& caller) const;
  bool may_see(const std::string& task_id, const Caller& caller) const;
  std::uint64_t last_position() const { return events_.last_position(); }

  std::size_t active() const { return tasks_.size(); }
  // Called whenever active() changes.
  std::function<void()> on_change;

 private:
  class Hosted;

  Result<Hosted*> host(const TaskPlace& place, std::uint32_t owner);
  void publish();
  void ended(Hosted* task, const Result<TaskState>& result);
  Status place_for(const control::Submit& submit, const Caller& caller, TaskPlace& place) const;
  std::uint32_t owner_of(const std::string& task_id) const;

  Reactor& reactor_;
  Paths paths_;
  SyncMode sync_;
  Limits limits_;
  EventLog events_;
  std::map<std::string, std::unique_ptr<Hosted>, std::less<>> tasks_;
  std::vector<std::unique_ptr<Hosted>> over_;  // ended in this turn; freed at its end
  std::vector<control::Event> fresh_;          // of this turn
  std::multimap<std::string, std::function<void(const std::string&)>> waiting_;
};

// Whether `task_id` matches one of `patterns` (from its start; an exact id means that task alone);
// no patterns match all. Usage for a pattern that is not a regular expression.
Result<bool> matches(const std::vector<std::string>& patterns, const std::string& task_id);

}  // namespace thermos
