// One task that the daemon leads, and the callbacks of requests that wait for it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "reactor/daemon/event_feed.h"
#include "reactor/host/reactor.h"
#include "reactor/host/sync_mode.h"
#include "reactor/host/task_host.h"
#include "reactor/host/task_observer.h"
#include "reactor/host/task_setup.h"

namespace thermos {

class HostedTask : public TaskObserver {
 public:
  using Told = std::function<void(const Status&)>;

  // `reactor` and `events` outlive this. `owner` is the uid of the user that the task belongs to.
  // `went_on`: the task existed before, so some of its events may be older than this object.
  HostedTask(Reactor& reactor, EventFeed& events, std::string task_id, std::uint32_t owner,
             bool went_on);

  // Takes the lead of the task. Fails, and calls `on_end`, as TaskHost::lead() does. REQUIRES:
  // called once, before any other call.
  Status lead(const TaskSetup& setup, SyncMode sync, TaskHost::OnEnd on_end);

  const std::string& id() const { return id_; }
  std::uint32_t owner() const { return owner_; }
  const TaskSetup& setup() const { return host_->setup(); }
  const History& history() const { return host_->history(); }
  // Returns a position below which the task has no event. Returns 0 if it is unknown, because the
  // task was resumed.
  std::uint64_t first_position() const { return went_on_ ? 0 : first_position_; }

  void kill(const KillRequest& request) { host_->kill(request); }
  // Gives an order. Calls `done` when the order is durable and the runs that it ends have ended, or
  // with an error if this daemon stops leading the task before that. Fails as TaskHost::order()
  // does; then `done` is not called.
  Status order(const OrderRequest& request, const OrderWords& words, Told done);
  // Gives the task another configuration, as TaskHost::replace() does.
  Status replace(TaskConfig task, std::string reason, Told done) {
    return host_->replace(std::move(task), std::move(reason), std::move(done));
  }
  // Calls `made` at the end of the turn in which the task's first record is committed, or at the
  // end of this turn if it was committed before. Calls it with the error if the record could not be
  // written.
  void when_made(Told made);

  // The daemon no longer leads the task: calls all waiting callbacks with `why`.
  void notify_closed(const Status& why);

  void on_record(const Record& record, const History& history) override;
  std::uint64_t next_position() override;
  void on_appended(std::uint64_t position, Bytes payload) override;
  std::optional<Microseconds> on_turn(Runner& runner, Timestamp now) override;

 private:
  struct OrderWait {
    std::set<std::pair<std::string, std::uint32_t>> runs;  // the runs that have not ended yet
    Told done;
  };

  // Returns the number of the run that the order just given ends; nothing if it ends none.
  std::optional<std::uint32_t> run_ended_by(const std::string& name, Verb verb) const;
  // The turn is committed: calls the callbacks whose wait is over.
  void notify_durable();

  Reactor& reactor_;
  EventFeed& events_;
  std::string id_;
  std::uint32_t owner_;
  bool went_on_;
  std::uint64_t first_position_ = 0;
  bool is_made_ = false;
  std::vector<Told> made_;  // callbacks that wait for is_made_
  std::vector<OrderWait> waits_;
  std::unique_ptr<TaskHost> host_;
};

}  // namespace thermos
