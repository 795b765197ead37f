#include "capnp/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <random>

#include "stream_bytes.h"

namespace thermos {
namespace {

// A frame's payload alone.
std::vector<std::byte> payload_of(const Record& record) {
  std::vector<std::byte> frame;
  std::uint32_t chain = 0;
  EXPECT_TRUE(append_frame(record, chain, frame));
  return {frame.begin() + kFrameHeaderBytes, frame.end()};
}

ProcessStatus a_status() {
  ProcessStatus status;
  status.process = "p";
  status.state = ProcessState::Success;
  status.return_code = 0;
  return status;
}

// Where things lie in a payload: the segment table, the root pointer, then Record's data.
constexpr std::size_t kData = 16;
void put16(std::vector<std::byte>& payload, std::size_t at, std::uint16_t value) {
  payload[at] = static_cast<std::byte>(value & 0xff);
  payload[at + 1] = static_cast<std::byte>(value >> 8);
}

TEST(Codec, EveryKindOfRecordComesBackAsItWas) {
  const auto records = sample_records();
  const StreamBytes stream = stream_of(1, records);
  const ReadBack back = read_back(stream.bytes);
  EXPECT_EQ(back.verdict, Verdict::End);
  EXPECT_FALSE(back.error);
  EXPECT_EQ(back.records, records);
  EXPECT_EQ(back.offset, stream.bytes.size());
}

TEST(Codec, EveryStateOriginAndExtremeComesBack) {
  std::vector<Record> records;
  for (std::size_t state = 0; state < kProcessStates; ++state) {
    for (std::size_t origin = 0; origin < kOrigins; ++origin) {
      ProcessStatus status = a_status();
      status.state = static_cast<ProcessState>(state);
      status.origin = static_cast<Origin>(origin);
      status.return_code.reset();
      records.emplace_back(status);
    }
  }
  for (std::size_t state = 0; state < kTaskStates; ++state) {
    for (std::size_t goal = 0; goal < kTaskStates; ++goal) {
      TaskStatus status;
      status.state = static_cast<TaskState>(state);
      status.goal = static_cast<TaskState>(goal);
      records.emplace_back(status);
    }
  }
  for (std::size_t shortage = 0; shortage < kShortages; ++shortage) {
    TaskStatus status;
    status.shortage = static_cast<Shortage>(shortage);
    status.shortage_over = shortage % 2 == 1;
    records.emplace_back(status);
  }
  for (int code = -64; code <= 255; ++code) {
    ProcessStatus status = a_status();
    status.return_code = code;
    records.emplace_back(status);
  }
  ProcessStatus far = a_status();
  far.seq = ~std::uint64_t{0};
  far.run = ~std::uint32_t{0};
  far.at = {-1, std::numeric_limits<Microseconds>::max()};
  far.identity = {std::numeric_limits<std::int32_t>::max(), ~std::uint64_t{0}};
  far.boot = {~std::uint64_t{0}, ~std::uint64_t{0}};
  const std::string bytes_of_all_kinds("\x01\xff\xfe\n\"\\ \xe2\x82\xac", 9);
  far.process = bytes_of_all_kinds;
  records.emplace_back(far);
  records.emplace_back(RunnerHeader{"t", "", "", "", "", 0, 0, {}, false, 0, ""});
  using namespace std::string_literals;
  records.emplace_back(RunnerHeader{"t\0t"s,
                                    "\0"s,
                                    "l\0l"s,
                                    "h\0"s,
                                    "\0u"s,
                                    0,
                                    0,
                                    {{"p\0p"s, 1}, {"p"s, 2}},
                                    false,
                                    1,
                                    ""s,
                                    "t\0"s});
  records.emplace_back(
      RunnerHeader{"t", "", "", "", "", 0, 0, {{"p", 1}}, false, 0, "before"s, ""s});
  records.emplace_back(RunnerHeader{"t", "", "", "", "", 0, 0, {}, false, 0, "\0"s, "\0"s});
  const ReadBack back = read_back(stream_of(1, records).bytes);
  EXPECT_EQ(back.records, records);
}

// The same message with an unused word before its root struct: no writer of ours makes that, and
// the library takes it. It is read by another way than ours, and must mean the same.
std::vector<std::byte> written_otherwise(const std::vector<std::byte>& payload) {
  std::vector<std::byte> other = payload;
  other.insert(other.begin() + kData, 8, std::byte{0});
  const std::size_t words = other.size() / 8 - 1;
  for (std::size_t i = 0; i < 4; ++i) other[4 + i] = static_cast<std::byte>(words >> (8 * i));
  other[8] = std::byte{1 << 2};  // the root pointer's offset, in words
  return other;
}

TEST(Codec, AProcessRecordMeansTheSameHoweverItIsLaidOut) {
  std::vector<ProcessStatus> all;
  for (const Record& record : sample_records()) {
    if (const auto* status = std::get_if<ProcessStatus>(&record)) all.push_back(*status);
  }
  for (const auto code : {std::optional<std::int32_t>(), std::optional(0), std::optional(-15),
                          std::optional(255), std::optional(-999), std::optional(1000)}) {
    all.push_back(a_status());
    all.back().return_code = code;
  }
  for (const std::uint32_t failures : {1U, ~0U}) {
    all.push_back(a_status());
    all.back().failures = failures;
  }
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (const Usage& usage :
       {Usage{0, 0, 0}, Usage{1, 2, 3}, Usage{-1, 0, -1}, Usage{kMost, kMost, kMost}}) {
    all.push_back(a_status());
    all.back().usage = usage;
  }
  for (const ProcessStatus& status : all) {
    const auto payload = payload_of(status);
    const auto other = written_otherwise(payload);
    const auto ours = decode(payload);
    const auto by_library = decode(other);
    ASSERT_TRUE(ours.ok() && by_library.ok());
    EXPECT_EQ(*ours, Record(status));
    EXPECT_EQ(*ours, *by_library);
  }
}

// Cuts the last `words` of the root struct's data off, as if its writer did not know those fields.
std::vector<std::byte> without_last(std::vector<std::byte> payload, std::size_t words) {
  const std::size_t data = 13 - words;
  const auto at = payload.begin() + static_cast<std::ptrdiff_t>(kData + 8 * data);
  payload.erase(at, at + static_cast<std::ptrdiff_t>(8 * words));
  payload[4] = static_cast<std::byte>(payload.size() / 8 - 1);
  payload[12] = static_cast<std::byte>(data);
  return payload;
}

TEST(Codec, AnEndOfBeforeThereWasAUsageHasNone) {
  ProcessStatus status = a_status();
  const auto before = payload_of(status);
  status.usage = {1, 2, 3};
  const auto payload = payload_of(status);
  EXPECT_EQ(payload.size(), before.size() + 3 * 8);
  EXPECT_EQ(without_last(payload, 3), before) << "what knows no usage is as it was";
  for (const auto& [words, usage] : {std::pair(0, Usage{1, 2, 3}), std::pair(1, Usage{1, 2, -1}),
                                     std::pair(2, Usage{1, -1, -1}), std::pair(3, Usage{})}) {
    const auto cut = without_last(payload, static_cast<std::size_t>(words));
    const auto other = written_otherwise(cut);
    const auto ours = decode(cut);
    const auto by_library = decode(other);
    ASSERT_TRUE(ours.ok() && by_library.ok()) << words;
    EXPECT_EQ(std::get<ProcessStatus>(*ours).usage, usage) << words;
    EXPECT_EQ(*ours, *by_library) << words;
  }
}

TEST(Codec, AnAmountBelowZeroIsNotKnown) {
  ProcessStatus status = a_status();
  status.usage = {-2, std::numeric_limits<Microseconds>::min(), 5};
  const auto payload = payload_of(status);
  EXPECT_EQ(std::get<ProcessStatus>(*decode(payload)).usage, (Usage{-1, -1, 5}));
}

TEST(Codec, ASummaryComesBack) {
  ProcessSummary summary;
  summary.process = "fetch";
  summary.next_seq = 8;
  summary.next_run = 2;
  summary.totals = {1, 2, 3, 4, 2};
  summary.forgiven = {7, 2, 1, 1};
  summary.redefined = 2;
  summary.first_failed = 1;
  summary.failures = ~std::uint32_t{0};
  summary.used = {~std::uint64_t{0}, 5, 1 << 20};
  const std::vector<Record> records = {summary};
  EXPECT_EQ(read_back(stream_of(1, records).bytes).records, records);
}

TEST(Codec, OrdersComeBack) {
  std::vector<Record> records;
  for (std::size_t verb = 0; verb < kVerbs; ++verb) {
    ProcessOrder order;
    order.process = "fetch";
    order.verb = static_cast<Verb>(verb);
    order.at = {1'700'000'000'000'009, 5'000'009};
    order.deadline = {-1, std::numeric_limits<Microseconds>::max()};
    order.reason = verb == 0 ? "" : "asked by pid 1";
    order.revives = verb == 0;
    order.redefines = verb == 1;
    records.emplace_back(order);
  }
  EXPECT_EQ(read_back(stream_of(1, records).bytes).records, records);
}

TEST(Codec, ReplacementsComeBack) {
  Replacement replacement;
  replacement.generation = 1;
  replacement.at = {1'700'000'000'000'009, 5'000'009};
  std::vector<Record> records{replacement};
  replacement.generation = ~std::uint32_t{0};
  replacement.reason = "asked by pid 1";
  replacement.changed = {"a", std::string(1000, 'b'), "\xc3\xa4"};
  replacement.added = {"c"};
  replacement.removed = {"d", "e"};
  records.emplace_back(replacement);
  EXPECT_EQ(read_back(stream_of(1, records).bytes).records, records);
}

TEST(Codec, AReplacementWithoutANumberOrANameIsNone) {
  Replacement replacement;
  const auto decodes = [&replacement] {
    std::vector<std::byte> frame;
    std::uint32_t chain = 0;
    EXPECT_TRUE(append_frame(replacement, chain, frame));
    return decode(Bytes(frame).subspan(kFrameHeaderBytes)).ok();
  };
  EXPECT_FALSE(decodes());
  replacement.generation = 1;
  EXPECT_TRUE(decodes());
  replacement.removed = {""};
  EXPECT_FALSE(decodes());
}

TEST(Codec, ReportsComeBack) {
  std::vector<Record> records;
  for (std::size_t kind = 0; kind < kReportKinds; ++kind) {
    ProcessReport report;
    report.process = "fetch";
    report.run = 0xfffffffe;
    report.kind = static_cast<ReportKind>(kind);
    report.at = {1'700'000'000'000'009, -1};
    report.text = kind == 0 ? "tcp 127.0.0.1:80" : "";
    records.emplace_back(report);
  }
  ProcessSummary summary;
  summary.process = "fetch";
  summary.next_seq = 4;
  summary.was_ready = true;
  records.emplace_back(summary);
  EXPECT_EQ(read_back(stream_of(1, records).bytes).records, records);
}

TEST(Codec, TheTwoEncodersWriteTheSameBytes) {
  for (const Record& record : sample_records()) {
    const auto* status = std::get_if<ProcessStatus>(&record);
    if (status == nullptr) continue;
    std::vector<std::byte> appended;
    std::uint32_t chain = 77;
    ASSERT_TRUE(append_frame(record, chain, appended));
    alignas(8) std::array<std::byte, kStatusFrameBytes> room;
    room.fill(std::byte{0xee});  // what lies there must not matter
    std::uint32_t same_chain = 77;
    const std::size_t size = encode_frame(*status, same_chain, room);
    ASSERT_EQ(size, appended.size());
    EXPECT_TRUE(std::equal(appended.begin(), appended.end(), room.begin()));
    EXPECT_EQ(chain, same_chain);
  }
}

TEST(Codec, AFrameBehindWhatIsThere) {
  std::vector<std::byte> out(16, std::byte{9});
  std::uint32_t chain = 0;
  ASSERT_TRUE(append_frame(a_status(), chain, out));
  EXPECT_EQ(out.size() % 8, 0U);
  EXPECT_TRUE(std::all_of(out.begin(), out.begin() + 16, [](auto b) { return b == std::byte{9}; }));
}

TEST(Codec, APositionStandsBesideAnyRecord) {
  for (const Record& record : sample_records()) {
    for (const std::uint64_t position : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
      std::vector<std::byte> frame;
      std::uint32_t chain = 0;
      ASSERT_TRUE(append_frame(record, chain, frame, position));
      const Bytes payload = Bytes(frame).subspan(kFrameHeaderBytes);
      EXPECT_EQ(position_of(payload), position);
      const auto back = decode(payload);
      ASSERT_TRUE(back.ok());
      EXPECT_EQ(*back, record);
    }
  }
  EXPECT_EQ(position_of({}), 0U);
  EXPECT_EQ(position_of(std::vector<std::byte>(64, std::byte{7})), 0U);
}

TEST(Codec, TooLittleRoomIsRefusedAndChangesNothing) {
  std::vector<std::byte> whole;
  std::uint32_t chain = 5;
  ASSERT_TRUE(append_frame(a_status(), chain, whole));
  alignas(8) std::array<std::byte, kStatusFrameBytes> room;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::uint32_t untouched = 5;
    EXPECT_EQ(encode_frame(a_status(), untouched, std::span(room).first(size)), 0U);
    EXPECT_EQ(untouched, 5U);
  }
  std::uint32_t moved = 5;
  EXPECT_EQ(encode_frame(a_status(), moved, room), whole.size());
  EXPECT_EQ(moved, chain);
}

TEST(Codec, TheLongestNameAndReasonFit) {
  ProcessStatus status = a_status();
  status.usage = {1, 2, 3};
  const std::string name(243, 'n');
  const std::string reason(5000, 'r');
  status.process = name;
  status.reason = reason;
  alignas(8) std::array<std::byte, kStatusFrameBytes> room;
  std::uint32_t chain = 0;
  const std::size_t size = encode_frame(status, chain, room);
  ASSERT_GT(size, 0U);
  const std::vector<std::byte> payload(room.begin() + kFrameHeaderBytes, room.begin() + size);
  const auto back = decode(payload);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(std::get<ProcessStatus>(*back).process, name);
  EXPECT_EQ(std::get<ProcessStatus>(*back).reason, std::string(kMaxReasonBytes, 'r'));
}

TEST(Codec, AReasonIsCutBetweenCharacters) {
  for (const std::string character : {"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\xa6\x80"}) {
    for (std::size_t shift = 0; shift < 4; ++shift) {
      std::string reason(shift, 'x');
      while (reason.size() < 2 * kMaxReasonBytes) reason += character;
      TaskStatus status;
      status.reason = reason;
      const auto payload = payload_of(status);
      const auto back = decode(payload);
      ASSERT_TRUE(back.ok());
      const auto cut = std::get<TaskStatus>(*back).reason;
      EXPECT_LE(cut.size(), kMaxReasonBytes);
      EXPECT_GT(cut.size() + character.size(), kMaxReasonBytes);
      EXPECT_EQ((cut.size() - shift) % character.size(), 0U);
      EXPECT_TRUE(reason.starts_with(cut));
    }
  }
  // What is not UTF-8 is cut where the room ends.
  TaskStatus status;
  const std::string noise(2000, '\x80');
  status.reason = noise;
  const auto payload = payload_of(status);
  EXPECT_EQ(std::get<TaskStatus>(*decode(payload)).reason.size(), kMaxReasonBytes);
}

TEST(Codec, ARecordThatNoReaderWouldTakeIsNotWritten) {
  RunnerHeader header;
  header.task_id = "t";
  header.sandbox.assign(kMaxPayloadBytes, 's');
  std::vector<std::byte> out(8);
  std::uint32_t chain = 3;
  EXPECT_FALSE(append_frame(header, chain, out));
  EXPECT_EQ(out.size(), 8U);
  EXPECT_EQ(chain, 3U);
}

TEST(Codec, NewerKindsAndStatesAreNamed) {
  const auto expect_error = [](const std::vector<std::byte>& payload, const char* text) {
    const auto record = decode(payload);
    ASSERT_FALSE(record.ok());
    EXPECT_EQ(record.error().code, ErrorCode::Corrupt);
    EXPECT_NE(record.error().message.find(text), std::string::npos) << record.error().message;
    EXPECT_NE(record.error().message.find("newer version"), std::string::npos);
  };
  auto payload = payload_of(a_status());
  put16(payload, kData, 9);
  expect_error(payload, "kind of record 9");
  payload = payload_of(a_status());
  put16(payload, kData + 2, 7);
  expect_error(payload, "process state 7");
  payload = payload_of(a_status());
  put16(payload, kData + 4, 9);
  expect_error(payload, "origin of a process state 9");
  payload = payload_of(TaskStatus{});
  put16(payload, kData + 2, 7);
  expect_error(payload, "task state 7");
  payload = payload_of(TaskStatus{});
  put16(payload, kData + 4, 0xffff);
  expect_error(payload, "task state 65535");
}

// It decides nothing, so that a later version may name more of them.
TEST(Codec, AnUnknownShortageIsSomeOther) {
  TaskStatus status;
  status.shortage = Shortage::Pids;
  auto payload = payload_of(status);
  std::size_t found = 0;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    auto other = payload;
    if (other[i] != static_cast<std::byte>(Shortage::Pids)) continue;
    other[i] = std::byte{200};
    const auto back = decode(other);
    if (!back || !std::holds_alternative<TaskStatus>(*back)) continue;
    found += std::get<TaskStatus>(*back).shortage == Shortage::Other ? 1 : 0;
  }
  EXPECT_EQ(found, 1u);
}

TEST(Codec, ANamelessProcessIsRefused) {
  ProcessStatus status = a_status();
  status.process = {};
  EXPECT_FALSE(decode(payload_of(status)).ok());
  EXPECT_FALSE(decode(payload_of(ProcessSummary{})).ok());
  EXPECT_FALSE(decode(payload_of(RunnerHeader{})).ok());
}

TEST(Codec, OnlyOneSegmentOfTheRightLength) {
  const auto payload = payload_of(a_status());
  for (const std::size_t at : {0, 1, 3, 4, 5, 7}) {
    auto bent = payload;
    bent[at] ^= std::byte{1};
    EXPECT_FALSE(decode(bent).ok()) << at;
  }
  auto longer = payload;
  longer.resize(longer.size() + 8);
  EXPECT_FALSE(decode(longer).ok());
  for (std::size_t size = 0; size < payload.size(); ++size) {
    const std::vector<std::byte> shorter(payload.begin(),
                                         payload.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(decode(shorter).ok()) << size;
  }
}

// Behind a true checksum there may still be nonsense; then it is an error, never a crash.
TEST(Codec, NonsenseBehindATrueChecksumIsAnError) {
  std::mt19937_64 random(11);
  for (const Record& record : sample_records()) {
    const auto payload = payload_of(record);
    for (std::size_t bit = 64; bit < payload.size() * 8; ++bit) {
      auto bent = payload;
      bent[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      const auto back = decode(bent);
      if (!back) {
        EXPECT_EQ(back.error().code, ErrorCode::Corrupt);
      }
    }
    for (int round = 0; round < 3000; ++round) {
      auto bent = payload;
      for (std::uint64_t n = random() % 8 + 1; n > 0; --n) {
        bent[8 + random() % (bent.size() - 8)] = static_cast<std::byte>(random());
      }
      const auto back = decode(bent);
      if (!back) {
        EXPECT_FALSE(back.error().message.empty());
      }
    }
  }
}

// ---- whole streams -----------------------------------------------------------------------------

bool is_prefix(const std::vector<Record>& part, const std::vector<Record>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

TEST(Codec, ARealStreamCutAtEveryByte) {
  const auto records = sample_records();
  const StreamBytes stream = stream_of(99, records);
  for (std::size_t size = 0; size <= stream.bytes.size(); ++size) {
    const std::vector<std::byte> cut(stream.bytes.begin(),
                                     stream.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const ReadBack back = read_back(cut);
    const bool between =
        size == 0 || std::find(stream.ends.begin(), stream.ends.end(), size) != stream.ends.end();
    ASSERT_EQ(back.verdict, between ? Verdict::End : Verdict::Torn) << size;
    ASSERT_FALSE(back.error);
    ASSERT_TRUE(is_prefix(back.records, records)) << size;
    // Cut there, and with the rest written again, it is the whole stream.
    auto mended = cut;
    mended.resize(back.offset);
    mended.insert(mended.end(), stream.bytes.begin() + static_cast<std::ptrdiff_t>(back.offset),
                  stream.bytes.end());
    ASSERT_EQ(read_back(mended).records, records) << size;
  }
}

TEST(Codec, ARealStreamWithEveryBitFlipped) {
  const auto records = sample_records();
  const StreamBytes stream = stream_of(99, records);
  const std::size_t last = stream.ends[stream.ends.size() - 2];
  std::size_t torn = 0;
  for (std::size_t bit = 0; bit < stream.bytes.size() * 8; ++bit) {
    auto bytes = stream.bytes;
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const ReadBack back = read_back(bytes);
    ASSERT_FALSE(back.error) << bit;
    ASSERT_TRUE(is_prefix(back.records, records)) << bit;
    ASSERT_LT(back.records.size(), records.size()) << bit;
    // Torn costs what follows, so nothing may be torn but the last record.
    if (back.verdict == Verdict::Torn) {
      ASSERT_GE(bit / 8, last) << bit;
      ++torn;
    } else {
      ASSERT_EQ(back.verdict, Verdict::Corrupt) << bit;
    }
  }
  EXPECT_EQ(torn, 0U) << "no sector's share of this stream's last record is all zeros";
}

TEST(Codec, RecordsOfAnotherStreamAreRefused) {
  const auto records = sample_records();
  const StreamBytes ours = stream_of(1, records);
  const StreamBytes theirs = stream_of(2, records);
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto bytes = ours.bytes;
    const auto from = static_cast<std::ptrdiff_t>(ours.ends[i]);
    const auto to = static_cast<std::ptrdiff_t>(ours.ends[i + 1]);
    std::copy(theirs.bytes.begin() + from, theirs.bytes.begin() + to, bytes.begin() + from);
    const ReadBack back = read_back(bytes);
    EXPECT_EQ(back.verdict, Verdict::Corrupt);
    EXPECT_EQ(back.records.size(), i);
  }
}

}  // namespace
}  // namespace thermos
