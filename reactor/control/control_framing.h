// One direction of a control connection, as bytes: a stream as capnp/FORMAT.md has it, of requests
// or of replies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/record/frame.h"

namespace thermos {

// What is still to be written to a peer.
class OutgoingStream {
 public:
  // Queues one payload (the stream's header before the first).
  void put(Bytes payload);
  Bytes bytes() const { return Bytes(buffer_).subspan(done_); }
  // The first `count` of bytes() are written.
  void consume(std::size_t count);
  std::size_t size() const { return buffer_.size() - done_; }

 private:
  std::vector<std::byte> buffer_;
  std::size_t done_ = 0;
  std::optional<std::uint32_t> chain_;
};

// What came from a peer.
class IncomingStream {
 public:
  // Where to read to: at least `room` bytes. Follow with filled().
  std::span<std::byte> space(std::size_t room);
  void filled(std::size_t count) { size_ += count; }
  // The next payload, 8-byte aligned and valid until the next call of space(); nothing until more
  // has come. Corrupt: not such a stream; the connection is of no more use.
  Result<std::optional<Bytes>> next();
  // Bytes that came and were not given out.
  std::size_t buffered() const { return size_ - taken_; }

 private:
  // Words, so that payloads are aligned: what is left is moved to the front, and a stream's header
  // and its frames are multiples of eight.
  std::vector<std::uint64_t> buffer_;
  std::size_t size_ = 0;    // bytes in the buffer
  std::size_t taken_ = 0;   // of them, given out
  std::size_t offset_ = 0;  // of the stream, at taken_
  std::uint32_t chain_ = 0;
};

}  // namespace thermos
