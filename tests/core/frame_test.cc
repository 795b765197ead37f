#include "core/record/frame.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace thermos {
namespace {

constexpr std::uint64_t kEpoch = 0x0123456789abcdef;

using Buffer = std::vector<std::byte>;

void put32(Buffer& out, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<std::byte>(value >> (8 * i));
}

// A payload as any message starts: its segment table, and then `words` of noise without a zero.
Buffer payload_of(std::uint32_t words, std::uint64_t seed = 7) {
  Buffer payload(8 + words * std::size_t{8});
  put32(payload, 4, words);
  std::mt19937_64 random(seed);
  for (std::size_t i = 8; i < payload.size(); ++i)
    payload[i] = static_cast<std::byte>(random() | 1);
  return payload;
}

// A stream in the making: its bytes, and the offset behind each frame.
struct Stream {
  Buffer bytes;
  std::uint32_t chain = 0;
  std::vector<std::size_t> ends;
  std::vector<Buffer> payloads;

  explicit Stream(std::uint64_t epoch = kEpoch) : bytes(kStreamHeaderBytes) {
    StreamHeader header;
    header.epoch = epoch;
    encode_stream_header(header, std::span<std::byte, kStreamHeaderBytes>(bytes));
    chain = chain_start(epoch);
    ends.push_back(bytes.size());
  }
  void add(const Buffer& payload) {
    const std::size_t at = bytes.size();
    bytes.resize(at + frame_size(payload.size()));
    std::memcpy(bytes.data() + at + kFrameHeaderBytes, payload.data(), payload.size());
    chain = seal_frame(chain, std::span(bytes).subspan(at), payload.size());
    ends.push_back(bytes.size());
    payloads.push_back(payload);
  }
  static Stream of(std::uint32_t frames, std::uint32_t words) {
    Stream stream;
    for (std::uint32_t i = 0; i < frames; ++i) stream.add(payload_of(words + i % 3, i));
    return stream;
  }
};

struct Scan {
  std::vector<Buffer> payloads;
  Verdict verdict = Verdict::Record;
  std::size_t offset = 0;
  std::uint32_t chain = 0;
  std::string why;
};

Scan scan(FrameScanner scanner) {
  Scan result;
  while ((result.verdict = scanner.next()) == Verdict::Record) {
    result.payloads.emplace_back(scanner.payload().begin(), scanner.payload().end());
  }
  EXPECT_EQ(scanner.next(), result.verdict) << "a verdict stands";
  result.offset = scanner.offset();
  result.chain = scanner.chain();
  result.why = scanner.why();
  return result;
}
// A copy of exactly this size, so that a sanitizer sees a read beyond it.
Scan scan(const Buffer& bytes) {
  const Buffer exact(bytes.begin(), bytes.end());
  return scan(FrameScanner(exact));
}

bool is_prefix(const std::vector<Buffer>& part, const std::vector<Buffer>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

TEST(Frame, ReadsWhatWasWritten) {
  const Stream stream = Stream::of(20, 5);
  const Scan all = scan(stream.bytes);
  EXPECT_EQ(all.verdict, Verdict::End);
  EXPECT_EQ(all.payloads, stream.payloads);
  EXPECT_EQ(all.offset, stream.bytes.size());
  EXPECT_EQ(all.chain, stream.chain);
}

TEST(Frame, AnEmptyFileEndsAtZero) {
  const Scan none = scan(Buffer{});
  EXPECT_EQ(none.verdict, Verdict::End);
  EXPECT_EQ(none.offset, 0U);
  const Scan header = scan(Stream().bytes);
  EXPECT_EQ(header.verdict, Verdict::End);
  EXPECT_EQ(header.offset, kStreamHeaderBytes);
  EXPECT_EQ(header.chain, chain_start(kEpoch));
}

TEST(Frame, GoesOnBehindARecord) {
  const Stream stream = Stream::of(4, 3);
  FrameScanner first(stream.bytes);
  ASSERT_EQ(first.next(), Verdict::Record);
  ASSERT_EQ(first.next(), Verdict::Record);
  const Scan same = scan(FrameScanner(stream.bytes, first.offset(), first.chain()));
  const Scan tail = scan(FrameScanner::tail(Bytes(stream.bytes).subspan(first.offset()),
                                            first.offset(), first.chain()));
  for (const Scan& rest : {same, tail}) {
    EXPECT_EQ(rest.verdict, Verdict::End);
    EXPECT_EQ(rest.payloads, std::vector(stream.payloads.begin() + 2, stream.payloads.end()));
    EXPECT_EQ(rest.offset, stream.bytes.size());
  }
  const Scan shrunk =
      scan(FrameScanner(Bytes(stream.bytes).first(first.offset() - 1), first.offset(), 0));
  EXPECT_EQ(shrunk.verdict, Verdict::Corrupt);
}

TEST(Frame, CutAtEveryByteIsTornOrEndsThere) {
  const Stream stream = Stream::of(12, 9);
  for (std::size_t size = 0; size <= stream.bytes.size(); ++size) {
    const Scan cut =
        scan(Buffer(stream.bytes.begin(), stream.bytes.begin() + std::ptrdiff_t(size)));
    const bool between = size == 0 || std::count(stream.ends.begin(), stream.ends.end(), size) > 0;
    ASSERT_EQ(cut.verdict, between ? Verdict::End : Verdict::Torn) << size << ": " << cut.why;
    ASSERT_TRUE(is_prefix(cut.payloads, stream.payloads));
    const auto behind = std::upper_bound(stream.ends.begin(), stream.ends.end(), size);
    ASSERT_EQ(cut.offset, behind == stream.ends.begin() ? 0 : *std::prev(behind));
    ASSERT_EQ(cut.payloads.size(),
              behind == stream.ends.begin() ? 0 : std::size_t(behind - stream.ends.begin()) - 1);
  }
}

TEST(Frame, EveryFlippedBitIsCorruptAtItsRecord) {
  const Stream stream = Stream::of(5, 4);
  for (std::size_t bit = 0; bit < stream.bytes.size() * 8; ++bit) {
    Buffer bytes = stream.bytes;
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const Scan flipped = scan(bytes);
    // Never Torn: a torn tail is cut off, and here the records behind the bit are good ones.
    ASSERT_EQ(flipped.verdict, Verdict::Corrupt) << "bit " << bit;
    ASSERT_FALSE(flipped.why.empty());
    const auto behind = std::upper_bound(stream.ends.begin(), stream.ends.end(), bit / 8);
    ASSERT_EQ(flipped.offset, behind == stream.ends.begin() ? 0 : *std::prev(behind)) << bit;
    ASSERT_TRUE(is_prefix(flipped.payloads, stream.payloads));
  }
}

// Cut and flipped at once: whatever the verdict, no record that was not written.
TEST(Frame, RandomDamageNeverYieldsAWrongRecord) {
  const Stream stream = Stream::of(8, 70);
  std::mt19937_64 random(3);
  for (int round = 0; round < 20000; ++round) {
    Buffer bytes(stream.bytes.begin(),
                 stream.bytes.begin() + std::ptrdiff_t(random() % (stream.bytes.size() + 1)));
    for (std::uint64_t n = random() % 4; n > 0 && !bytes.empty(); --n) {
      const std::size_t at = random() % bytes.size();
      const std::size_t size = std::min<std::size_t>(random() % 600, bytes.size() - at);
      const bool zero = random() % 2 == 0;
      for (std::size_t i = at; i < at + size; ++i) {
        bytes[i] = zero ? std::byte{0} : static_cast<std::byte>(random());
      }
    }
    ASSERT_TRUE(is_prefix(scan(bytes).payloads, stream.payloads)) << round;
  }
}

TEST(Frame, ZerosToTheEndAreTorn) {
  const Stream stream = Stream::of(3, 5);
  for (const std::size_t zeros : {1, 3, 4, 7, 8, 9, 100, 4096, 100000}) {
    Buffer bytes = stream.bytes;
    bytes.resize(bytes.size() + zeros);
    const Scan torn = scan(bytes);
    EXPECT_EQ(torn.verdict, Verdict::Torn) << zeros;
    EXPECT_EQ(torn.offset, stream.bytes.size());
    EXPECT_EQ(torn.payloads.size(), 3U);
    if (zeros >= 8) {
      bytes.back() = std::byte{1};
      EXPECT_EQ(scan(bytes).verdict, Verdict::Corrupt) << zeros;
    }
  }
  for (const std::size_t zeros : {1, 23, 24, 25, 4096}) {
    const Scan nothing = scan(Buffer(zeros));
    EXPECT_EQ(nothing.verdict, Verdict::Torn) << zeros;
    EXPECT_EQ(nothing.offset, 0U);
  }
  Buffer headless = stream.bytes;
  std::fill_n(headless.begin(), kStreamHeaderBytes, std::byte{0});
  EXPECT_EQ(scan(headless).verdict, Verdict::Corrupt);
}

// The last record in place and of full length, with a sector of it that never reached the disk.
TEST(Frame, ALostSectorOfTheLastRecordIsTorn) {
  Stream stream = Stream::of(2, 5);
  const std::size_t good = stream.bytes.size();
  stream.add(payload_of(200));
  for (std::size_t sector = good / 512 + 1; sector * 512 < stream.bytes.size(); ++sector) {
    Buffer bytes = stream.bytes;
    const std::size_t from = sector * 512;
    const std::size_t to = std::min(from + 512, bytes.size());
    std::fill(bytes.begin() + std::ptrdiff_t(from), bytes.begin() + std::ptrdiff_t(to),
              std::byte{0});
    EXPECT_EQ(scan(bytes).verdict, Verdict::Torn) << sector;
    EXPECT_EQ(scan(bytes).offset, good);
    // And a block of zeros that the file was grown by, behind it.
    Buffer grown = bytes;
    grown.resize(8192);
    EXPECT_EQ(scan(grown).verdict, Verdict::Torn);

    // Not a whole sector's share: no disk does that.
    Buffer spoiled = bytes;
    spoiled[from] = std::byte{1};
    EXPECT_EQ(scan(spoiled).verdict, Verdict::Corrupt) << sector;

    // And nothing that was followed by a record was ever torn.
    Stream longer = stream;
    longer.add(payload_of(3));
    std::fill(longer.bytes.begin() + std::ptrdiff_t(from),
              longer.bytes.begin() + std::ptrdiff_t(to), std::byte{0});
    EXPECT_EQ(scan(longer.bytes).verdict, Verdict::Corrupt) << sector;
  }
}

TEST(Frame, WildLengthsAreCorrupt) {
  for (const std::uint32_t length :
       {1U, 7U, 8U, 15U, 17U, 20U, 0x00100001U, 0x00100008U, 0x7fffffffU, 0xffffffffU}) {
    Stream stream = Stream::of(1, 4);
    const std::size_t at = stream.bytes.size();
    stream.bytes.resize(at + 64, std::byte{1});
    put32(stream.bytes, at, length);
    const Scan wild = scan(stream.bytes);
    EXPECT_EQ(wild.verdict, Verdict::Corrupt) << length;
    EXPECT_EQ(wild.offset, at);
    EXPECT_NE(wild.why.find(std::to_string(length)), std::string::npos) << wild.why;
  }
}

TEST(Frame, TheLargestRecordIsRead) {
  Stream stream;
  stream.add(payload_of(kMaxPayloadBytes / 8 - 1));
  const Scan all = scan(stream.bytes);
  EXPECT_EQ(all.verdict, Verdict::End);
  EXPECT_EQ(all.payloads, stream.payloads);
}

TEST(Frame, TheChainRefusesWhatWasMoved) {
  Stream stream = Stream::of(4, 6);
  const auto frame = [&](const Stream& of, std::size_t i) {
    return Buffer(of.bytes.begin() + std::ptrdiff_t(of.ends[i]),
                  of.bytes.begin() + std::ptrdiff_t(of.ends[i + 1]));
  };
  const auto expect_refused = [&](const std::vector<Buffer>& frames, std::size_t good) {
    Buffer bytes(stream.bytes.begin(), stream.bytes.begin() + kStreamHeaderBytes);
    for (const Buffer& f : frames) bytes.insert(bytes.end(), f.begin(), f.end());
    const Scan refused = scan(bytes);
    EXPECT_EQ(refused.verdict, Verdict::Corrupt);
    EXPECT_EQ(refused.payloads.size(), good);
  };
  const Buffer a = frame(stream, 0);
  const Buffer b = frame(stream, 1);
  const Buffer c = frame(stream, 2);
  expect_refused({a, b, b, c}, 2);  // twice
  expect_refused({a, c, b}, 1);     // in another order
  expect_refused({b, c}, 0);        // the first taken out
  // The very same payloads, under another epoch.
  Stream stale(kEpoch + 1);
  for (const Buffer& payload : stream.payloads) stale.add(payload);
  expect_refused({a, frame(stale, 1), c}, 1);
  expect_refused({frame(stale, 0)}, 0);
}

TEST(Frame, ForeignFilesAndVersionsAreNamed) {
  Buffer text(40);
  std::memcpy(text.data(), "{\"tasks\": []} is not a stream of records", 40);
  EXPECT_EQ(scan(text).verdict, Verdict::Corrupt);
  EXPECT_NE(scan(text).why.find("not a checkpoint stream"), std::string::npos);
  for (std::size_t size = 1; size < 40; ++size) {
    EXPECT_EQ(scan(Buffer(text.begin(), text.begin() + std::ptrdiff_t(size))).verdict,
              Verdict::Corrupt);
  }
  StreamHeader next;
  next.version = kStreamVersion + 1;
  Buffer newer(kStreamHeaderBytes);
  encode_stream_header(next, std::span<std::byte, kStreamHeaderBytes>(newer));
  EXPECT_EQ(scan(newer).verdict, Verdict::Corrupt);
  EXPECT_NE(scan(newer).why.find("stream format 2"), std::string::npos) << scan(newer).why;
}

}  // namespace
}  // namespace thermos
