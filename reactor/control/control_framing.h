// One direction of a control connection, as bytes: a stream as in capnp/FORMAT.md, of requests or
// of replies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/record/frame.h"

namespace thermos {

// The bytes that are still to be sent to the peer.
class OutgoingStream {
 public:
  // Queues one payload; before the first one, the stream's header.
  void put(Bytes payload);
  Bytes bytes() const { return Bytes(buffer_).subspan(done_); }
  // The first `count` of bytes() were sent.
  void consume(std::size_t count);
  std::size_t size() const { return buffer_.size() - done_; }

 private:
  std::vector<std::byte> buffer_;
  std::size_t done_ = 0;
  std::optional<std::uint32_t> chain_;
};

// The bytes that were received from the peer.
class IncomingStream {
 public:
  // A buffer of at least `room` bytes to receive into. Call filled() with the number received.
  std::span<std::byte> space(std::size_t room);
  void filled(std::size_t count) { size_ += count; }
  // The next payload, 8-byte aligned and valid until the next call of space(); nothing if more
  // bytes must come first. Fails with Corrupt if the bytes are no such stream; the connection is
  // useless then.
  Result<std::optional<Bytes>> next();
  // The bytes that were received and that next() has not returned yet.
  std::size_t buffered() const { return size_ - taken_; }

 private:
  // Words, so that payloads are aligned: what is left is moved to the front, and a stream's header
  // and its frames are multiples of eight.
  std::vector<std::uint64_t> buffer_;
  std::size_t size_ = 0;    // bytes in the buffer
  std::size_t taken_ = 0;   // of them, returned by next()
  std::size_t offset_ = 0;  // of the stream, at taken_
  std::uint32_t chain_ = 0;
};

}  // namespace thermos
