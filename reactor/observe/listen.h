// Where the observer listens: at a Unix socket of its user's, or at a port of the loopback address.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "reactor/os/descriptor.h"

namespace thermos::observe {

struct Address {
  std::string path;                     // of a Unix socket; empty: the port
  std::optional<std::uint16_t> port{};  // of 127.0.0.1; 0: any that is free
};

// Parses "unix:PATH" or "127.0.0.1:PORT". Fails with Usage, also for every other host: what is here
// to see is for who is on this machine.
Result<Address> parse_address(std::string_view text);
// /run/thermos-observe.sock for root, $XDG_RUNTIME_DIR/thermos-observe.sock for others.
Address default_address();

// A listening, non-blocking socket. One at a path has the mode 0600, and the destructor removes it.
class ListeningSocket {
 public:
  // Takes the place of a socket at which nobody listens any more. Fails with Busy if somebody does,
  // with Usage for a path that is too long, or of what is no socket, or with System.
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
  std::uint64_t inode_ = 0;  // of the socket at the path: another may have taken its place
};

}  // namespace thermos::observe
