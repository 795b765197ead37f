#include "disk.h"

#include <algorithm>

#include "capnp/codec.h"
#include "core/record/frame.h"

namespace thermos::sim {
namespace {

constexpr std::uint64_t kEpoch = 0x5eed;
constexpr std::size_t kSector = 512;

}  // namespace

Disk::Disk()
    : bytes_(kStreamHeaderBytes), synced_(kStreamHeaderBytes), chain_(chain_start(kEpoch)) {
  encode_stream_header({kStreamVersion, kEpoch},
                       std::span<std::byte, kStreamHeaderBytes>(bytes_.data(), bytes_.size()));
}

Result<Record> Disk::append(const Record& record) {
  const std::size_t begin = bytes_.size();
  const std::uint32_t before = chain_;
  append_frame(record, chain_, bytes_);
  FrameScanner scanner(bytes_, begin, before);
  if (scanner.next() != Verdict::Record) {
    return Error{ErrorCode::Corrupt, "an appended frame does not read back: " + scanner.why()};
  }
  if (scanner.chain() != chain_ || scanner.offset() != bytes_.size()) {
    return Error{ErrorCode::Corrupt, "writer and reader disagree on where a frame ends"};
  }
  return decode(scanner.payload());
}

void Disk::append_part(const Record& record, Random& random) {
  const std::size_t begin = bytes_.size();
  std::uint32_t chain = chain_;
  append_frame(record, chain, bytes_);
  bytes_.resize(begin + random.below(static_cast<std::uint32_t>(bytes_.size() - begin)));
}

void Disk::lose_tail(Random& random) {
  const std::size_t whole = bytes_.size();
  std::size_t left = synced_ + random.below(static_cast<std::uint32_t>(whole - synced_ + 1));
  const bool zeros = random.chance(30);
  // A file that was made longer on the disk and not yet filled has zeros from a sector on.
  if (zeros) left = std::max(synced_, left / kSector * kSector);
  bytes_.resize(left);
  if (zeros) bytes_.resize(whole);
}

Result<Disk> Disk::rewritten(const History& history) {
  Disk disk;
  auto given = history.rewrite([&disk](const Record& record) -> Status {
    auto appended = disk.append(record);
    if (!appended) return appended.error();
    return Done{};
  });
  if (!given) return given.error();
  disk.sync();
  return disk;
}

Result<Disk::Replay> Disk::recover() {
  Replay replay;
  FrameScanner scanner{Bytes(bytes_)};
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
  bytes_.resize(scanner.offset());
  synced_ = bytes_.size();
  chain_ = scanner.chain();
  return replay;
}

}  // namespace thermos::sim
