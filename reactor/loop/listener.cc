#include "reactor/loop/listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <spdlog/spdlog.h>

namespace thermos {
namespace {

// Clients accepted in one turn; a crowd of clients must not take the whole turn.
constexpr int kAcceptAtOnce = 64;
// A waiting client keeps the socket readable, so without descriptors the loop would spin. So the
// socket is not polled for this long. The kernel has no event for a descriptor that becomes free.
constexpr Microseconds kPause = kSecond / 10;

}  // namespace

Listener::Listener(Loop& loop, Deadlines& deadlines, Descriptor socket, std::string name,
                   std::function<void(Descriptor)> on_client)
    : loop_(loop),
      deadlines_(deadlines),
      socket_(std::move(socket)),
      name_(std::move(name)),
      on_client_(std::move(on_client)),
      poll_(std::make_unique<Poll>(loop, socket_.get(), [this](int) { accept_some(); })) {}

Listener::~Listener() {
  if (pause_) deadlines_.cancel(*pause_);
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptAtOnce; ++i) {
    int error_number = 0;
    Descriptor client = accept_one(error_number);
    if (client) {
      if (std::exchange(short_, false)) spdlog::warn("{}: clients are accepted again", name_);
      on_client_(std::move(client));
      continue;
    }
    // EAGAIN: no client waits any more. ECONNABORTED: a client hung up before it was accepted.
    if (error_number == ECONNABORTED || error_number == EINTR) continue;
    if (error_number != EAGAIN) pause(error_number);
    return;
  }
}

// Accepts a client, with the spare descriptor if no other is left.
Descriptor Listener::accept_one(int& error_number) {
  Descriptor client;
  spare_.lend([&] {
    client.reset(accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    error_number = client ? 0 : errno;
  });
  return client;
}

void Listener::pause(int error_number) {
  if (!std::exchange(short_, true)) {
    spdlog::warn("{}: cannot accept a client: {}; clients wait until that is over", name_,
                 std::strerror(error_number));
  }
  poll_->watch(0);
  if (pause_) return;
  pause_ = deadlines_.add(loop_.now().boot + kPause, [this] {
    pause_.reset();
    go_on();
  });
}

void Listener::go_on() {
  poll_->watch(UV_READABLE);
}

void Listener::client_left() {
  if (!pause_) return;
  deadlines_.cancel(*pause_);
  pause_.reset();
  go_on();
}

}  // namespace thermos
