// Streams under contention and on machines that refuse.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include "stream_fixture.h"

namespace thermos {
namespace {

class StreamFaults : public StreamFixture {};

TEST_F(StreamFaults, OneHolderAtATime) {
  EXPECT_FALSE(*stream_is_locked(path())) << "no such file";
  {
    auto first = StreamWriter::open(path());
    ASSERT_TRUE(first.ok());
    const auto second = StreamWriter::open(path());
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::Busy);
    EXPECT_TRUE(*stream_is_locked(path()));
  }
  EXPECT_FALSE(*stream_is_locked(path()));
  EXPECT_TRUE(StreamWriter::open(path()).ok());
}

TEST_F(StreamFaults, TheLockLivesInTheDescriptorGivenAway) {
  Descriptor given;
  {
    auto writer = StreamWriter::open(path());
    ASSERT_TRUE(writer.ok());
    given = writer->release();
    EXPECT_FALSE(writer->append(header()).ok());
  }
  EXPECT_TRUE(*stream_is_locked(path()));
  Descriptor copy(::dup(given.get()));
  given.reset();
  EXPECT_TRUE(*stream_is_locked(path()));
  copy.reset();
  EXPECT_FALSE(*stream_is_locked(path()));
}

// Whoever asks about a lock takes it shared for a moment. It may be a long one: they may be
// stopped.
TEST_F(StreamFaults, AQuestionIsNotWaitedFor) {
  make_stream(1);
  Descriptor asking(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(asking.get(), LOCK_SH | LOCK_NB), 0);
  // One that waited would wait for ever: nobody else is here to let go.
  const auto refused = StreamWriter::open(path());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::Busy);
  EXPECT_FALSE(*stream_is_locked(path())) << "it is no leader that keeps us out";
  asking.reset();
  EXPECT_TRUE(StreamWriter::open(path()).ok());
}

TEST_F(StreamFaults, AQuestionKeepsNobodyOutWhoIsPatient) {
  make_stream(1);
  std::atomic<bool> done{false};
  std::thread asking([&] {
    while (!done) EXPECT_TRUE(stream_is_locked(path()).ok());
  });
  for (int i = 0; i < 3000; ++i) {
    const auto writer = StreamWriter::open_patiently(path());
    EXPECT_TRUE(writer.ok()) << writer.error().message;
  }
  done = true;
  asking.join();
}

// One replaces the file under its lock, as compaction does; the other must never end up with the
// lock of a file that has lost its name.
TEST_F(StreamFaults, ALockIsOnTheFileThatTheNameMeans) {
  make_stream(1);
  std::atomic<bool> done{false};
  std::thread replacing([&] {
    while (!done) {
      const auto old = StreamWriter::open(path());
      if (!old) continue;
      std::filesystem::remove(path("next"));
      const auto next = StreamWriter::open(path("next"));
      EXPECT_TRUE(next.ok());
      std::filesystem::rename(path("next"), path());
    }
  });
  for (int held = 0; held < 2000;) {
    const auto writer = StreamWriter::open(path());
    if (!writer) {
      EXPECT_EQ(writer.error().code, ErrorCode::Busy) << writer.error().message;
      std::this_thread::yield();
      continue;
    }
    struct stat ours {};
    struct stat named {};
    ASSERT_EQ(::fstat(writer->fd(), &ours), 0);
    ASSERT_EQ(::stat(path().c_str(), &named), 0);
    EXPECT_EQ(ours.st_ino, named.st_ino);
    ++held;
  }
  done = true;
  replacing.join();
}

// A limit stands for a full disk: a write that is cut short, and then refused.
TEST_F(StreamFaults, AfterAShortWriteTheStreamIsClosedForGood) {
  make_stream(1);
  const std::string whole = slurp(path());
  std::size_t kept = 0;
  auto writer = lead(path(), kept);
  ASSERT_TRUE(writer.ok());
  const StreamPosition before = writer->position();

  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit tight = old;
  tight.rlim_cur = before.offset + 20;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const Status refused = writer->append(waiting(1));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, ignored);

  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::System);
  EXPECT_NE(refused.error().message.find(path()), std::string::npos);
  EXPECT_NE(refused.error().message.find("offset " + std::to_string(before.offset)),
            std::string::npos)
      << refused.error().message;
  EXPECT_EQ(writer->position().offset, before.offset);
  // There is room again, and still nothing is written by this one.
  EXPECT_EQ(writer->append(waiting(1)).error().message, refused.error().message);
  EXPECT_EQ(writer->sync().error().message, refused.error().message);
  EXPECT_EQ(slurp(path()).size(), before.offset + 20);

  // A new start goes on behind what was recorded.
  writer->release().reset();
  auto next = lead(path(), kept);
  ASSERT_TRUE(next.ok()) << next.error().message;
  EXPECT_EQ(kept, records(1).size());
  EXPECT_EQ(slurp(path()), whole);
  EXPECT_TRUE(next->append(waiting(1)).ok());
  EXPECT_EQ(read_runner_stream(path())->history.process(0).next_run, 2U);
}

TEST_F(StreamFaults, AFailedSyncIsNeverForgotten) {
  auto writer = StreamWriter::open(path());
  ASSERT_TRUE(writer.ok());
  const Descriptor file(::dup(writer->fd()));
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Descriptor reading(ends[0]);
  const Descriptor writing(ends[1]);
  // A pipe can't be synced. It stands in for a disk that fails once and then seems well.
  ASSERT_EQ(::dup3(writing.get(), writer->fd(), O_CLOEXEC), writer->fd());
  const Status failed = writer->sync();
  ASSERT_EQ(::dup3(file.get(), writer->fd(), O_CLOEXEC), writer->fd());
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(writer->sync().error().message, failed.error().message);
  EXPECT_EQ(writer->append(header()).error().message, failed.error().message);
  EXPECT_EQ(std::filesystem::file_size(path()), kStreamHeaderBytes);
}

TEST_F(StreamFaults, ATooLargeRecordClosesTheStreamUnwritten) {
  auto writer = StreamWriter::open(path());
  ASSERT_TRUE(writer.ok());
  RunnerHeader large = header();
  large.sandbox.assign(kMaxPayloadBytes, 's');
  EXPECT_FALSE(writer->append(large).ok());
  EXPECT_FALSE(writer->append(header()).ok());
  EXPECT_EQ(std::filesystem::file_size(path()), kStreamHeaderBytes);
}

TEST_F(StreamFaults, AFullDisk) {
  const std::string disk = path("disk");
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  }
  struct Unmount {
    const std::string& disk;
    ~Unmount() { ::umount2(disk.c_str(), MNT_DETACH); }
  } unmount{disk};
  const std::string stream = disk + "/runner";
  std::ofstream(disk + "/ballast") << std::string(16384, 'x');
  std::uint32_t run = 0;
  std::string message;
  {
    auto writer = StreamWriter::open(stream);
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    append_all(*writer, {header(), TaskStatus{}});
    for (; run < 100'000; ++run) {
      const Status appended = writer->append(waiting(run));
      if (!appended) {
        message = appended.error().message;
        break;
      }
      const Status ended = writer->append(failed(run));
      if (!ended) {
        message = ended.error().message;
        break;
      }
    }
    EXPECT_FALSE(StreamWriter::open(disk + "/another").ok()) << "no room for a header";
  }
  EXPECT_NE(message.find("No space left on device"), std::string::npos) << message;
  ASSERT_GT(run, 10U);
  std::filesystem::remove(disk + "/ballast");
  std::size_t kept = 0;
  auto next = lead(stream, kept);
  ASSERT_TRUE(next.ok()) << next.error().message;
  EXPECT_GE(kept, 2 + 2 * std::size_t{run}) << "what was recorded is kept";
  EXPECT_LE(kept, 3 + 2 * std::size_t{run});
  EXPECT_TRUE(next->append(kept % 2 == 0 ? Record(waiting(run)) : Record(failed(run))).ok());
  EXPECT_TRUE(read_runner_stream(stream).ok());
}

}  // namespace
}  // namespace thermos
