// The address where the observer listens: a Unix socket of its user, or a port of the loopback
// address.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"

namespace thermos::observe {

struct Address {
  std::string path;                     // of a Unix socket; empty: use `port`
  std::optional<std::uint16_t> port{};  // at 127.0.0.1; 0: any free port
};

// Parses "unix:PATH" or "127.0.0.1:PORT". Fails with Usage for any other text, also for other
// hosts, because only users of this machine may connect.
Result<Address> parse_address(std::string_view text);
// Returns /run/thermos-observe.sock for root, and $XDG_RUNTIME_DIR/thermos-observe.sock for other
// users (/run/user/UID if the variable is not set).
Address default_address();

// A listening, non-blocking socket. A Unix socket has the mode 0600, and the destructor removes its
// path.
class ListeningSocket {
 public:
  // Listens at `address`, and replaces a Unix socket at which no program listens any more. Fails
  // with Busy if another program listens there, with Usage if the path is too long or is something
  // else than a socket, or with System.
  static Result<ListeningSocket> open(const Address& address);
  ~ListeningSocket();
  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  Descriptor take() { return std::move(socket_); }
  std::uint16_t port() const { return port_; }

 private:
  ListeningSocket() = default;
  static Result<ListeningSocket> at_path(const std::string& path);
  static Result<ListeningSocket> at_port(std::uint16_t port);

  Descriptor socket_;
  std::uint16_t port_ = 0;
  std::string path_;
  std::uint64_t inode_ = 0;  // the inode of our socket, because another one may have taken its path
};

}  // namespace thermos::observe
