#include "reactor/host/write_failures.h"

#include <cstring>

#include <spdlog/spdlog.h>

namespace thermos {

void WriteFailures::add(ProcessIndex p, const Failure& failure) {
  const bool first = failing_.empty();
  if (!failing_.insert(p).second || !first) return;
  spdlog::warn(
      "task {}, process {}, run {}: its coordinator (pid {}) can't write {}: {}; it goes on "
      "trying, and until then the state of the run is not known",
      task_id_, failure.process, failure.run, failure.pid, failure.stream,
      std::strerror(failure.error_number));
}

void WriteFailures::over(ProcessIndex p) {
  if (failing_.erase(p) == 0 || !failing_.empty()) return;
  spdlog::warn("task {}: its coordinators write again", task_id_);
}

}  // namespace thermos
