#include "reactor/daemon/client_connection.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>
#include <variant>

#include "core/base/text.h"

namespace thermos {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

}  // namespace

void ClientConnection::watch(Loop& loop, std::function<void(int events)> on_ready) {
  poll_ = std::make_unique<Poll>(loop, socket_.get(), std::move(on_ready));
}

ClientConnection::Read ClientConnection::read() {
  const auto room = in_.space(kReadBytes);
  const ssize_t got = recv(socket_.get(), room.data(), room.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Read::Nothing;
  if (got < 0) return Read::Broken;
  if (got == 0) return Read::End;
  in_.filled(static_cast<std::size_t>(got));
  used_ += static_cast<std::size_t>(got);
  hungry_ = false;
  update_watch();
  return Read::Some;
}

Result<std::optional<Bytes>> ClientConnection::next() {
  auto payload = in_.next();
  if (payload) hungry_ = !*payload || in_.buffered() == 0;
  return payload;
}

void ClientConnection::reply(std::uint64_t id, control::ReplyBody body) {
  if (closing_) return;
  // An error may repeat a part of the request, so it is made one printable line.
  if (auto* failure = std::get_if<Error>(&body)) failure->message = printable(failure->message);
  auto payload = control::encode(control::Reply{id, std::move(body)});
  if (!payload) payload = control::encode(control::Reply{id, payload.error()});
  out_.put(*payload);
  used_ += payload->size();
  if (!corked_) flush();
}

void ClientConnection::flush() {
  while (out_.size() > 0) {
    const Bytes bytes = out_.bytes();
    const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) {
      // The client is gone. Its socket would stay ready for as long as it is watched.
      closing_ = true;
      out_ = {};
      break;
    }
    out_.consume(static_cast<std::size_t>(sent));
  }
  update_watch();
}

void ClientConnection::end_input() {
  ends_ = true;
  update_watch();
}

void ClientConnection::close() {
  closing_ = true;
  update_watch();
}

void ClientConnection::abandon() {
  poll_.reset();
  closing_ = true;
  out_ = {};
}

// Stops reading from a client that is closing, because its further bytes would wake the loop for
// nothing.
void ClientConnection::update_watch() {
  // Stops reading, too, from a client whose received requests are still to be handled.
  const bool enough = !hungry_ && in_.buffered() >= kReadBytes;
  const int wanted = (closing_ || ends_ || enough ? 0 : UV_READABLE) |
                     (closing_ || out_.size() > 0 ? UV_WRITABLE : 0);
  if (wanted == watched_ || !poll_) return;
  watched_ = wanted;
  poll_->watch(wanted);
}

}  // namespace thermos
