// Frames: the bytes of records in a stream file. capnp/FORMAT.md specifies the same format.
//
// A file is a StreamHeader and then frames. A frame is 8 bytes, length and CRC-32C (both little
// endian), then `length` bytes of payload, a multiple of 8. The checksum covers the length and the
// payload and is chained: its seed is the checksum of the frame before, or for the first frame that
// of the file's epoch. So a reader notices a record that was moved, repeated or copied from another
// file. A payload is a Cap'n Proto message of one segment: it starts with four zero bytes and its
// own length in words, which the scanner compares with the frame's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace thermos {

using Bytes = std::span<const std::byte>;

inline constexpr std::size_t kStreamHeaderBytes = 24;
inline constexpr std::size_t kFrameHeaderBytes = 8;
// A greater length is invalid. Every record is far smaller, and with a wrong, huge length a reader
// would wait for bytes that never come.
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{1} << 20;
inline constexpr std::uint32_t kStreamVersion = 1;

struct StreamHeader {
  std::uint32_t version = kStreamVersion;
  std::uint64_t epoch = 0;  // random, so that no two files share a chain
};

// Writes the 24 bytes to `out`: magic, version, CRC-32C of version and epoch, epoch.
void encode_stream_header(const StreamHeader& header, std::span<std::byte, kStreamHeaderBytes> out);

// Returns the seed of the first frame of a file with this epoch.
std::uint32_t chain_start(std::uint64_t epoch);

constexpr std::size_t frame_size(std::size_t payload) {
  return kFrameHeaderBytes + payload;
}

// Completes a frame in place: `frame` has 8 free bytes and then the payload of `length` bytes.
// Returns the chain value for the next frame. Allocates nothing. REQUIRES: `length` is a multiple
// of 8 and at most kMaxPayloadBytes.
std::uint32_t seal_frame(std::uint32_t chain, std::span<std::byte> frame, std::size_t length);

// What FrameScanner found at an offset of a stream.
enum class Verdict : std::uint8_t {
  Record,   // a complete, valid record
  End,      // the bytes end exactly here; an empty file ends at offset 0
  Torn,     // the bytes end inside a record, or in zeros: a write that did not complete
  Corrupt,  // anything else; offset() and why() tell the place and the reason
};

// Reads the frames of a stream one after another. It never reads outside the span. After any
// verdict but Record, next() returns that verdict again.
class FrameScanner {
 public:
  // Starts at the header. `file` starts at offset 0 of the file. The scanner borrows the bytes.
  explicit FrameScanner(Bytes file);
  // Continues behind a record. `file` starts at offset 0 of the file; `offset` and `chain` come
  // from an earlier scanner or from the writer.
  FrameScanner(Bytes file, std::size_t offset, std::uint32_t chain);
  // Continues behind a record. `bytes` starts at `offset` of the file.
  static FrameScanner tail(Bytes bytes, std::size_t offset, std::uint32_t chain);

  Verdict next();

  // After Record: the record's payload, a part of the span. It is 8-byte aligned if the start of
  // the file is.
  Bytes payload() const { return payload_; }
  // The file offset behind the last valid record (or behind the header, or 0) and the chain value
  // there. A writer truncates a torn tail to this offset, and continues with both.
  std::size_t offset() const { return offset_; }
  std::uint32_t chain() const { return chain_; }
  // After Corrupt: says what is wrong. After Torn: says what follows the last valid record. A text
  // for messages.
  const std::string& why() const { return why_; }

 private:
  std::optional<Verdict> read_header();
  Verdict next_frame(Bytes rest, std::uint32_t length);
  Verdict stop(Verdict verdict, std::string why);

  Bytes bytes_;
  std::size_t base_ = 0;  // the file offset of bytes_[0]
  std::size_t offset_ = 0;
  std::uint32_t chain_ = 0;
  bool at_header_ = false;
  std::optional<Verdict> stopped_;
  Bytes payload_;
  std::string why_;
};

}  // namespace thermos
