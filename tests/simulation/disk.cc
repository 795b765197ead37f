#include "disk.h"

#include <algorithm>
#include <utility>

#include "capnp/codec.h"
#include "core/record/frame.h"
#include "core/record/sole_writer.h"

namespace thermos::sim {
namespace {

constexpr std::uint64_t kEpoch = 0x5eed;
constexpr std::size_t kSector = 512;

}  // namespace

Disk::File Disk::empty(std::uint64_t generation) {
  File file;
  file.bytes.resize(kStreamHeaderBytes);
  file.synced = kStreamHeaderBytes;
  file.chain = chain_start(kEpoch);
  file.generation = generation;
  encode_stream_header({kStreamVersion, kEpoch}, std::span<std::byte, kStreamHeaderBytes>(
                                                     file.bytes.data(), file.bytes.size()));
  return file;
}

Disk::Disk() : file_(empty(0)) {}

Result<Record> Disk::append(const Record& record) {
  const std::size_t begin = file_.bytes.size();
  const std::uint32_t before = file_.chain;
  append_frame(record, file_.chain, file_.bytes);
  FrameScanner scanner(file_.bytes, begin, before);
  if (scanner.next() != Verdict::Record) {
    return Error{ErrorCode::Corrupt, "an appended frame does not read back: " + scanner.why()};
  }
  if (scanner.chain() != file_.chain || scanner.offset() != file_.bytes.size()) {
    return Error{ErrorCode::Corrupt, "writer and reader disagree on where a frame ends"};
  }
  return decode(scanner.payload());
}

Result<Record> Disk::append(const Record& record, End& end) {
  if (has_another_writer(end.size, file_.bytes.size(), end.generation == file_.generation)) {
    return Error{ErrorCode::Busy, "another writes the stream"};
  }
  file_.chain = end.chain;
  auto written = append(record);
  end = this->end();
  return written;
}

void Disk::append_part(const Record& record, Random& random) {
  const std::size_t begin = file_.bytes.size();
  std::uint32_t chain = file_.chain;
  append_frame(record, chain, file_.bytes);
  file_.bytes.resize(begin + random.below(static_cast<std::uint32_t>(file_.bytes.size() - begin)));
}

void Disk::fail_sync(Random& random) {
  if (random.chance(50)) return;  // it stays in memory
  lose_behind(std::max(file_.synced, file_.acted_on), random);
}

void Disk::lose_tail(bool names, Random& random) {
  if (names && before_ && random.chance(50)) file_ = std::move(*before_);
  before_.reset();
  lose_behind(file_.synced, random);
}

void Disk::lose_behind(std::size_t from, Random& random) {
  const std::size_t whole = file_.bytes.size();
  std::size_t left = from + random.below(static_cast<std::uint32_t>(whole - from + 1));
  const bool zeros = random.chance(30);
  // A file that was made longer on the disk and not yet filled has zeros from a sector on.
  if (zeros) left = std::max(from, left / kSector * kSector);
  file_.bytes.resize(left);
  if (zeros) file_.bytes.resize(whole);
}

Status Disk::rewrite(const History& history) {
  Disk fresh;
  auto given = history.rewrite([&fresh](const Record& record) -> Status {
    auto appended = fresh.append(record);
    if (!appended) return appended.error();
    return Done{};
  });
  if (!given) return given.error();
  fresh.sync();
  if (!before_) before_ = std::move(file_);
  file_ = std::move(fresh.file_);
  file_.generation = ++generations_;
  return Done{};
}

Result<Disk::Replay> Disk::recover() {
  Replay replay;
  FrameScanner scanner{Bytes(file_.bytes)};
  for (;;) {
    switch (scanner.next()) {
      case Verdict::Record: {
        auto record = decode(scanner.payload());
        if (!record) return record.error();
        auto outcome = replay.history.apply(*record);
        if (!outcome) return outcome.error();
        if (*outcome == History::Outcome::Repeat) {
          return Error{ErrorCode::Corrupt, "a runner wrote the same record twice"};
        }
        ++replay.records;
        continue;
      }
      case Verdict::Corrupt:
        return Error{ErrorCode::Corrupt, scanner.why()};
      case Verdict::End:
      case Verdict::Torn:
        break;
    }
    break;
  }
  file_.bytes.resize(scanner.offset());
  file_.synced = std::min(file_.synced, file_.bytes.size());
  file_.acted_on = file_.bytes.size();
  file_.chain = scanner.chain();
  return replay;
}

}  // namespace thermos::sim
