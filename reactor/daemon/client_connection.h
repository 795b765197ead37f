// The bytes of one client of the daemon: what it has sent and nobody has looked at yet, and what it
// is still to be told. Nothing here blocks.
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
  // `used` counts the bytes that go through the buffers, and outlives this.
  ClientConnection(Descriptor socket, std::size_t& used)
      : socket_(std::move(socket)), used_(used) {}
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  // Calls back from here on when the client sends, or takes what it is told.
  void watch(Loop& loop, std::function<void(int events)> on_ready);

  // Reads some of what has come. What it was is dealt with later: until then the client's next
  // bytes may wait where they are.
  enum class Read : std::uint8_t { Nothing, Some, End, Broken };
  Read read();
  // The next whole request, valid until the next read(); nothing: more has to come first.
  Result<std::optional<Bytes>> next();
  // What it has sent so far is looked at.
  bool hungry() const { return hungry_; }

  // Puts a reply behind the others, and sends what goes; not while it is corked.
  void reply(std::uint64_t id, control::ReplyBody body);
  void cork() { corked_ = true; }
  void uncork() { corked_ = false; }
  // Sends as much as goes. A client that is gone is closed.
  void flush();
  // Bytes that it has not taken yet.
  std::size_t unsent() const { return out_.size(); }

  // It sends no more, and is still to be answered.
  void end_input();
  bool ended() const { return ends_; }
  // Nothing more is read or answered; it goes when all is written.
  void close();
  bool closing() const { return closing_; }
  // Closing, and all is written.
  bool done() const { return closing_ && out_.size() == 0; }
  // At once, whatever is still to be written.
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
