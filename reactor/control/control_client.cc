#include "reactor/control/control_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "reactor/os/clocks.h"
#include "reactor/os/errors.h"

namespace thermos {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
constexpr const char* kSystemSocket = "/run/thermos/reactor.sock";

Error no_daemon(const std::string& what) {
  return {ErrorCode::NoDaemon, what};
}

Error no_daemon(const std::string& what, int error_number, std::string_view consequence = {}) {
  return system_error(ErrorCode::NoDaemon, what, error_number, consequence);
}

}  // namespace

std::string own_socket() {
  if (const char* given = std::getenv("THERMOS_SOCKET"); given != nullptr && *given != '\0') {
    return given;
  }
  if (geteuid() == 0) return kSystemSocket;
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string base = runtime != nullptr && *runtime != '\0'
                               ? std::string(runtime)
                               : "/run/user/" + std::to_string(geteuid());
  return base + "/thermos/reactor.sock";
}

std::string default_socket() {
  std::string own = own_socket();
  const bool none = access(own.c_str(), F_OK) != 0 && access(kSystemSocket, W_OK) == 0;
  return none && std::getenv("THERMOS_SOCKET") == nullptr ? kSystemSocket : own;
}

Result<ControlClient> ControlClient::connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::Usage, path + ": too long for a socket's path (107 bytes at most)"};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("no socket", errno);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EACCES || errno == EPERM) {
      return system_error(path, errno, "you must be root or in group thermos");
    }
    return no_daemon(path, errno, "is thermos-reactor running? (--socket names another place)");
  }
  return ControlClient(std::move(socket));
}

Result<std::uint64_t> ControlClient::send(control::RequestBody body) {
  const std::uint64_t id = next_id_++;
  auto payload = control::encode(control::Request{id, std::move(body)});
  if (!payload) return payload.error();
  out_.put(*payload);
  while (out_.size() > 0) {
    const ssize_t sent =
        ::send(socket_.get(), out_.bytes().data(), out_.bytes().size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    // The daemon has hung up, but its reason can still be read: if it has no room for another
    // client, it says so before the first request.
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) break;
    if (sent < 0) return no_daemon("can't ask the daemon", errno);
    out_.consume(static_cast<std::size_t>(sent));
  }
  return id;
}

Result<std::optional<control::Reply>> ControlClient::receive(Microseconds patience) {
  const Microseconds until = read_clocks().boot + patience;
  for (;;) {
    auto payload = in_.next();
    if (!payload) return payload.error();
    if (*payload) {
      auto reply = control::decode_reply(**payload);
      if (!reply) return reply.error();
      return std::optional(std::move(*reply));
    }
    int wait = -1;
    if (patience >= 0) {
      wait = static_cast<int>(std::max<Microseconds>(0, until - read_clocks().boot + 999) / 1000);
    }
    pollfd entry{socket_.get(), POLLIN, 0};
    const int ready = poll(&entry, 1, wait);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return std::optional<control::Reply>();
    const auto room = in_.space(kReadBytes);
    const ssize_t got = recv(socket_.get(), room.data(), room.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) return no_daemon("the daemon closed the connection");
    if (got < 0) return no_daemon("cannot read from the daemon", errno);
    in_.filled(static_cast<std::size_t>(got));
  }
}

Result<control::ReplyBody> ControlClient::ask(control::RequestBody body, Microseconds patience) {
  if (auto sent = send(std::move(body)); !sent) return sent.error();
  auto reply = receive(patience);
  if (!reply) return reply.error();
  if (!*reply) return no_daemon("no answer");
  if (const auto* failure = std::get_if<Error>(&(*reply)->body)) return *failure;
  return std::move((*reply)->body);
}

Status ControlClient::ask_all(control::RequestBody body,
                              const std::function<void(const control::ReplyBody&)>& take) {
  if (auto sent = send(std::move(body)); !sent) return sent.error();
  for (;;) {
    const auto reply = receive();
    if (!reply) return reply.error();
    if (const auto* failure = std::get_if<Error>(&(*reply)->body)) return *failure;
    if (std::holds_alternative<control::Finished>((*reply)->body)) return Done{};
    take((*reply)->body);
  }
}

}  // namespace thermos
