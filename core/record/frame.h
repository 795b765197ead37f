// Frames: how records lie in a stream file, as bytes. capnp/FORMAT.md is the same in prose.
//
// A file is a StreamHeader and then frames. A frame is 8 bytes, length and CRC-32C (both little
// endian), then `length` bytes of payload, a multiple of 8. The checksum covers the length and the
// payload and is chained: it is seeded with the frame before, the first one with the file's epoch.
// So a record can't be moved, repeated or taken from an older file unnoticed. A payload is a
// Cap'n Proto message of one segment: it starts with four zero bytes and its own length in words,
// which the scanner holds against the frame's.
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
// A length above this is never true: the largest record is far smaller, and a wild length must not
// make a reader wait for bytes that will never come.
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{1} << 20;
inline constexpr std::uint32_t kStreamVersion = 1;

struct StreamHeader {
  std::uint32_t version = kStreamVersion;
  std::uint64_t epoch = 0;  // random, so that no two files share a chain
};

// Writes the 24 bytes: magic, version, CRC-32C of the other fields, epoch.
void encode_stream_header(const StreamHeader& header, std::span<std::byte, kStreamHeaderBytes> out);

// The chain value that the first frame of a file with this epoch is seeded with.
std::uint32_t chain_start(std::uint64_t epoch);

constexpr std::size_t frame_size(std::size_t payload) {
  return kFrameHeaderBytes + payload;
}

// Completes a frame in place: `frame` holds 8 free bytes and then the payload. REQUIRES: `length`,
// the payload's, is a multiple of 8 and at most kMaxPayloadBytes. Allocates nothing. Returns the
// chain value for the next frame.
std::uint32_t seal_frame(std::uint32_t chain, std::span<std::byte> frame, std::size_t length);

// What stands at a place in a stream.
enum class Verdict : std::uint8_t {
  Record,   // a whole, true record
  End,      // the bytes end exactly here; an empty file is one that ends at offset 0
  Torn,     // the bytes end inside a record, or in zeros: a write that did not complete
  Corrupt,  // anything else; the place and the reason are in the scanner
};

// Reads frames one after another from bytes that start at the file's beginning. It never reads
// outside the span, and once it has said anything but Record it stays there.
class FrameScanner {
 public:
  // `file` starts at offset 0 of the file, header included.
  explicit FrameScanner(Bytes file);
  // Goes on behind a record: `file` still starts at offset 0; `offset` and `chain` are what an
  // earlier scanner, or the writer, said.
  FrameScanner(Bytes file, std::size_t offset, std::uint32_t chain);
  // Goes on behind a record, with only the bytes from `offset` on in hand.
  static FrameScanner tail(Bytes bytes, std::size_t offset, std::uint32_t chain);

  Verdict next();

  // After Record: its payload, inside the span given. 8-byte aligned when the span is.
  Bytes payload() const { return payload_; }
  // The file's offset behind the last good record (or behind the header, or 0), and the chain value
  // there: where to cut a torn tail, and where to go on.
  std::size_t offset() const { return offset_; }
  std::uint32_t chain() const { return chain_; }
  // After Corrupt: what is wrong, for people. After Torn: what was left over.
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
