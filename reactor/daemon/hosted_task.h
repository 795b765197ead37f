// One task of the daemon, and what the daemon wants to know of it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reactor/daemon/daemon.h"
#include "reactor/os/files.h"

namespace thermos {

class Daemon::Hosted : public TaskObserver {
 public:
  Hosted(Daemon& daemon, std::string task_id, std::uint32_t owner)
      : daemon_(daemon),
        id_(std::move(task_id)),
        owner_(owner),
        went_on_(exists(daemon_.paths_.active_task(id_))) {}

  void on_record(const Record& record, const History& history) override;
  std::uint64_t next_position() override {
    return daemon_.events_.next_position(daemon_.reactor_.loop().now());
  }
  void on_appended(std::uint64_t position, Bytes payload) override {
    if (first_position_ == 0) first_position_ = position;
    daemon_.fresh_.push_back({{position, id_, {payload.begin(), payload.end()}}, owner_});
  }
  std::optional<Microseconds> on_turn(Runner& /*runner*/, Timestamp /*now*/) override {
    notify_durable();
    return std::nullopt;
  }

  // The turn is committed: what was waited for in it may be told.
  void notify_durable();
  // Nothing more will be seen of it here.
  void notify_closed(const Status& why);

  const std::string& id() const { return id_; }
  std::uint32_t owner() const { return owner_; }
  // No event of its lies before this. Of one that went on here from elsewhere that is not known.
  std::uint64_t first_position() const { return went_on_ ? 0 : first_position_; }
  void set_host(std::unique_ptr<TaskHost> host) { host_ = std::move(host); }
  void set_made(std::function<void(const Status&)> made) { made_ = std::move(made); }
  // Calls back when that run of that process has ended, and lasts; without a run, when the turn
  // does.
  void when_over(std::string process, std::optional<std::uint32_t> run,
                 std::function<void(const Status&)> done);
  TaskHost& host() { return *host_; }

 private:
  struct OrderWait {
    std::string process;
    std::uint32_t run = 0;
    bool over = false;
    std::function<void(const Status&)> done;
  };

  Daemon& daemon_;
  std::string id_;
  std::uint32_t owner_;
  bool went_on_;
  std::uint64_t first_position_ = 0;
  std::function<void(const Status&)> made_;
  std::vector<OrderWait> waits_;
  std::unique_ptr<TaskHost> host_;
};

}  // namespace thermos
