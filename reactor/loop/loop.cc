#include "reactor/loop/loop.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "reactor/os/clocks.h"

namespace thermos {
namespace {

void check(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string(what) + ": " + uv_strerror(result));
}

// `State` starts with its uv handle, so a pointer to one is a pointer to the other.
template <typename State>
void close_and_free(State* state) {
  uv_close(reinterpret_cast<uv_handle_t*>(state),
           [](uv_handle_t* handle) { delete reinterpret_cast<State*>(handle); });
}

}  // namespace

Loop::Loop() {
  check(uv_loop_init(&loop_), "cannot start the event loop");
}

Loop::~Loop() {
  // The owners of handles have called uv_close(); this turn runs their close callbacks. Handles
  // that are still open have no owner that could be called back.
  uv_run(&loop_, UV_RUN_NOWAIT);
  uv_walk(
      &loop_,
      [](uv_handle_t* handle, void*) {
        if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
      },
      nullptr);
  uv_run(&loop_, UV_RUN_NOWAIT);
  uv_loop_close(&loop_);
}

void Loop::run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
}

Timestamp Loop::now() {
  if (!now_) now_ = read_clocks();
  return *now_;
}

struct Poll::State {
  uv_poll_t handle;
  std::function<void(int)> callback;
  int watched;

  void start() {
    uv_poll_start(&handle, watched, [](uv_poll_t* raw, int status, int seen) {
      auto* state = reinterpret_cast<State*>(raw);
      if (!state->callback) return;
      // libuv has stopped the handle at POLLERR. A peer that has died may have left bytes behind.
      // The owner's read takes these first, and a stopped handle would not report the end behind
      // them.
      if (status < 0) state->start();
      state->callback(status < 0 ? state->watched : seen);
    });
  }
};

Poll::Poll(Loop& loop, int fd, std::function<void(int)> callback)
    : state_(new State{{}, std::move(callback), UV_READABLE}) {
  const int result = uv_poll_init(loop.raw(), &state_->handle, fd);
  if (result < 0) {
    delete state_;
    check(result, "cannot watch a descriptor");
  }
  state_->start();
}

void Poll::watch(int events) {
  state_->watched = events;
  state_->start();
}

Poll::~Poll() {
  state_->callback = nullptr;
  uv_poll_stop(&state_->handle);
  close_and_free(state_);
}

struct SignalWatch::State {
  uv_signal_t handle;
  std::function<void()> callback;
};

SignalWatch::SignalWatch(Loop& loop, int signal, std::function<void()> callback)
    : state_(new State{{}, std::move(callback)}) {
  uv_signal_init(loop.raw(), &state_->handle);
  check(uv_signal_start(
            &state_->handle,
            [](uv_signal_t* handle, int) { reinterpret_cast<State*>(handle)->callback(); }, signal),
        "cannot watch for a signal");
  // The program that started us may have blocked the signal. A signal that came before is delivered
  // now.
  sigset_t watched;
  sigemptyset(&watched);
  sigaddset(&watched, signal);
  sigprocmask(SIG_UNBLOCK, &watched, nullptr);
}

SignalWatch::~SignalWatch() {
  uv_signal_stop(&state_->handle);
  close_and_free(state_);
}

struct TurnEnd::State {
  uv_prepare_t handle;
  std::function<void()> callback;
};

TurnEnd::TurnEnd(Loop& loop, std::function<void()> callback)
    : state_(new State{{}, std::move(callback)}) {
  uv_prepare_init(loop.raw(), &state_->handle);
  uv_prepare_start(&state_->handle,
                   [](uv_prepare_t* handle) { reinterpret_cast<State*>(handle)->callback(); });
}

TurnEnd::~TurnEnd() {
  uv_prepare_stop(&state_->handle);
  close_and_free(state_);
}

struct WhileBusy::State {
  uv_idle_t handle;
  std::function<void()> callback;
};

WhileBusy::WhileBusy(Loop& loop, std::function<void()> callback)
    : state_(new State{{}, std::move(callback)}) {
  uv_idle_init(loop.raw(), &state_->handle);
}

void WhileBusy::on() {
  uv_idle_start(&state_->handle,
                [](uv_idle_t* handle) { reinterpret_cast<State*>(handle)->callback(); });
}

void WhileBusy::off() {
  uv_idle_stop(&state_->handle);
}

WhileBusy::~WhileBusy() {
  off();
  close_and_free(state_);
}

}  // namespace thermos
