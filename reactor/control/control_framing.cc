#include "reactor/control/control_framing.h"

#include <sys/random.h>

#include <algorithm>
#include <cstring>

namespace thermos {
namespace {

// The most bytes of a connection's buffer that are kept while it is empty.
constexpr std::size_t kKept = std::size_t{64} * 1024;

}  // namespace

void OutgoingStream::put(Bytes payload) {
  if (done_ > 0 && done_ == buffer_.size()) {
    buffer_.clear();
    done_ = 0;
  }
  if (!chain_) {
    StreamHeader header;
    // getrandom(2) never returns fewer than eight bytes. If it fails, an epoch of 0 is only less
    // likely to be unique.
    if (getrandom(&header.epoch, sizeof header.epoch, 0) != sizeof header.epoch) header.epoch = 0;
    buffer_.resize(kStreamHeaderBytes);
    encode_stream_header(
        header, std::span<std::byte, kStreamHeaderBytes>(buffer_.data(), kStreamHeaderBytes));
    chain_ = chain_start(header.epoch);
  }
  const std::size_t at = buffer_.size();
  buffer_.resize(at + frame_size(payload.size()));
  const std::span<std::byte> frame = std::span(buffer_).subspan(at);
  std::copy(payload.begin(), payload.end(), frame.begin() + kFrameHeaderBytes);
  chain_ = seal_frame(*chain_, frame, payload.size());
}

void OutgoingStream::consume(std::size_t count) {
  done_ += count;
  // Moves the rest to the front only if it is at most half, so that the moves of a long queue take
  // linear time.
  if (done_ < buffer_.size() / 2) return;
  if (done_ == buffer_.size()) {
    // A connection that once needed a large buffer does not keep it.
    if (buffer_.capacity() > kKept) buffer_ = {};
    buffer_.clear();
    done_ = 0;
    return;
  }
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(done_));
  done_ = 0;
}

std::span<std::byte> IncomingStream::space(std::size_t room) {
  const std::span<std::byte> all = std::as_writable_bytes(std::span(buffer_));
  if (taken_ > 0) {
    std::memmove(all.data(), all.data() + taken_, size_ - taken_);
    size_ -= taken_;
    taken_ = 0;
  }
  if (size_ == 0 && buffer_.capacity() * 8 > kKept + room) buffer_ = {};
  buffer_.resize((size_ + room + 7) / 8);
  return std::as_writable_bytes(std::span(buffer_)).subspan(size_);
}

Result<std::optional<Bytes>> IncomingStream::next() {
  const Bytes bytes = std::as_bytes(std::span(buffer_)).subspan(taken_, size_ - taken_);
  FrameScanner scanner = FrameScanner::tail(bytes, offset_, chain_);
  switch (scanner.next()) {
    case Verdict::Record:
      taken_ += scanner.offset() - offset_;
      offset_ = scanner.offset();
      chain_ = scanner.chain();
      return std::optional(scanner.payload());
    case Verdict::End:
    case Verdict::Torn:
      return std::optional<Bytes>();  // the rest is still to come
    case Verdict::Corrupt:
      break;
  }
  return Error{ErrorCode::Corrupt,
               "offset " + std::to_string(scanner.offset()) + ": " + scanner.why()};
}

}  // namespace thermos
