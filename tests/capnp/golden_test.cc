// The bytes of the format, so that they can't change unnoticed. A change here is a new format
// version, but for new fields: streams that people have on their disks look like this.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "stream_bytes.h"

namespace thermos {
namespace {

// sample_records() under kSampleEpoch: a line for each frame's header, then its payload, five words
// a line.
constexpr const char* kGolden =
    // the file header
    "935448520d0a1a0a01000000c40b89f3efcdab8967452301"
    // header
    "400100000aa69bb5"
    "0000000027000000000000000a000200000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000004000000030006000000000000000000e803000001000000"
    "01401e18240a0600630000000000000015000000da000000210000004a000000250000007a000000"
    "2900000032000000290000002200000029000000270000006a6f622d32303234303130322d303330"
    "3430352e3030303030360000000000002f7372762f6a6f6200000000000000002f7372762f6a6f62"
    "2f2e6c6f677300006e6f64653100000061646100000000000800000001000100ffff000000000000"
    "0900000032000000901f000000000000050000002a00000061646d696e0000006874747000000000"
    // task ACTIVE
    "700000002b0197dc"
    "000000000d000000000000000a000200010000000300000002401e18240a0600414b4c0000000000"
    "92100000e8030000887766554433221100ffeeddccbbaa9900000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000"
    // summary
    "180100001a50606b"
    "0000000022000000000000000a000200030000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000040000001300010000000000000000002800000000000000"
    "0a000000faffffff0400000000000000030000000000000002000000000000000100000000000000"
    "00401e18240a060000093d0000000000887766554433221100ffeeddccbbaa990100000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000100000042000000636f6d7061637400"
    // process WAITING
    "7800000054095021"
    "000000000e000000000000000a000200020000000000000000000000000000000000000000000000"
    "000000000000000003401e18240a0600424b4c000000000000000000000000000000000000000000"
    "00000000000000000000000000000000050000003200000000000000000000006665746368000000"
    // process FORKED
    "78000000013ceaa4"
    "000000000e000000000000000a0002000200010000000000010000000000000000000000cc100000"
    "40e201000000000004401e18240a0600434b4c000000000000000000000000008877665544332211"
    "00ffeeddccbbaa990000000000000000050000003200000000000000000000006665746368000000"
    // process RUNNING
    "78000000026afbc4"
    "000000000e000000000000000a0002000200020000000000020000000000000000000000cd100000"
    "41e201000000000005401e18240a0600444b4c000000000000000000000000000000000000000000"
    "00000000000000000000000000000000050000003200000000000000000000006665746368000000"
    // process FAILED
    "980000007ac9a6ce"
    "0000000012000000000000000a000200020004000100000003000000000000000000000000000000"
    "000000000000000006401e18240a0600454b4c0000000000ed030000000000000000000000000000"
    "00000000000000000000000000000000050000003200000005000000d20000006665746368000000"
    "53706569636865727a756772696666736665686c657220c3bc00000000000000"
    // task CLEANING
    "800000002d161b06"
    "000000000f000000000000000a000200010001000400000007401e18240a0600464b4c0000000000"
    "92100000e8030000887766554433221100ffeeddccbbaa998703e819240a0600c60e160200000000"
    "00000000000000000000000000000000050000006a00000000000000000000006665746368206661"
    "696c656400000000";

// The payload of that summary as it was before it had `failures`, and more behind it.
constexpr const char* kShorterSummary =
    "0000000019000000000000000a000200030000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000040000000a00010000000000000000002800000000000000"
    "0a000000faffffff0400000000000000030000000000000002000000000000000100000000000000"
    "00401e18240a060000093d0000000000887766554433221100ffeeddccbbaa990100000042000000"
    "636f6d7061637400";

TEST(Golden, TheBytesOfAStream) {
  const StreamBytes stream = stream_of(kSampleEpoch, sample_records());
  EXPECT_EQ(hex(stream.bytes), kGolden);
}

TEST(Golden, AreReadAsTheyWereMeant) {
  const ReadBack back = read_back(unhex(kGolden));
  EXPECT_EQ(back.verdict, Verdict::End);
  EXPECT_EQ(back.records, sample_records());
}

// The header above is of a task that goes on from none: its bytes are as they were before one
// could.
TEST(Golden, AHeaderThatGoesOnFromATaskHasOnePointerMore) {
  RunnerHeader header = std::get<RunnerHeader>(sample_records()[0]);
  const StreamBytes before = stream_of(kSampleEpoch, {header});
  EXPECT_TRUE(std::string_view(kGolden).starts_with(hex(before.bytes)));
  header.continues = "job-1";
  const StreamBytes after = stream_of(kSampleEpoch, {header});
  EXPECT_EQ(after.bytes.size(), before.bytes.size() + 2 * 8) << "the pointer, and a word of text";
  EXPECT_EQ(read_back(after.bytes).records, std::vector<Record>{header});
}

// A header with what was around its task. What has none is as before: above.
constexpr const char* kTracedHeader =
    "0000000025000000000000000a000200000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000040000000300080000000000000000000000000000000000"
    "000000000000000000000000000000001d000000120000001d0000000a0000001d0000000a000000"
    "1d0000000a0000001d0000000a0000001d00000007000000000000000000000019000000c2010000"
    "74000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000100010030302d3462663932663335373762333464613661336365393239643065306534"
    "3733362d303066303637616130626139303262372d303100";

TEST(Golden, AHeaderWithATraceParent) {
  RunnerHeader header;
  header.task_id = "t";
  header.trace_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const StreamBytes stream = stream_of(kSampleEpoch, {header});
  const std::span bytes(stream.bytes);
  EXPECT_EQ(hex(bytes.subspan(kStreamHeaderBytes + kFrameHeaderBytes)), kTracedHeader);
  const auto back = decode(unhex(kTracedHeader));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(*back, Record(header));
}

// The record of an end with what the run used. What has none is as before: FAILED above.
constexpr const char* kEndWithUsage =
    "0000000011000000000000000d000200020003000000000003000000000000000000000000000000"
    "000000000000000006401e18240a0600454b4c000000000018fcffff000000000000000000000000"
    "00000000000000000000000000000000dfa0edffffffffffcf8affffffffffffffffdffdffffffff"
    "050000001200000000000000000000007000000000000000";

TEST(Golden, AnEndThatSaysWhatTheRunUsed) {
  ProcessStatus status;
  status.process = "p";
  status.seq = 3;
  status.state = ProcessState::Success;
  status.at = {1'700'000'000'000'006, 5'000'005};
  status.return_code = 0;
  status.usage = {1'204'000, 30'000, 35'651'584};
  const StreamBytes stream = stream_of(kSampleEpoch, {status});
  const std::span bytes(stream.bytes);
  EXPECT_EQ(hex(bytes.subspan(kStreamHeaderBytes + kFrameHeaderBytes)), kEndWithUsage);
  const auto payload = unhex(kEndWithUsage);
  const auto back = decode(payload);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(*back, Record(status));
}

TEST(Golden, AFieldThatIsMissingIsReadAsItsDefault) {
  const std::vector<std::byte> payload = unhex(kShorterSummary);
  const auto record = decode(payload);
  ASSERT_TRUE(record.ok()) << record.error().message;
  ProcessSummary summary = std::get<ProcessSummary>(sample_records()[2]);
  summary.started = false;
  summary.failures = 0;
  summary.was_ready = false;
  EXPECT_EQ(*record, Record(summary));
}

// FORMAT.md's hexdump is true: its lines are "    OFFSET  8 bytes    what they mean".
TEST(Golden, TheWorkedExample) {
  std::ifstream document(THERMOS_SOURCE "/capnp/FORMAT.md");
  std::string digits;
  std::size_t lines = 0;
  for (std::string line; std::getline(document, line);) {
    char offset[8];
    std::snprintf(offset, sizeof offset, "%04zx  ", lines * 8);
    if (!line.starts_with("    " + std::string(offset))) continue;
    for (std::size_t i = 0; i < 8; ++i) digits += line.substr(10 + 3 * i, 2);
    ++lines;
  }
  auto forked = std::get<ProcessStatus>(sample_records()[4]);
  forked.process = "a";
  const StreamBytes stream = stream_of(kSampleEpoch, {forked});
  EXPECT_EQ(digits, hex(stream.bytes));
}

}  // namespace
}  // namespace thermos
