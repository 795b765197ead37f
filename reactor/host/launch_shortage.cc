#include "reactor/host/launch_shortage.h"

#include <spdlog/spdlog.h>

namespace thermos {

void LaunchShortage::add(ProcessIndex p, const std::string& reason) {
  waiting_.insert(p);
  if (!said_) reason_ = reason;
}

void LaunchShortage::report(const std::function<bool(ProcessIndex)>& waits) {
  // Only the first matters: as long as that one waits it is not over, whatever became of the rest.
  while (!waiting_.empty() && !waits(*waiting_.begin())) waiting_.erase(waiting_.begin());
  if (said_ != waiting_.empty()) return;
  said_ = !waiting_.empty();
  if (!said_) {
    spdlog::warn("task {}: the shortage is over: no process waits for it any more", task_id_);
    return;
  }
  const std::string& first = task_.processes[*waiting_.begin()].name;
  const std::size_t others = waiting_.size() - 1;
  spdlog::warn("task {}, process {}{}: {}; trying again until it works", task_id_, first,
               others == 0 ? "" : " and " + std::to_string(others) + " more", reason_);
}

}  // namespace thermos
