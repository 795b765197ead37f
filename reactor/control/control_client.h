// The command line's end of the control socket. Blocks.
#pragma once

#include <optional>
#include <string>

#include "capnp/control.h"
#include "core/base/result.h"
#include "core/task/task.h"
#include "reactor/control/control_framing.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Where the daemon listens when nobody says otherwise: /run/thermos/reactor.sock for root,
// $XDG_RUNTIME_DIR/thermos/reactor.sock for others. THERMOS_SOCKET overrides both.
std::string own_socket();
// Where a client asks: the same, but who has no daemon of their own asks the system's.
std::string default_socket();

class ControlClient {
 public:
  // NoDaemon when nobody answers there.
  static Result<ControlClient> connect(const std::string& path);

  // Sends one request; the answer is its id. A daemon that has gone away shows itself in receive(),
  // behind what it said before.
  Result<std::uint64_t> send(control::RequestBody body);
  // The next reply. Nothing: none within `patience` (negative: for ever). NoDaemon: the daemon went
  // away.
  Result<std::optional<control::Reply>> receive(Microseconds patience = -1);

 private:
  explicit ControlClient(Descriptor socket) : socket_(std::move(socket)) {}

  Descriptor socket_;
  OutgoingStream out_;
  IncomingStream in_;
  std::uint64_t next_id_ = 1;
};

}  // namespace thermos
