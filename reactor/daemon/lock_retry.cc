#include "reactor/daemon/lock_retry.h"

#include <algorithm>
#include <utility>

#include "reactor/os/lock_holder.h"
#include "reactor/store/stream_lock.h"

namespace thermos {
namespace {

constexpr Microseconds kMoment = kSecond / 1000;
constexpr Microseconds kLongestMoment = kSecond;

}  // namespace

bool only_asked_about(const Paths& paths, const std::string& task_id, const Error& why) {
  if (why.code != ErrorCode::Busy) return false;
  const auto held = stream_is_locked(paths.runner_stream(task_id));
  return held && !*held;
}

bool is_left_behind(const Paths& paths, const std::string& task_id, const Error& why) {
  return why.code == ErrorCode::Busy && !lock_holder(paths.runner_stream(task_id));
}

void in_a_moment(Reactor& reactor, int tries, std::function<void()> call) {
  const Microseconds wait = std::min(kMoment << std::min(tries, 16), kLongestMoment);
  reactor.deadlines().add(reactor.loop().now().boot + wait, std::move(call));
}

}  // namespace thermos
