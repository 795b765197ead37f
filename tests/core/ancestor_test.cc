// Checkpoints that Apache Thermos wrote (tests/ancestor_root), and what damage makes of them.
#include <gtest/gtest.h>

#include <bit>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/ancestor/ancestor_history.h"
#include "core/ancestor/checkpoint.h"
#include "core/ancestor/thrift.h"

namespace thermos::ancestor {
namespace {

using Buffer = std::vector<std::byte>;

Buffer slurp(const std::string& name) {
  std::ifstream file(THERMOS_SOURCE "/tests/ancestor_root/checkpoints/" + name, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Buffer bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

// ---- writing such streams ----

void put(Buffer& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<std::byte>(value >> (8 * i)));
}
void put_field(Buffer& out, ThriftType type, int id) {
  put(out, static_cast<std::uint64_t>(type), 1);
  put(out, static_cast<std::uint64_t>(id), 2);
}
void put_text(Buffer& out, int id, const std::string& text) {
  put_field(out, ThriftType::String, id);
  put(out, text.size(), 4);
  for (const char c : text) out.push_back(static_cast<std::byte>(c));
}
void put_i32(Buffer& out, int id, std::int32_t value) {
  put_field(out, ThriftType::I32, id);
  put(out, static_cast<std::uint32_t>(value), 4);
}
void put_i64(Buffer& out, int id, std::int64_t value) {
  put_field(out, ThriftType::I64, id);
  put(out, static_cast<std::uint64_t>(value), 8);
}
void put_time(Buffer& out, int id, double seconds) {
  put_field(out, ThriftType::Double, id);
  put(out, std::bit_cast<std::uint64_t>(seconds), 8);
}
void put_frame(Buffer& out, int id, Buffer inner) {
  put(inner, 0, 1);
  Buffer payload;
  put_field(payload, ThriftType::Struct, id);
  payload.insert(payload.end(), inner.begin(), inner.end());
  put(payload, 0, 1);
  put(out, payload.size(), 4);
  out.insert(out.end(), payload.begin(), payload.end());
}
Buffer header_fields() {
  Buffer inner;
  put_text(inner, 1, "t");
  put_i64(inner, 2, 5000);
  put_text(inner, 5, "jane");
  return inner;
}
Buffer process_fields(std::int64_t seq, int state, const std::string& name = "p") {
  Buffer inner;
  put_i64(inner, 1, seq);
  put_text(inner, 3, name);
  put_i32(inner, 5, state);
  return inner;
}
Buffer task_fields(int state, std::int64_t at) {
  Buffer inner;
  put_i32(inner, 1, state);
  put_i64(inner, 2, at);
  return inner;
}

// ---- reading them ----

struct Reading {
  AncestorHistory past;
  std::size_t records = 0;
  Verdict verdict = Verdict::End;
  std::string why;
  std::string refused;
};

Reading read(Bytes bytes) {
  Reading reading;
  Scanner scanner(bytes);
  while ((reading.verdict = scanner.next()) == Verdict::Record) {
    ++reading.records;
    const Status taken = reading.past.take(scanner.record());
    if (taken) continue;
    EXPECT_EQ(taken.error().code, ErrorCode::Corrupt);
    reading.refused = taken.error().message;
    break;
  }
  reading.why = scanner.why();
  return reading;
}

History history_of(const Reading& reading) {
  auto history = reading.past.finish({"id", "/logs", "mark"});
  EXPECT_TRUE(history.ok()) << (history ? "" : history.error().message);
  return history ? std::move(*history) : History();
}

const Run& last_run(const History& history, const std::string& process) {
  return *history.process(history.find(process).value()).current();
}

TEST(Ancestor, AFailureThatWasRetried) {
  const Buffer bytes = slurp("failure/runner");
  ASSERT_TRUE(is_stream(bytes));
  const Reading reading = read(bytes);
  EXPECT_EQ(reading.verdict, Verdict::End) << reading.why << reading.refused;
  EXPECT_TRUE(reading.past.ended());
  const History history = history_of(reading);
  EXPECT_EQ(history.state(), TaskState::Success);
  EXPECT_EQ(history.header()->task_id, "failure");
  EXPECT_EQ(history.header()->sandbox, "/tmp/thermos.kfezsG/sandbox");
  EXPECT_EQ(history.header()->user, "wickman");
  EXPECT_EQ(history.header()->uid, 501U) << "the header has none: the runner's";
  EXPECT_EQ(history.header()->log_dir, "/logs") << "the header has none";
  EXPECT_EQ(history.header()->launch_time, 1337097948131000);
  const ProcessHistory& third = history.process(history.find("p3").value());
  EXPECT_EQ(third.runs.size(), 3U);
  EXPECT_EQ(third.totals.failed, 2U);
  EXPECT_EQ(third.totals.success, 1U);
  EXPECT_EQ(third.runs.back().return_code, 0);
  EXPECT_EQ(third.runs.back().stopped->boot - third.runs.back().started->boot,
            third.runs.back().stopped->wall - third.runs.back().started->wall);
  EXPECT_EQ(third.runs.back().coordinator.pid, 0xaa01);
  EXPECT_EQ(third.runs.back().process.pid, 0xaa02);
  EXPECT_EQ(history.steps().front().reason, "mark");
  EXPECT_EQ(history.steps().back().reason, "");
  EXPECT_EQ(history.steps()[1].status.deadline.wall, 0) << "no such time is on record there";
}

TEST(Ancestor, AKilledTaskEndsBeforeItsProcess) {
  const History history = history_of(read(slurp("sleep60/runner")));
  EXPECT_EQ(history.state(), TaskState::Killed);
  EXPECT_EQ(last_run(history, "sleep").state, ProcessState::Killed);
  EXPECT_FALSE(last_run(history, "sleep").return_code) << "-1 is what its runner did not see";
  EXPECT_EQ(history.steps().size(), 4U) << "two leaders, a CLEANING between, and the end";
}

TEST(Ancestor, WhatWasActiveIsLost) {
  const Reading reading = read(slurp("sleep60-lost/runner"));
  EXPECT_FALSE(reading.past.ended());
  const History history = history_of(reading);
  EXPECT_EQ(history.state(), TaskState::Lost);
  EXPECT_NE(history.steps().back().reason, "");
  const auto& run = last_run(history, "sleep");
  EXPECT_EQ(run.state, ProcessState::Lost);
  EXPECT_EQ(run.process.pid, 0x7ac0);
  EXPECT_FALSE(run.return_code);
  EXPECT_EQ(run.stopped->wall, run.started->wall) << "the latest time on record";
}

// A coordinator wrote what its runner did not live to read.
TEST(Ancestor, ACoordinatorKnowsMore) {
  Buffer runner;
  put_frame(runner, 1, header_fields());
  put_frame(runner, 2, process_fields(0, 0));
  Reading reading = read(runner);
  Buffer stream;
  Buffer forked = process_fields(1, 1);
  put_i32(forked, 10, 77);
  put_frame(stream, 2, forked);
  put_frame(stream, 2, process_fields(2, 2));
  Buffer failed = process_fields(3, 5);
  put_time(failed, 8, 12.5);
  put_i32(failed, 9, 1);
  put_frame(stream, 2, failed);
  put_frame(stream, 2, process_fields(5, 1));  // behind the next run's WAITING
  Scanner scanner(stream);
  while (scanner.next() == Verdict::Record) {
    const Status taken =
        reading.past.take_from_coordinator(std::get<ProcessStep>(scanner.record()));
    ASSERT_TRUE(taken.ok()) << taken.error().message;
  }
  const History history = history_of(reading);
  const ProcessHistory& process = history.process(0);
  ASSERT_EQ(process.runs.size(), 2U);
  EXPECT_EQ(process.runs[0].state, ProcessState::Failed);
  EXPECT_EQ(process.runs[0].coordinator.pid, 77);
  EXPECT_EQ(process.runs[0].stopped->wall, 12'500'000);
  EXPECT_EQ(process.runs[1].state, ProcessState::Lost);
}

TEST(Ancestor, WhatOursWouldNotWrite) {
  Buffer runner;
  put_frame(runner, 3, task_fields(0, 4000));  // before the header
  put_frame(runner, 1, header_fields());
  put_frame(runner, 2, process_fields(0, 0, "never"));
  put_frame(runner, 2, process_fields(1, 5, "never"));  // FAILED, neither launched nor stopped
  put_frame(runner, 2, process_fields(0, 0, "killed"));
  put_frame(runner, 2, process_fields(1, 4, "killed"));  // KILLED while WAITING
  put_frame(runner, 2, process_fields(0, 0, "waits"));
  put_frame(runner, 3, task_fields(5, 6000));
  put_frame(runner, 3, task_fields(0, 6500));  // ACTIVE again, by a new runner
  put_frame(runner, 3, task_fields(2, 7000));
  put_frame(runner, 3, task_fields(3, 8000));  // a second end
  const Reading reading = read(runner);
  EXPECT_EQ(reading.verdict, Verdict::End) << reading.why << reading.refused;
  const History history = history_of(reading);
  EXPECT_EQ(history.state(), TaskState::Killed);
  EXPECT_EQ(history.steps().back().status.at.wall, 8'000'000);
  const auto& never = last_run(history, "never");
  EXPECT_EQ(never.state, ProcessState::Failed);
  EXPECT_FALSE(never.started);
  EXPECT_NE(never.reason, "");
  EXPECT_EQ(last_run(history, "killed").state, ProcessState::Killed);
  EXPECT_EQ(last_run(history, "waits").state, ProcessState::Waiting) << "it has lost nothing";
}

TEST(Ancestor, ATaskMayFinalizeAtOnce) {
  Buffer runner;
  put_frame(runner, 3, task_fields(6, 6000));  // FINALIZING
  const History history = history_of(read(runner));
  EXPECT_EQ(history.state(), TaskState::Lost);
  EXPECT_EQ(history.steps().size(), 4U) << "ACTIVE, CLEANING, FINALIZING, LOST";
}

TEST(Ancestor, UnknownFieldsArePassedOver) {
  Buffer inner = header_fields();
  put_field(inner, ThriftType::Map, 90);
  put(inner, static_cast<std::uint64_t>(ThriftType::String), 1);
  put(inner, static_cast<std::uint64_t>(ThriftType::List), 1);
  put(inner, 1, 4);
  put(inner, 1, 4);
  put(inner, 'k', 1);
  put(inner, static_cast<std::uint64_t>(ThriftType::Bool), 1);
  put(inner, 2, 4);
  put(inner, 0x0101, 2);
  put_i32(inner, 91, 7);
  put_i32(inner, 8, 1234);
  Buffer runner;
  put_frame(runner, 1, inner);
  const Reading reading = read(runner);
  EXPECT_EQ(reading.verdict, Verdict::End) << reading.why;
  EXPECT_EQ(history_of(reading).header()->uid, 1234U);
}

// Refused with a reason, and not by exhausting the stack or the memory.
TEST(Ancestor, NoiseIsRefused) {
  const auto why = [](const Buffer& inner, int id) {
    Buffer stream;
    put_frame(stream, id, inner);
    const Reading reading = read(stream);
    EXPECT_EQ(reading.verdict, Verdict::Corrupt);
    return reading.why;
  };
  Buffer deep = header_fields();
  for (int i = 0; i < 100'000; ++i) put_field(deep, ThriftType::Struct, 50);
  EXPECT_EQ(why(deep, 1), "values nested too deep");
  Buffer many = header_fields();
  put_field(many, ThriftType::List, 50);
  put(many, static_cast<std::uint64_t>(ThriftType::Bool), 1);
  put(many, 0x7fffffff, 4);
  EXPECT_EQ(why(many, 1), "a record that ends inside a value");
  EXPECT_NE(why(process_fields(0, 7), 2).find("state 7"), std::string::npos);
  EXPECT_NE(why(process_fields(-1, 0), 2).find("negative sequence"), std::string::npos);
  EXPECT_NE(why(process_fields(0, 0, ""), 2).find("without a name"), std::string::npos);
  EXPECT_NE(why(task_fields(0, -1), 3).find("time"), std::string::npos);
  Buffer never = process_fields(0, 0);
  put_time(never, 8, 1e300);
  EXPECT_NE(why(never, 2).find("time"), std::string::npos);
  EXPECT_NE(why({}, 4).find("tells nothing"), std::string::npos);
}

TEST(Ancestor, AGapOrAWrongOrderIsRefused) {
  const auto refused = [](const std::vector<Buffer>& steps) {
    Buffer stream;
    for (const Buffer& step : steps) put_frame(stream, 2, step);
    return read(stream).refused;
  };
  EXPECT_NE(refused({process_fields(0, 0), process_fields(2, 1)}).find("gap"), std::string::npos);
  EXPECT_NE(refused({process_fields(0, 0), process_fields(1, 3)}).find("SUCCESS can't follow"),
            std::string::npos);
  EXPECT_NE(refused({process_fields(0, 1)}).find("can't follow nothing"), std::string::npos);
  EXPECT_EQ(refused({process_fields(0, 0), process_fields(0, 0)}), "") << "a repeat";
}

class AncestorDamage : public ::testing::TestWithParam<const char*> {};

TEST_P(AncestorDamage, EveryCutIsATornTail) {
  const Buffer bytes = slurp(GetParam());
  const std::size_t all = read(bytes).records;
  ASSERT_GT(all, 1U);
  std::size_t before = 0;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    // A copy, so that a read beyond the cut is one beyond the allocation.
    const Buffer kept(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut));
    const Reading reading = read(kept);
    EXPECT_NE(reading.verdict, Verdict::Corrupt) << cut << ": " << reading.why;
    EXPECT_EQ(reading.verdict == Verdict::End, cut == 0 || reading.records == before + 1)
        << "clean between two records alone; cut at " << cut;
    EXPECT_EQ(reading.refused, "") << cut;
    before = reading.records;
    static_cast<void>(history_of(reading));
  }
  EXPECT_EQ(before, all);
}

TEST_P(AncestorDamage, EveryFlippedBitIsMet) {
  const Buffer bytes = slurp(GetParam());
  std::size_t corrupt = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    Buffer flipped = bytes;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    const Reading reading = read(flipped);
    if (reading.verdict == Verdict::Corrupt) ++corrupt;
    EXPECT_EQ(reading.why.empty(), reading.verdict == Verdict::End || !reading.refused.empty());
    static_cast<void>(history_of(reading));
  }
  EXPECT_GT(corrupt, 0U);
}

// A wrong length must not make the rest of the file look like a write that was cut short.
TEST_P(AncestorDamage, ALongerLengthIsNoTornTail) {
  Buffer bytes = slurp(GetParam());
  for (const int bit : {1, 4, 7}) {
    Buffer longer = bytes;
    longer[2] ^= std::byte{1} << bit;
    EXPECT_EQ(read(longer).verdict, Verdict::Corrupt) << bit;
  }
}

INSTANTIATE_TEST_SUITE_P(Real, AncestorDamage,
                         ::testing::Values("failure/runner", "sleep60/runner",
                                           "sleep60-lost/runner"));

}  // namespace
}  // namespace thermos::ancestor
