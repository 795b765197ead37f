// The client's end of the control socket. Calls block.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "capnp/control.h"
#include "core/base/result.h"
#include "core/task/task.h"
#include "reactor/control/control_framing.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// The path at which a daemon listens by default: $THERMOS_SOCKET if set, else
// /run/thermos/reactor.sock for root and $XDG_RUNTIME_DIR/thermos/reactor.sock for other users.
std::string own_socket();
// The path at which a client connects by default: own_socket(), or the system daemon's socket if
// the user has no daemon of their own and may write to the system daemon's socket.
std::string default_socket();

class ControlClient {
 public:
  // Connects to the daemon at `path`. Fails with NoDaemon if nobody listens there, NotPermitted,
  // Usage if the path is too long, or System.
  static Result<ControlClient> connect(const std::string& path);

  // Sends one request and returns its id. If the daemon has closed the connection, send() still
  // succeeds. receive() then fails after it has returned the replies that the daemon had sent.
  Result<std::uint64_t> send(control::RequestBody body);
  // Waits for the next reply. Returns nothing if none comes within `patience` (microseconds;
  // negative: no limit). Fails with NoDaemon if the daemon closed the connection, or with Corrupt
  // for bytes that are not a reply.
  Result<std::optional<control::Reply>> receive(Microseconds patience = -1);
  // Sends a request and returns its one reply. Fails as send() and receive() do, with NoDaemon if
  // no reply comes within `patience`, or with the daemon's own error.
  Result<control::ReplyBody> ask(control::RequestBody body, Microseconds patience = -1);
  // Sends a request and calls `take` with each reply before the daemon's `done`. Fails as ask()
  // does.
  Status ask_all(control::RequestBody body,
                 const std::function<void(const control::ReplyBody&)>& take);
  // A descriptor that is readable when the daemon has sent something. Call receive(0) until it
  // returns nothing before you wait for the descriptor, because replies that came together are read
  // together.
  int fd() const { return socket_.get(); }

 private:
  explicit ControlClient(Descriptor socket) : socket_(std::move(socket)) {}

  Descriptor socket_;
  OutgoingStream out_;
  IncomingStream in_;
  std::uint64_t next_id_ = 1;
};

}  // namespace thermos
