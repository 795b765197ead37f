// Streams in memory, for the tests of the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "capnp/codec.h"
#include "core/record/frame.h"

namespace thermos {

// The bytes of a stream. `ends` has the offset behind the header and behind each record.
struct StreamBytes {
  std::vector<std::byte> bytes;
  std::vector<std::size_t> ends;
};

inline StreamBytes stream_of(std::uint64_t epoch, const std::vector<Record>& records) {
  StreamBytes stream;
  stream.bytes.resize(kStreamHeaderBytes);
  StreamHeader header;
  header.epoch = epoch;
  encode_stream_header(header, std::span<std::byte, kStreamHeaderBytes>(stream.bytes));
  stream.ends.push_back(stream.bytes.size());
  std::uint32_t chain = chain_start(epoch);
  for (const Record& record : records) {
    append_frame(record, chain, stream.bytes);
    stream.ends.push_back(stream.bytes.size());
  }
  return stream;
}

// What a reader gets from the bytes of a stream.
struct ReadBack {
  std::vector<std::vector<std::byte>> payloads;
  std::vector<Record> records;  // views point into `payloads`
  Verdict verdict = Verdict::Record;
  std::optional<Error> error;  // of the first payload that is not a record
  std::size_t offset = 0;
};

inline ReadBack read_back(std::span<const std::byte> bytes) {
  ReadBack back;
  FrameScanner scanner(bytes);
  while (!back.error && (back.verdict = scanner.next()) == Verdict::Record) {
    const Bytes payload = scanner.payload();
    // A copy of exactly that size, so that a sanitizer sees a read beyond it.
    auto& copy = back.payloads.emplace_back(payload.begin(), payload.end());
    const auto record = decode(copy);
    if (record) {
      back.records.push_back(*record);
    } else {
      back.error = record.error();
    }
  }
  back.offset = scanner.offset();
  return back;
}

inline std::string hex(std::span<const std::byte> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte b : bytes) {
    text += kDigits[std::to_integer<unsigned>(b) >> 4];
    text += kDigits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

inline std::vector<std::byte> unhex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(digit(text[i]) * 16 + digit(text[i + 1])));
  }
  return bytes;
}

// Records of most kinds; each field has a value that differs from the others.
inline constexpr std::uint64_t kSampleEpoch = 0x0123456789abcdef;

inline std::vector<Record> sample_records() {
  RunnerHeader header;
  header.task_id = "job-20240102-030405.000006";
  header.sandbox = "/srv/job";
  header.log_dir = "/srv/job/.logs";
  header.hostname = "node1";
  header.user = "ada";
  header.uid = 1000;
  header.launch_time = 1'700'000'000'000'001;
  header.ports = {{"admin", 65535}, {"http", 8080}};
  header.chroot = true;
  header.keep_logs = 7;

  TaskStatus active;
  active.state = TaskState::Active;
  active.at = {1'700'000'000'000'002, 5'000'001};
  active.runner_pid = 4242;
  active.runner_uid = 1000;
  active.boot = {0x1122334455667788, 0x99aabbccddeeff00};

  ProcessSummary summary;
  summary.process = "compact";
  summary.next_seq = 40;
  summary.next_run = 10;
  summary.totals = {4, 3, 2, 1};
  summary.first_failed = 5;
  summary.started = true;
  summary.last_end = {1'700'000'000'000'000, 4'000'000};
  summary.boot = active.boot;

  ProcessStatus waiting;
  waiting.process = "fetch";
  waiting.seq = 0;
  waiting.run = 0;
  waiting.state = ProcessState::Waiting;
  waiting.at = {1'700'000'000'000'003, 5'000'002};

  ProcessStatus forked = waiting;
  forked.seq = 1;
  forked.state = ProcessState::Forked;
  forked.identity = {4300, 123456};
  forked.boot = active.boot;
  forked.at = {1'700'000'000'000'004, 5'000'003};

  ProcessStatus running = waiting;
  running.seq = 2;
  running.state = ProcessState::Running;
  running.identity = {4301, 123457};
  running.at = {1'700'000'000'000'005, 5'000'004};

  ProcessStatus failed = waiting;
  failed.seq = 3;
  failed.state = ProcessState::Failed;
  failed.origin = Origin::FoundAtResume;
  failed.at = {1'700'000'000'000'006, 5'000'005};
  failed.return_code = -11;
  failed.reason = "Speicherzugriffsfehler \xc3\xbc";

  TaskStatus cleaning = active;
  cleaning.state = TaskState::Cleaning;
  cleaning.goal = TaskState::Failed;
  cleaning.at = {1'700'000'000'000'007, 5'000'006};
  cleaning.deadline = {1'700'000'030'000'007, 35'000'006};
  cleaning.reason = "fetch failed";

  return {header, active, summary, waiting, forked, running, failed, cleaning};
}

}  // namespace thermos
