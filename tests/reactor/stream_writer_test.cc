#include "reactor/store/stream_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>

#include "reactor/os/files.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

class StreamWriterTest : public StreamFixture {};

TEST_F(StreamWriterTest, ANewOneIsPrivateLockedAndEmpty) {
  auto writer = StreamWriter::open(path());
  ASSERT_TRUE(writer.ok()) << writer.error().message;
  EXPECT_TRUE(writer->empty());
  EXPECT_EQ(writer->position().offset, kStreamHeaderBytes);
  struct stat made {};
  ASSERT_EQ(::stat(path().c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07777, 0600U);
  EXPECT_NE(::fcntl(writer->fd(), F_GETFL) & O_APPEND, 0);
  EXPECT_NE(::fcntl(writer->fd(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_TRUE(*stream_is_locked(path()));
  ASSERT_TRUE(writer->append(header()).ok());
  EXPECT_FALSE(writer->empty());
  EXPECT_TRUE(writer->sync().ok());
}

TEST_F(StreamWriterTest, ACoordinatorsStaysEmptyUntilItsCoordinatorWrites) {
  auto writer = StreamWriter::open_for_coordinator(path());
  ASSERT_TRUE(writer.ok()) << writer.error().message;
  EXPECT_EQ(slurp(path()), "");
  EXPECT_EQ(writer->position().offset, 0U);
  EXPECT_NE(*writer->begin_later(), *writer->begin_later());
  EXPECT_TRUE(*stream_is_locked(path()));
}

TEST_F(StreamWriterTest, ATornHeaderOfACoordinatorsIsCutToNothing) {
  make_stream(0);
  const std::string header = slurp(path());
  for (std::size_t bytes = 1; bytes < kStreamHeaderBytes; ++bytes) {
    std::ofstream(path(), std::ios::binary) << header.substr(0, bytes);
    auto writer = StreamWriter::open_for_coordinator(path());
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(writer->resume_at({}, StreamEnd::Torn).ok());
    EXPECT_EQ(slurp(path()), "");
    EXPECT_EQ(writer->size(), 0U);
  }
}

TEST_F(StreamWriterTest, EpochsDiffer) {
  ASSERT_TRUE(StreamWriter::open(path("a")).ok());
  ASSERT_TRUE(StreamWriter::open(path("b")).ok());
  EXPECT_NE(slurp(path("a")), slurp(path("b")));
}

TEST_F(StreamWriterTest, CutAtEveryByteItIsResumedWithNothingLost) {
  make_stream(2);
  const std::string whole = slurp(path());
  std::vector<std::size_t> ends{0};
  {
    FrameScanner scanner(std::as_bytes(std::span(whole)));
    while (scanner.next() == Verdict::Record) ends.push_back(scanner.offset());
  }
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    spit(path(), whole.substr(0, size));
    std::size_t kept = 0;
    auto writer = lead(path(), kept);
    ASSERT_TRUE(writer.ok()) << size << ": " << writer.error().message;
    std::size_t complete = 0;
    while (complete + 1 < ends.size() && ends[complete + 1] <= size) ++complete;
    ASSERT_EQ(kept, complete) << size;
    ASSERT_TRUE(writer->append(waiting(9)).ok());
    StreamPosition position;
    std::string last;
    const auto end = read_stream(writer->fd(), path(), position, [&](const Record& record) {
      ++kept;
      if (const auto* status = std::get_if<ProcessStatus>(&record)) last = status->process;
      return Status(Done{});
    });
    ASSERT_TRUE(end.ok()) << size << ": " << end.error().message;
    ASSERT_EQ(*end, StreamEnd::Clean);
    ASSERT_EQ(kept, 2 * complete + 1);
    ASSERT_EQ(last, "p");
  }
}

TEST_F(StreamWriterTest, ZerosAtTheEndAreCutOff) {
  make_stream(1);
  const std::string whole = slurp(path());
  for (const std::size_t zeros : {1, 8, 4096, 1 << 20}) {
    spit(path(), whole + std::string(zeros, '\0'));
    std::size_t kept = 0;
    ASSERT_TRUE(lead(path(), kept).ok()) << zeros;
    EXPECT_EQ(slurp(path()), whole);
    EXPECT_EQ(kept, records(1).size());
  }
  spit(path(), std::string(100, '\0'));
  std::size_t kept = 0;
  auto begun = lead(path(), kept);
  ASSERT_TRUE(begun.ok());
  EXPECT_EQ(std::filesystem::file_size(path()), kStreamHeaderBytes);
  EXPECT_TRUE(begun->append(header()).ok());
}

TEST_F(StreamWriterTest, TheLogSaysWhatWasCutOff) {
  make_stream(1);
  std::size_t kept = 0;
  ASSERT_TRUE(lead(path(), kept).ok());
  EXPECT_EQ(logged(), "") << "nothing to say of a whole stream";
  const std::size_t size = slurp(path()).size();
  spit(path(), slurp(path()) + std::string(13, '\0'));
  ASSERT_TRUE(lead(path(), kept).ok());
  for (const std::string& part : {path(), std::string("13 bytes"), "offset " + std::to_string(size),
                                  std::string("warning")}) {
    EXPECT_NE(logged().find(part), std::string::npos) << logged();
  }
}

TEST_F(StreamWriterTest, NothingIsAppendedBeforeTheEndIsKnown) {
  make_stream(1);
  const std::string whole = slurp(path());
  auto writer = StreamWriter::open(path());
  ASSERT_TRUE(writer.ok());
  EXPECT_FALSE(writer->empty());
  EXPECT_FALSE(writer->append(waiting(1)).ok());
  // Not the end of the file, whatever the caller says.
  EXPECT_FALSE(writer->resume_at({kStreamHeaderBytes, 0}, StreamEnd::Clean).ok());
  EXPECT_FALSE(writer->resume_at({whole.size() + 8, 0}, StreamEnd::Torn).ok());
  EXPECT_EQ(slurp(path()), whole);
}

// As compaction does it: written aside in large pieces, then put in place.
TEST_F(StreamWriterTest, ManyRecordsWithFewWritesUnderAnotherName) {
  make_stream(1);
  auto writer = StreamWriter::open(path("aside"));
  ASSERT_TRUE(writer.ok());
  const auto all = records(1000);
  ASSERT_TRUE(writer->append(all.front()).ok());
  for (std::size_t i = 1; i + 1 < all.size(); ++i) ASSERT_TRUE(writer->append_later(all[i]).ok());
  ASSERT_TRUE(writer->append(all.back()).ok()) << "and what waited goes before it";
  ASSERT_TRUE(writer->flush().ok());
  EXPECT_EQ(writer->position().offset, slurp(path("aside")).size());
  ASSERT_TRUE(writer->rename_to(path()).ok());
  EXPECT_EQ(writer->path(), path());
  ASSERT_TRUE(writer->append(waiting(1000)).ok());
  EXPECT_TRUE(*stream_is_locked(path()));
  const auto last = decode(writer->last_payload());
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(*last, Record(waiting(1000)));
  const auto stream = read_runner_stream(path());
  ASSERT_TRUE(stream.ok()) << stream.error().message;
  EXPECT_EQ(stream->history.process(0).next_run, 1001U);
  EXPECT_FALSE(writer->rename_to(path("none/runner")).ok());
  EXPECT_EQ(writer->path(), path());
}

// Its lock was given away: two of them believe to be the only one.
TEST_F(StreamWriterTest, OneWhoseStreamAnotherHasWrittenWritesNothingMore) {
  auto first = StreamWriter::open(path());
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(first->append(header()).ok());
  const StreamPosition end = first->position();
  ::flock(first->fd(), LOCK_UN);
  auto second = StreamWriter::open(path());
  ASSERT_TRUE(second.ok());
  ASSERT_TRUE(second->resume_at(end, StreamEnd::Clean).ok());
  ASSERT_TRUE(second->append(header()).ok());
  const std::string written = slurp(path());
  for (int tries = 0; tries < 2; ++tries) {
    const Status refused = first->append(header());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::Busy);
    EXPECT_NE(refused.error().message.find("another leads this task"), std::string::npos);
  }
  EXPECT_EQ(slurp(path()), written);
  EXPECT_TRUE(second->append(header()).ok());
}

TEST_F(StreamWriterTest, SoDoesOneWhoseStreamAnotherHasCompacted) {
  auto first = StreamWriter::open(path());
  ASSERT_TRUE(first.ok());
  auto second = StreamWriter::open(path("aside"));
  ASSERT_TRUE(second.ok());
  ASSERT_TRUE(second->rename_to(path()).ok());
  EXPECT_EQ(first->append(header()).error().code, ErrorCode::Busy);
  EXPECT_TRUE(second->append(header()).ok());
}

TEST_F(StreamWriterTest, DirectoriesAreSynced) {
  EXPECT_TRUE(sync_directory(std::filesystem::path(path()).parent_path()).ok());
  EXPECT_EQ(sync_directory(path("none")).error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace thermos
