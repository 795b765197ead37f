// The buffers of one client's connection: received bytes that were not decoded yet, and replies
// that were not sent yet. No call blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "capnp/control.h"
#include "core/base/result.h"
#include "reactor/control/control_framing.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class ClientConnection {
 public:
  // `used` counts the bytes that pass through the buffers, and outlives this.
  ClientConnection(Descriptor socket, std::size_t& used)
      : socket_(std::move(socket)), used_(used) {}
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  // Calls `on_ready` from here on when the client has sent something or can take more.
  void watch(Loop& loop, std::function<void(int events)> on_ready);

  // Receives some bytes into the buffer (Some), or finds that none are there (Nothing), that the
  // client sends no more (End), or an error (Broken). It decodes nothing: until next() is called,
  // further bytes may wait in the socket.
  enum class Read : std::uint8_t { Nothing, Some, End, Broken };
  Read read();
  // Returns the payload of the next complete request, valid until the next read(), or nothing if
  // more bytes must come first. Fails with Corrupt if the bytes are no stream of requests.
  Result<std::optional<Bytes>> next();
  // Whether next() has found no further complete request in the received bytes.
  bool hungry() const { return hungry_; }

  // Queues a reply, and sends as much as the socket takes unless the connection is corked. The text
  // of an error is made one printable line.
  void reply(std::uint64_t id, control::ReplyBody body);
  void cork() { corked_ = true; }
  void uncork() { corked_ = false; }
  // Sends as much as the socket takes. Closes the connection if the client is gone.
  void flush();
  // The bytes that are queued and not sent yet.
  std::size_t unsent() const { return out_.size(); }

  // The client has ended its sending side, but its requests are still answered.
  void end_input();
  bool ended() const { return ends_; }
  // Reads nothing more and queues no more replies. The connection ends when all queued replies are
  // sent.
  void close();
  bool closing() const { return closing_; }
  // Whether the connection is closing and all queued replies were sent.
  bool done() const { return closing_ && out_.size() == 0; }
  // Ends the connection immediately and drops the queued replies.
  void abandon();
  bool abandoned() const { return !poll_; }

 private:
  void update_watch();

  Descriptor socket_;
  std::size_t& used_;
  IncomingStream in_;
  OutgoingStream out_;
  std::unique_ptr<Poll> poll_;
  int watched_ = UV_READABLE;
  bool hungry_ = true;
  bool corked_ = false;
  bool ends_ = false;
  bool closing_ = false;
};

}  // namespace thermos
