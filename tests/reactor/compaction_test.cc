// Streams put in each other's place, on real files.
#include "reactor/store/compaction.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "core/record/paths.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

class Compaction : public StreamFixture {
 protected:
  using StreamFixture::inode_of;
  static ino_t inode_of(int fd) {
    struct stat info {};
    return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
  }
  // The stream's history, of which the latest `keep` runs stay.
  History shortened(std::size_t keep) const {
    auto stream = read_runner_stream(path());
    EXPECT_TRUE(stream.ok());
    stream->history.drop_old(keep);
    return std::move(stream->history);
  }
};

TEST_F(Compaction, SaysTheSameInLessAndIsWrittenOn) {
  make_stream(1000);
  const auto before = std::filesystem::file_size(path());
  const ino_t old = inode_of(path());
  std::size_t records = 0;
  auto writer = lead(path(), records);
  ASSERT_TRUE(writer.ok());
  const History history = shortened(10);

  auto compacted = compact_stream(path(), history, true);
  ASSERT_TRUE(compacted.ok()) << compacted.error().message;
  EXPECT_NE(inode_of(path()), old);
  EXPECT_EQ(compacted->path(), path());
  EXPECT_EQ(inode_of(compacted->fd()), inode_of(path()));
  EXPECT_LT(std::filesystem::file_size(path()), before / 20);
  EXPECT_EQ(compacted->position().offset, std::filesystem::file_size(path()));
  EXPECT_FALSE(std::filesystem::exists(aside_of(path())));

  ASSERT_TRUE(compacted->append(waiting(1000)).ok());
  ASSERT_TRUE(compacted->append(failed(1000)).ok());
  const auto back = read_runner_stream(path());
  ASSERT_TRUE(back.ok()) << back.error().message;
  History expected = history;
  ASSERT_TRUE(expected.apply(waiting(1000)).ok());
  ASSERT_TRUE(expected.apply(failed(1000)).ok());
  EXPECT_EQ(back->history, expected);
  EXPECT_EQ(back->history.process(0).totals.failed, 1001U);
  EXPECT_EQ(back->history.process(0).next_run, 1001U);
}

// With a thousand compactions, each of which waits for the disk: in memory, where there is one.
class CompactionInMemory : public Compaction {
 protected:
  std::filesystem::path where() const override {
    const std::filesystem::path memory = "/dev/shm";
    return std::filesystem::is_directory(memory) ? memory : Compaction::where();
  }
};

// Whoever tries meanwhile, by any file that the name has meant, is refused.
TEST_F(CompactionInMemory, TheLockMovesWithoutAGap) {
  make_stream(20);
  const History history = shortened(5);
  std::optional<StreamWriter> held;
  {
    auto writer = StreamWriter::open(path());
    ASSERT_TRUE(writer.ok());
    held.emplace(std::move(*writer));
  }
  std::atomic<bool> done{false};
  std::atomic<int> tried{0};
  std::atomic<int> got_in{0};
  std::thread trying([&] {
    while (!done) {
      const auto other = StreamWriter::open(path());
      if (other || other.error().code != ErrorCode::Busy) ++got_in;
      const auto locked = stream_is_locked(path());
      if (!locked || !*locked) ++got_in;
      ++tried;
    }
  });
  for (int round = 0; round < 500 || tried < 500; ++round) {
    auto compacted = compact_stream(path(), history, false);
    ASSERT_TRUE(compacted.ok()) << compacted.error().message;
    held = std::move(*compacted);
  }
  done = true;
  trying.join();
  EXPECT_EQ(got_in, 0);
}

// One who opened the old file before it was replaced, and gets its lock after.
TEST_F(CompactionInMemory, WhoWaitedForTheOldOneGetsTheNew) {
  make_stream(20);
  const History history = shortened(5);
  std::atomic<bool> done{false};
  std::thread compacting([&] {
    while (!done) {
      auto writer = StreamWriter::open(path());
      if (!writer) continue;
      EXPECT_TRUE(compact_stream(path(), history, false).ok());
    }
  });
  for (int entered = 0; entered < 1000;) {
    const auto writer = StreamWriter::open(path());
    if (!writer) {
      EXPECT_EQ(writer.error().code, ErrorCode::Busy);
      continue;
    }
    ++entered;
    EXPECT_EQ(inode_of(writer->fd()), inode_of(path())) << "the lock of a file without a name";
  }
  done = true;
  compacting.join();
}

TEST_F(Compaction, TheOldLockKeepsNobodyOutOfTheNewFile) {
  make_stream(20);
  const Descriptor old(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
  {
    auto writer = StreamWriter::open(path());
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(compact_stream(path(), shortened(5), true).ok());
  }
  ASSERT_EQ(::flock(old.get(), LOCK_EX | LOCK_NB), 0);
  EXPECT_TRUE(StreamWriter::open(path()).ok());
}

TEST_F(Compaction, WhatAnEarlierOneLeftIsInNobodysWay) {
  make_stream(50);
  spit(aside_of(path()), std::string(100'000, 'x'));
  auto writer = StreamWriter::open(path());
  ASSERT_TRUE(writer.ok());
  const History history = shortened(5);
  auto compacted = compact_stream(path(), history, true);
  ASSERT_TRUE(compacted.ok()) << compacted.error().message;
  EXPECT_EQ(read_runner_stream(path())->history, history);
}

TEST_F(Compaction, OnAFullDiskTheOldOneStaysWhole) {
  const std::string disk = path("disk");
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=256k") != 0) {
    GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  }
  struct Unmount {
    const std::string& disk;
    ~Unmount() { ::umount2(disk.c_str(), MNT_DETACH); }
  } unmount{disk};
  const std::string stream = disk + "/runner";
  History history;
  auto writer = StreamWriter::open(stream);
  ASSERT_TRUE(writer.ok());
  for (const Record& record : records(300)) {
    ASSERT_TRUE(writer->append(record).ok());
    ASSERT_TRUE(history.apply(record).ok());
  }
  const std::string bytes = slurp(stream);
  const ino_t inode = inode_of(stream);
  spit(disk + "/ballast", std::string(256 * 1024, 'x'));  // all that was left

  const auto refused = compact_stream(stream, history, true);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("No space"), std::string::npos) << refused.error().message;
  EXPECT_EQ(inode_of(stream), inode);
  EXPECT_EQ(slurp(stream), bytes);
  EXPECT_FALSE(std::filesystem::exists(aside_of(stream)));
  EXPECT_TRUE(*stream_is_locked(stream));
  const auto restarted =
      restart_stream(stream, ProcessSummary{"p", 4, 2, {}, {}, {}, {}, false, 0, false, {}, 0, {}});
  EXPECT_FALSE(restarted.ok());
  EXPECT_EQ(inode_of(stream), inode);

  // Room again: the one that was refused is done by the same writer's owner.
  std::filesystem::remove(disk + "/ballast");
  ASSERT_TRUE(writer->append(waiting(300)).ok()) << "the old one goes on meanwhile";
  ASSERT_TRUE(history.apply(waiting(300)).ok());
  history.drop_old(5);
  const auto compacted = compact_stream(stream, history, true);
  ASSERT_TRUE(compacted.ok()) << compacted.error().message;
  EXPECT_EQ(read_runner_stream(stream)->history, history);
}

TEST_F(Compaction, ACoordinatorsStreamBeginsAnew) {
  const std::string stream = path("coordinator.p");
  auto writer = StreamWriter::open(stream);
  ASSERT_TRUE(writer.ok());
  append_all(*writer, {waiting(0), failed(0)});
  ProcessSummary summary;
  summary.process = "p";
  summary.next_seq = 3;
  summary.next_run = 1;
  auto fresh = restart_stream(stream, summary);
  ASSERT_TRUE(fresh.ok()) << fresh.error().message;
  EXPECT_FALSE(StreamWriter::open(stream).ok());
  writer = std::move(fresh);  // the old lock is given back, the new one stays
  EXPECT_FALSE(StreamWriter::open(stream).ok());
  EXPECT_FALSE(std::filesystem::exists(aside_of(stream)));
  ASSERT_TRUE(writer->append(failed(1)).ok());

  std::vector<Record> seen;
  StreamPosition position;
  const auto end = read_stream(writer->fd(), stream, position, [&](const Record& record) {
    EXPECT_EQ(record, seen.empty() ? Record(summary) : Record(failed(1)));
    seen.emplace_back(RunnerHeader{});  // its views are gone after this call
    return Status(Done{});
  });
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(seen.size(), 2U);
}

// A process may be called "p.compact", and a name may take all the room there is.
TEST_F(Compaction, AsideIsNeverAStream) {
  const std::string longest(243, 'n');
  for (const std::string& process : {std::string("p"), std::string("p.compact"), longest}) {
    const std::string aside = aside_of(path(coordinator_file(process)));
    const std::string name = std::filesystem::path(aside).filename();
    EXPECT_TRUE(process_of_file(name).empty()) << name;
    EXPECT_LE(name.size(), 255U);
  }
  auto other = StreamWriter::open(path(coordinator_file("p.compact")));
  auto writer = StreamWriter::open(path(coordinator_file("p")));
  ASSERT_TRUE(other.ok() && writer.ok());
  ASSERT_TRUE(restart_stream(writer->path(),
                             ProcessSummary{"p", 4, 2, {}, {}, {}, {}, {}, {}, {}, {}, 0, {}})
                  .ok());
  EXPECT_EQ(inode_of(path(coordinator_file("p.compact"))), inode_of(other->fd()));
  auto far = StreamWriter::open(path(coordinator_file(longest)));
  ASSERT_TRUE(far.ok());
  EXPECT_TRUE(restart_stream(far->path(),
                             ProcessSummary{longest, 4, 2, {}, {}, {}, {}, {}, {}, {}, {}, 0, {}})
                  .ok());
}

// ---- a million runs ----------------------------------------------------------------------------

// Both streams of one process, written by the rules of who writes them: the runner's is compacted
// when it is long and little of it would stay, the coordinator's begun anew when it is long.
class LongLived {
 public:
  LongLived(const std::string& runner, const std::string& coordinator)
      : runner_(StreamWriter::open(runner)), coordinator_(StreamWriter::open(coordinator)) {}

  void begin(const RunnerHeader& header) {
    append(header);
    append(TaskStatus{});
  }

  void add_run(std::uint32_t run) {
    ProcessStatus status;
    status.process = "daemon";
    status.seq = std::uint64_t{4} * run;
    status.run = run;
    append(status);
    if (coordinator_->position().offset > kLongCoordinatorStream) {
      ASSERT_TRUE(coordinator_->flush().ok());
      ProcessSummary summary;
      summary.process = "daemon";
      summary.next_seq = status.seq;
      summary.next_run = run;
      auto fresh = restart_stream(coordinator_->path(), summary);
      ASSERT_TRUE(fresh.ok()) << fresh.error().message;
      coordinator_ = std::move(fresh);
    }
    const ProcessState end = run % 7 == 3 ? ProcessState::Failed : ProcessState::Success;
    for (const ProcessState state : {ProcessState::Forked, ProcessState::Running, end}) {
      ++status.seq;
      status.state = state;
      status.at.wall += 1000;
      status.identity = is_terminal(state) ? Identity{} : Identity{4711, status.seq};
      status.boot = state == ProcessState::Forked ? BootId{1, 2} : BootId{};
      if (is_terminal(state)) status.return_code = state == end && run % 7 == 3 ? 1 : 0;
      ASSERT_TRUE(coordinator_->append_later(status).ok());
      append(status);
    }
    compact_if_long();
  }

  void flush() {
    ASSERT_TRUE(runner_->flush().ok());
    ASSERT_TRUE(coordinator_->flush().ok());
  }
  const History& history() const { return history_; }
  std::size_t compactions() const { return compactions_; }

 private:
  void append(const Record& record) {
    ASSERT_TRUE(runner_->append_later(record).ok());
    ASSERT_TRUE(history_.apply(record).ok());
    ++records_;
  }

  void compact_if_long() {
    if (runner_->position().offset < compact_at_) return;
    if (history_.records_after(kKeptRuns) * 3 < records_) {
      ASSERT_TRUE(runner_->flush().ok());
      history_.drop_old(kKeptRuns);
      auto compacted = compact_stream(runner_->path(), history_, false);
      ASSERT_TRUE(compacted.ok()) << compacted.error().message;
      runner_ = std::move(compacted);
      records_ = history_.records_after(kKeptRuns);
      ++compactions_;
    }
    compact_at_ = std::max(kLongStream, 2 * runner_->position().offset);
  }

  Result<StreamWriter> runner_;
  Result<StreamWriter> coordinator_;
  History history_;
  std::size_t records_ = 0;
  std::size_t compact_at_ = kLongStream;
  std::size_t compactions_ = 0;
};

TEST_F(CompactionInMemory, AMillionRunsCostKilobytes) {
  constexpr std::uint32_t kRuns = 1'000'000;
  LongLived process(path("runner"), path("coordinator.daemon"));
  process.begin(header());
  for (std::uint32_t run = 0; run < kRuns; ++run) {
    process.add_run(run);
    if (HasFatalFailure()) return;
  }
  process.flush();
  const auto size = std::filesystem::file_size(path("runner")) +
                    std::filesystem::file_size(path("coordinator.daemon"));
  EXPECT_LT(size, 1024U * 1024U);
  EXPECT_GT(process.compactions(), 100U);

  const auto begin = std::chrono::steady_clock::now();
  const auto back = read_runner_stream(path("runner"));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->history, process.history());
  const ProcessHistory& daemon = back->history.process(0);
  EXPECT_EQ(daemon.totals.all(), kRuns);
  EXPECT_EQ(daemon.totals.failed, (kRuns + 3) / 7);
  EXPECT_EQ(daemon.next_run, kRuns);
  EXPECT_EQ(daemon.first_failed, 3U);
  EXPECT_GE(daemon.runs.size(), kKeptRuns);
  std::printf("%u runs: %ju bytes after %zu compactions, replayed in %.2f ms\n", kRuns,
              static_cast<std::uintmax_t>(size), process.compactions(), took.count());
}

}  // namespace
}  // namespace thermos
