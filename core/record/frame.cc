#include "core/record/frame.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "core/base/crc32c.h"

namespace thermos {
namespace {

// Like PNG's: a first byte that no text starts with, and line ends that a text-mode copy would
// change.
constexpr std::array<std::byte, 8> kMagic = {std::byte{0x93}, std::byte{'T'},  std::byte{'H'},
                                             std::byte{'R'},  std::byte{'\r'}, std::byte{'\n'},
                                             std::byte{0x1a}, std::byte{'\n'}};

// A disk writes this many bytes completely or not at all.
constexpr std::size_t kSector = 512;

// A Cap'n Proto message is at least its segment table and a root pointer.
constexpr std::size_t kMinPayloadBytes = 16;
constexpr std::size_t kSegmentTableBytes = 8;

template <typename T>
T load(Bytes bytes, std::size_t at) {
  T value = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, bytes.data() + at, sizeof value);
  } else {
    for (std::size_t i = sizeof value; i > 0; --i) {
      value = static_cast<T>(value << 8) | std::to_integer<T>(bytes[at + i - 1]);
    }
  }
  return value;
}

template <typename T>
void store(std::span<std::byte> bytes, std::size_t at, T value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
  }
}

bool all_zeros(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

// Whether the part of this frame in some sector is all zeros. `at` is the frame's offset in the
// file. A loss of power during a write causes that; a flipped bit or an edit does not.
bool has_lost_sector(Bytes frame, std::size_t at) {
  for (std::size_t from = 0; from < frame.size();) {
    const std::size_t share = std::min(kSector - (at + from) % kSector, frame.size() - from);
    if (all_zeros(frame.subspan(from, share))) return true;
    from += share;
  }
  return false;
}

std::uint32_t header_crc(std::span<const std::byte, kStreamHeaderBytes> header) {
  return crc32c(crc32c(0, header.subspan(8, 4)), header.subspan(16, 8));
}

}  // namespace

void encode_stream_header(const StreamHeader& header,
                          std::span<std::byte, kStreamHeaderBytes> out) {
  std::copy(kMagic.begin(), kMagic.end(), out.begin());
  store(out, 8, header.version);
  store(out, 16, header.epoch);
  store(out, 12, header_crc(out));
}

std::uint32_t chain_start(std::uint64_t epoch) {
  std::array<std::byte, 8> bytes{};
  store(std::span<std::byte>(bytes), 0, epoch);
  return crc32c(0, bytes);
}

std::uint32_t seal_frame(std::uint32_t chain, std::span<std::byte> frame, std::size_t length) {
  store(frame, 0, static_cast<std::uint32_t>(length));
  const std::uint32_t next =
      crc32c(crc32c(chain, frame.first(4)), frame.subspan(kFrameHeaderBytes, length));
  store(frame, 4, next);
  return next;
}

FrameScanner::FrameScanner(Bytes file) : bytes_(file), at_header_(true) {}

FrameScanner::FrameScanner(Bytes file, std::size_t offset, std::uint32_t chain)
    : bytes_(file), offset_(offset), chain_(chain), at_header_(offset == 0) {}

FrameScanner FrameScanner::tail(Bytes bytes, std::size_t offset, std::uint32_t chain) {
  FrameScanner scanner(bytes, offset, chain);
  scanner.base_ = offset;
  return scanner;
}

Verdict FrameScanner::stop(Verdict verdict, std::string why) {
  stopped_ = verdict;
  why_ = std::move(why);
  payload_ = {};
  return verdict;
}

std::optional<Verdict> FrameScanner::read_header() {
  if (bytes_.empty()) return stop(Verdict::End, {});
  if (bytes_.size() >= kStreamHeaderBytes ? all_zeros(bytes_.first(kStreamHeaderBytes))
                                          : all_zeros(bytes_)) {
    if (all_zeros(bytes_)) return stop(Verdict::Torn, "the file holds nothing but zeros");
    return stop(Verdict::Corrupt, "the file header is zeros and more follows it");
  }
  const std::size_t magic = std::min(bytes_.size(), kMagic.size());
  if (!std::equal(kMagic.begin(), kMagic.begin() + static_cast<std::ptrdiff_t>(magic),
                  bytes_.begin())) {
    return stop(Verdict::Corrupt, "not a checkpoint stream: it starts with other bytes");
  }
  if (bytes_.size() >= 12) {
    const auto version = load<std::uint32_t>(bytes_, 8);
    if (version != kStreamVersion) {
      return stop(Verdict::Corrupt, "stream format " + std::to_string(version) +
                                        ", and this version reads only format " +
                                        std::to_string(kStreamVersion));
    }
  }
  if (bytes_.size() < kStreamHeaderBytes) {
    return stop(Verdict::Torn, std::to_string(bytes_.size()) + " bytes of a file header");
  }
  const auto header = bytes_.first<kStreamHeaderBytes>();
  if (load<std::uint32_t>(header, 12) != header_crc(header)) {
    return stop(Verdict::Corrupt, "the file header's checksum is wrong");
  }
  at_header_ = false;
  offset_ = kStreamHeaderBytes;
  chain_ = chain_start(load<std::uint64_t>(header, 16));
  return std::nullopt;
}

Verdict FrameScanner::next() {
  if (stopped_) return *stopped_;
  if (at_header_) {
    if (const auto verdict = read_header()) return *verdict;
  }
  if (offset_ - base_ > bytes_.size()) {
    return stop(Verdict::Corrupt, "the file is shorter than what was read from it before");
  }
  const Bytes rest = bytes_.subspan(offset_ - base_);
  if (rest.empty()) return stop(Verdict::End, {});
  if (rest.size() < 4) {
    return stop(Verdict::Torn, std::to_string(rest.size()) + " bytes of a record's header");
  }
  const auto length = load<std::uint32_t>(rest, 0);
  if (length == 0 && all_zeros(rest)) {
    return stop(Verdict::Torn, std::to_string(rest.size()) + " zeros");
  }
  if (length < kMinPayloadBytes || length > kMaxPayloadBytes || length % 8 != 0) {
    return stop(Verdict::Corrupt, "a record can't be " + std::to_string(length) + " bytes long");
  }
  if (rest.size() < kFrameHeaderBytes) {
    return stop(Verdict::Torn, std::to_string(rest.size()) + " bytes of a record's header");
  }
  return next_frame(rest, length);
}

Verdict FrameScanner::next_frame(Bytes rest, std::uint32_t length) {
  // The segment table repeats the length. Without this check, a flipped bit in a length could make
  // a record reach beyond the end of the file and look like a torn tail, and later records would be
  // cut.
  const bool table_seen = rest.size() >= kFrameHeaderBytes + kSegmentTableBytes;
  const bool table_true = !table_seen || (load<std::uint32_t>(rest, kFrameHeaderBytes) == 0 &&
                                          load<std::uint32_t>(rest, kFrameHeaderBytes + 4) ==
                                              (length - kSegmentTableBytes) / 8);
  const std::size_t size = frame_size(length);
  if (rest.size() >= size && table_true) {
    const Bytes payload = rest.subspan(kFrameHeaderBytes, length);
    const std::uint32_t crc = crc32c(crc32c(chain_, rest.first(4)), payload);
    if (crc == load<std::uint32_t>(rest, 4)) {
      payload_ = payload;
      offset_ += size;
      chain_ = crc;
      return Verdict::Record;
    }
  }
  const Bytes frame = rest.first(std::min(size, rest.size()));
  const bool last = all_zeros(rest.subspan(frame.size()));
  if (last && has_lost_sector(frame, offset_)) {
    return stop(Verdict::Torn, "a record of which a disk sector was not written");
  }
  if (!table_true) {
    return stop(Verdict::Corrupt, "a record's length differs from its segment table's");
  }
  if (rest.size() < size) {
    return stop(Verdict::Torn,
                std::to_string(rest.size()) + " bytes of a record of " + std::to_string(size));
  }
  return stop(Verdict::Corrupt, "a record's checksum is wrong");
}

}  // namespace thermos
