#include "reactor/host/foreground.h"

#include <csignal>
#include <utility>

#include "reactor/host/reactor.h"
#include "reactor/host/task_host.h"
#include "reactor/os/first_process.h"

namespace thermos {
namespace {

// Calls on_loop when the loop exists, and again before it is destroyed.
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

Result<TaskState> run_in_foreground(TaskSetup setup, SyncMode sync, TaskObserver& observer,
                                    const Yielding& yielding,
                                    const std::optional<KillRequest>& kill,
                                    const std::function<void(Reactor*)>& on_loop) {
  setup.alone = true;
  auto reactor = Reactor::make();
  if (!reactor) return reactor.error();
  Loop& loop = (*reactor)->loop();
  const LoopGuest guest(on_loop, reactor->get());
  std::optional<Result<TaskState>> result;
  auto host = TaskHost::lead(**reactor, std::move(setup), sync, observer,
                             [&](const Result<TaskState>& end) {
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
  // An engine may signal more than once, and a script may pass on a signal that we also got
  // directly, so only the first signal counts. A user who presses Ctrl-C after it does not want to
  // wait.
  bool yields = false;
  const auto taken_away = [&](const char* name) {
    if (std::exchange(yields, true)) return;
    YieldRequest request{yielding.grace, name};
    if (!yielding.from.empty()) request.reason += " in " + yielding.from;
    (*host)->yield(request);
  };
  const SignalWatch interrupt(loop, SIGINT, [&] {
    if (yields) {
      (*host)->yield(YieldRequest{0, "SIGINT"});
    } else {
      interrupted("SIGINT");
    }
  });
  const SignalWatch terminate(loop, SIGTERM, [&] {
    if (yielding.on_term) {
      taken_away("SIGTERM");
    } else {
      interrupted("SIGTERM");
    }
  });
  const SignalWatch user1(loop, SIGUSR1, [&] { taken_away("SIGUSR1"); });
  std::optional<SignalWatch> user2;
  if (yielding.on_usr2) user2.emplace(loop, SIGUSR2, [&] { taken_away("SIGUSR2"); });
  repeat_early_signals();
  while (!result) loop.run();
  return *result;
}

}  // namespace thermos
