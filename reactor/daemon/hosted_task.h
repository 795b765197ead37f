// One task that the daemon leads, and who waits for what of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
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

  // `reactor` and `events` outlive this. `owner`: the user that it belongs to. `went_on`: it is not
  // new, so some of its events may be older than this.
  HostedTask(Reactor& reactor, EventFeed& events, std::string task_id, std::uint32_t owner,
             bool went_on);

  // Takes the lead. Errors and `on_end` as TaskHost::lead(). REQUIRES: once, before anything else.
  Status lead(const TaskSetup& setup, SyncMode sync, TaskHost::OnEnd on_end);

  const std::string& id() const { return id_; }
  std::uint32_t owner() const { return owner_; }
  const TaskSetup& setup() const { return host_->place(); }
  const History& history() const { return host_->history(); }
  // No event of its lies before this. Of one that went on here from elsewhere that is not known: 0.
  std::uint64_t first_position() const { return went_on_ ? 0 : first_position_; }

  void kill(const KillRequest& request) { host_->kill(request); }
  // `done` is called when the order lasts and the run that it ends, if any, has ended; with an
  // error if that will not be seen here. Errors as TaskHost::order(); then `done` is not called.
  Status order(const OrderRequest& request, Told done);
  // Calls back when the turn is committed, or with why its first record could not be written.
  void when_made(Told made) { made_ = std::move(made); }

  // Nothing more will be seen of it here: tells all who wait.
  void notify_closed(const Status& why);

  void on_record(const Record& record, const History& history) override;
  std::uint64_t next_position() override;
  void on_appended(std::uint64_t position, Bytes payload) override;
  std::optional<Microseconds> on_turn(Runner& runner, Timestamp now) override;

 private:
  struct OrderWait {
    std::string process;
    std::uint32_t run = 0;
    bool over = false;
    Told done;
  };

  // The run that an order just given ends; nothing: none.
  std::optional<std::uint32_t> run_ended_by(const OrderRequest& request) const;
  // The turn is committed: what was waited for in it may be told.
  void notify_durable();

  Reactor& reactor_;
  EventFeed& events_;
  std::string id_;
  std::uint32_t owner_;
  bool went_on_;
  std::uint64_t first_position_ = 0;
  Told made_;
  std::vector<OrderWait> waits_;
  std::unique_ptr<TaskHost> host_;
};

}  // namespace thermos
