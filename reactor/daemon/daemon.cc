#include "reactor/daemon/daemon.h"

#include <utility>

#include <spdlog/spdlog.h>

namespace thermos {

Daemon::Daemon(Reactor& reactor, Paths paths, const Settings& settings)
    : reactor_(reactor),
      paths_(std::move(paths)),
      settings_(settings),
      events_(paths_.root() + "/position"),
      summaries_(paths_),
      index_(paths_, reactor.inotify()),
      pools_(settings_.pools),
      tasks_(reactor_, paths_, settings_, events_, summaries_, index_),
      visible_(paths_, tasks_, summaries_, index_),
      requests_(reactor_, paths_, settings_, events_, summaries_, tasks_, visible_, pools_),
      resumption_(reactor_, paths_, events_, summaries_, tasks_, pools_),
      retention_(reactor_, paths_, settings_.retention, tasks_, index_) {
  // Everything that is remembered of the id belongs to a task that is gone.
  index_.on_new_life = [this](const std::string& id) {
    summaries_.forget(id);
    retention_.new_life(id);
  };
  index_.on_inactive = [this](const std::string& id) { tasks_.forget_left(id); };
  index_.on_finished = [this] { retention_.task_ended(); };
  resumption_.closed_to_tasks = [this] { return requests_.draining(); };
  tasks_.on_change = [this] {
    if (on_change) on_change();
    requests_.finish_draining();
  };
  reactor_.after_turn = [this] {
    tasks_.free_ended();
    events_.publish();
  };
}

Daemon::~Daemon() {
  reactor_.after_turn = nullptr;
}

void Daemon::use(const Settings& settings) {
  settings_ = settings;
  retention_.begin();
  if (settings_.pools == pools_.sizes()) return;
  settings_.pools = pools_.sizes();
  spdlog::warn("pools stay as they are until the daemon starts again");
}

}  // namespace thermos
