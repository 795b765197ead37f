// The bytes of one direction of a control connection: a stream as in capnp/FORMAT.md, of requests
// or of replies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/record/frame.h"

namespace thermos {

// Holds the bytes that are still to be sent to the peer.
class OutgoingStream {
 public:
  // Queues one payload. Before the first one, queues the stream's header.
  void put(Bytes payload);
  Bytes bytes() const { return Bytes(buffer_).subspan(done_); }
  // Removes the first `count` of bytes(), which were sent.
  void consume(std::size_t count);
  std::size_t size() const { return buffer_.size() - done_; }

 private:
  std::vector<std::byte> buffer_;
  std::size_t done_ = 0;
  std::optional<std::uint32_t> chain_;
};

// Holds the bytes that were received from the peer.
class IncomingStream {
 public:
  // Returns a buffer of at least `room` bytes to receive into. Call filled() with the number
  // received.
  std::span<std::byte> space(std::size_t room);
  void filled(std::size_t count) { size_ += count; }
  // Returns the next payload, 8-byte aligned and valid until the next call of space(); nothing if
  // more bytes must come first. Fails with Corrupt if the bytes are not such a stream. The
  // connection is then useless.
  Result<std::optional<Bytes>> next();
  // The number of received bytes that next() has not returned yet.
  std::size_t buffered() const { return size_ - taken_; }

 private:
  // Of words, so that payloads are aligned: the unread rest is moved to the front, and the sizes of
  // a stream's header and frames are multiples of eight.
  std::vector<std::uint64_t> buffer_;
  std::size_t size_ = 0;    // bytes in the buffer
  std::size_t taken_ = 0;   // bytes of these that next() has returned
  std::size_t offset_ = 0;  // the position of taken_ in the stream
  std::uint32_t chain_ = 0;
};

}  // namespace thermos
