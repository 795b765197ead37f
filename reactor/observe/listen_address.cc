#include "reactor/observe/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/base/text.h"
#include "reactor/os/errors.h"

namespace thermos::observe {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kLoopback = "127.0.0.1:";
constexpr std::string_view kName = "thermos-observe.sock";
constexpr int kBacklog = 256;

Error bad_address(std::string_view text) {
  return Error{ErrorCode::Usage, "--listen " + printable(text) +
                                     ": it is unix:PATH or 127.0.0.1:PORT; to look from another "
                                     "machine, forward it (ssh -L)"};
}

bool is_socket(const std::string& path, struct stat& info) {
  return ::lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

bool somebody_listens(const sockaddr_un& address) {
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe) return false;
  const auto* const at = reinterpret_cast<const sockaddr*>(&address);
  // EAGAIN: the listener's queue is full.
  return ::connect(probe.get(), at, sizeof address) == 0 || errno == EAGAIN;
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  if (text.starts_with(kUnix)) {
    Address address{std::string(text.substr(kUnix.size()))};
    if (address.path.empty()) return bad_address(text);
    return address;
  }
  if (!text.starts_with(kLoopback)) return bad_address(text);
  const std::string_view digits = text.substr(kLoopback.size());
  std::uint16_t port = 0;
  const char* const end = digits.data() + digits.size();
  const auto [at, failure] = std::from_chars(digits.data(), end, port);
  if (digits.empty() || failure != std::errc() || at != end) return bad_address(text);
  return Address{{}, port};
}

Address default_address() {
  if (::geteuid() == 0) return {"/run/" + std::string(kName)};
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string base = runtime != nullptr && *runtime != '\0'
                               ? std::string(runtime)
                               : "/run/user/" + std::to_string(::geteuid());
  return {base + "/" + std::string(kName)};
}

Result<ListeningSocket> ListeningSocket::open(const Address& address) {
  return address.path.empty() ? at_port(address.port.value_or(0)) : at_path(address.path);
}

Result<ListeningSocket> ListeningSocket::at_path(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::Usage, path + ": too long for a socket's path (107 bytes at most)"};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  struct stat info {};
  if (is_socket(path, info)) {
    if (somebody_listens(address)) {
      return Error{ErrorCode::Busy, path + ": another program listens there; --listen another"};
    }
    ::unlink(path.c_str());
  }
  ListeningSocket made;
  made.socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made.socket_) return system_error("no socket", errno);
  // The socket must not be open to other users even for a moment.
  const mode_t mask = ::umask(0177);
  const bool bound =
      ::bind(made.socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int error = errno;
  ::umask(mask);
  if (!bound && error == EADDRINUSE) {
    return Error{ErrorCode::Usage, path + ": there is a file; --listen another path"};
  }
  if (!bound) return system_error("cannot listen at " + path, error);
  made.path_ = path;
  if (is_socket(path, info)) made.inode_ = info.st_ino;
  if (::listen(made.socket_.get(), kBacklog) != 0) {
    return system_error("cannot listen at " + path, errno);
  }
  return made;
}

Result<ListeningSocket> ListeningSocket::at_port(std::uint16_t port) {
  const std::string name = std::string(kLoopback) + std::to_string(port);
  ListeningSocket made;
  made.socket_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made.socket_) return system_error("no socket", errno);
  const int yes = 1;
  ::setsockopt(made.socket_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  auto* const at = reinterpret_cast<sockaddr*>(&address);
  if (::bind(made.socket_.get(), at, sizeof address) != 0 ||
      ::listen(made.socket_.get(), kBacklog) != 0) {
    const int error = errno;
    if (error == EADDRINUSE) {
      return Error{ErrorCode::Busy, name + ": another program listens there; --listen another"};
    }
    return system_error("cannot listen at " + name, error);
  }
  socklen_t size = sizeof address;
  if (::getsockname(made.socket_.get(), at, &size) != 0) return system_error(name, errno);
  made.port_ = ntohs(address.sin_port);
  return made;
}

ListeningSocket::~ListeningSocket() {
  struct stat info {};
  if (!path_.empty() && is_socket(path_, info) && info.st_ino == inode_) ::unlink(path_.c_str());
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : socket_(std::move(other.socket_)),
      port_(other.port_),
      path_(std::exchange(other.path_, std::string())),
      inode_(other.inode_) {}

}  // namespace thermos::observe
