#include "reactor/host/foreground.h"

#include <csignal>

#include "reactor/host/reactor.h"
#include "reactor/host/task_host.h"

namespace thermos {
namespace {

// Tells who else uses the loop when it is there, and when it goes.
class LoopGuest {
 public:
  LoopGuest(const std::function<void(Reactor*)>& tell, Reactor* reactor) : tell_(tell) {
    if (tell_) tell_(reactor);
  }
  ~LoopGuest() {
    if (tell_) tell_(nullptr);
  }
  LoopGuest(const LoopGuest&) = delete;
  LoopGuest& operator=(const LoopGuest&) = delete;

 private:
  const std::function<void(Reactor*)>& tell_;
};

}  // namespace

Result<TaskState> run_in_foreground(TaskSetup place, SyncMode sync, TaskObserver& observer,
                                    const std::optional<KillRequest>& kill,
                                    const std::function<void(Reactor*)>& on_loop) {
  place.alone = true;
  auto reactor = Reactor::make();
  if (!reactor) return reactor.error();
  Loop& loop = (*reactor)->loop();
  const LoopGuest guest(on_loop, reactor->get());
  std::optional<Result<TaskState>> result;
  auto host = TaskHost::lead(**reactor, place, sync, observer, [&](const Result<TaskState>& end) {
    result = end;
    loop.stop();
  });
  if (!host) return host.error();
  if (kill) (*host)->kill(*kill);

  bool asked = false;
  const auto interrupted = [&](const char* name) {
    KillRequest request;
    if (asked) request.wait = 0;
    request.reason = name;
    (*host)->kill(request);
    asked = true;
  };
  const SignalWatch interrupt(loop, SIGINT, [&] { interrupted("SIGINT"); });
  const SignalWatch terminate(loop, SIGTERM, [&] { interrupted("SIGTERM"); });
  while (!result) loop.run();
  return *result;
}

}  // namespace thermos
