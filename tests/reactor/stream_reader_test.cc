#include "reactor/store/stream_reader.h"
#include "reactor/os/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "stream_fixture.h"

namespace thermos {
namespace {

class StreamFile : public StreamFixture {};

TEST_F(StreamFile, ANewOneIsPrivateLockedAndEmpty) {
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

TEST_F(StreamFile, EpochsDiffer) {
  ASSERT_TRUE(StreamWriter::open(path("a")).ok());
  ASSERT_TRUE(StreamWriter::open(path("b")).ok());
  EXPECT_NE(slurp(path("a")), slurp(path("b")));
}

TEST_F(StreamFile, WhatWasAppendedIsRead) {
  make_stream(30);
  const auto stream = read_runner_stream(path());
  ASSERT_TRUE(stream.ok()) << stream.error().message;
  EXPECT_EQ(stream->end, StreamEnd::Clean);
  EXPECT_EQ(stream->position.offset, std::filesystem::file_size(path()));
  EXPECT_EQ(stream->history.header(), header());
  ASSERT_EQ(stream->history.processes().size(), 1U);
  EXPECT_EQ(stream->history.process(0).totals.failed, 30U);
  EXPECT_EQ(stream->history.process(0).runs.back().reason, "no such directory");
}

TEST_F(StreamFile, AReaderGoesOnWhereItStopped) {
  auto writer = StreamWriter::open(path());
  ASSERT_TRUE(writer.ok());
  const Descriptor reader(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
  StreamPosition position;
  std::vector<std::uint64_t> seen;
  const auto take = [&](const Record& record) {
    seen.push_back(std::get<ProcessStatus>(record).seq);
    return Status(Done{});
  };
  ASSERT_EQ(*read_stream(reader.get(), path(), position, take), StreamEnd::Clean);
  for (std::uint32_t run = 0; run < 5; ++run) {
    ASSERT_TRUE(writer->append(waiting(run)).ok());
    ASSERT_EQ(*read_stream(reader.get(), path(), position, take), StreamEnd::Clean);
    EXPECT_EQ(seen.size(), run + 1);
    EXPECT_EQ(position.offset, writer->position().offset);
    EXPECT_EQ(position.chain, writer->position().chain);
    ASSERT_EQ(*read_stream(reader.get(), path(), position, take), StreamEnd::Clean);
    EXPECT_EQ(seen.size(), run + 1) << "nothing is read twice";
  }
}

// While the writer lives, half a record means wait: the reader stays before it.
TEST_F(StreamFile, AHalfRecordIsReadWhenItIsWhole) {
  make_stream(2);
  const std::string whole = slurp(path());
  const std::size_t before = read_runner_stream(path())->position.offset - 8;
  spit(path(), whole.substr(0, before));
  const Descriptor file(::open(path().c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
  StreamPosition position;
  std::size_t count = 0;
  const auto take = [&](const Record&) {
    ++count;
    return Status(Done{});
  };
  ASSERT_EQ(*read_stream(file.get(), path(), position, take), StreamEnd::Torn);
  EXPECT_EQ(count, records(2).size() - 1);
  ASSERT_EQ(::write(file.get(), whole.data() + before, 8), 8);
  ASSERT_EQ(*read_stream(file.get(), path(), position, take), StreamEnd::Clean);
  EXPECT_EQ(count, records(2).size());
}

TEST_F(StreamFile, CutAtEveryByteItIsResumedWithNothingLost) {
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

TEST_F(StreamFile, ZerosAtTheEndAreCutOff) {
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

TEST_F(StreamFile, TheLogSaysWhatWasCutOff) {
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

TEST_F(StreamFile, CorruptionNamesFileAndOffsetAndIsLeftAlone) {
  make_stream(3);
  std::string bytes = slurp(path());
  bytes[kStreamHeaderBytes + 40] = static_cast<char>(bytes[kStreamHeaderBytes + 40] ^ 4);
  spit(path(), bytes);
  const auto stream = read_runner_stream(path());
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error().code, ErrorCode::Corrupt);
  EXPECT_NE(stream.error().message.find(path() + ": offset 24: "), std::string::npos)
      << stream.error().message;
  std::size_t kept = 0;
  EXPECT_FALSE(lead(path(), kept).ok());
  EXPECT_EQ(slurp(path()), bytes);
  EXPECT_FALSE(*stream_is_locked(path())) << "who is refused lets go of the lock";
}

TEST_F(StreamFile, WhatTheTakerRefusesStandsBehindThePosition) {
  make_stream(2);
  const Descriptor file(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
  StreamPosition position;
  std::size_t count = 0;
  const auto refuse_third = [&](const Record&) {
    return ++count == 3 ? Status(Error{ErrorCode::System, "no"}) : Status(Done{});
  };
  const auto end = read_stream(file.get(), path(), position, refuse_third);
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code, ErrorCode::System);
  EXPECT_EQ(end.error().message, path() + ": offset " + std::to_string(position.offset) + ": no");
  const auto again = read_stream(file.get(), path(), position, [&](const Record& record) {
    EXPECT_EQ(std::get<ProcessStatus>(record).run, (count - 3) / 2);
    ++count;
    return Status(Done{});
  });
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(count, records(2).size() + 1);
}

TEST_F(StreamFile, AGapInTheSequenceIsCorruptAtItsRecord) {
  {
    auto writer = StreamWriter::open(path());
    ASSERT_TRUE(writer.ok());
    append_all(*writer, {header(), waiting(0)});
    ASSERT_TRUE(writer->append(waiting(5)).ok());
  }
  const auto stream = read_runner_stream(path());
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error().code, ErrorCode::Corrupt);
  EXPECT_NE(stream.error().message.find("record 1 is expected and 10 found"), std::string::npos)
      << stream.error().message;
}

// Longer than any buffer, with one record that is longer than the first of them alone.
TEST_F(StreamFile, LongStreamsAndLongRecords) {
  RunnerHeader large = header();
  large.sandbox.assign(700'000, 's');
  constexpr std::uint32_t kRuns = 8000;
  {
    auto writer = StreamWriter::open(path());
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(writer->append(large).ok());
    for (std::uint32_t run = 0; run < kRuns; ++run) {
      ASSERT_TRUE(writer->append(waiting(run)).ok());
      ASSERT_TRUE(writer->append(failed(run)).ok());
    }
  }
  const std::string whole = slurp(path());
  const auto stream = read_runner_stream(path());
  ASSERT_TRUE(stream.ok()) << stream.error().message;
  EXPECT_EQ(stream->history.header(), large);
  ASSERT_EQ(stream->history.processes().size(), 1U);
  EXPECT_EQ(stream->history.process(0).totals.failed, kRuns);
  EXPECT_EQ(stream->position.offset, whole.size());

  spit(path(), whole + std::string(3 << 20, '\0'));
  const auto grown = read_runner_stream(path());
  ASSERT_TRUE(grown.ok());
  EXPECT_EQ(grown->end, StreamEnd::Torn);
  EXPECT_EQ(grown->position.offset, whole.size());

  std::string bent = whole;
  bent[bent.size() / 2] = static_cast<char>(bent[bent.size() / 2] ^ 1);
  spit(path(), bent);
  EXPECT_FALSE(read_runner_stream(path()).ok());
}

TEST_F(StreamFile, WhatIsNotThereOrNotAFile) {
  EXPECT_EQ(read_runner_stream(path("none")).error().code, ErrorCode::NotFound);
  EXPECT_EQ(StreamWriter::open(path("none/runner")).error().code, ErrorCode::NotFound);
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_FALSE(read_runner_stream(path("fifo")).ok());
  EXPECT_FALSE(StreamWriter::open(path("fifo")).ok());
  EXPECT_FALSE(read_runner_stream(std::filesystem::path(path()).parent_path()).ok());
  std::filesystem::create_symlink(path("elsewhere"), path("link"));
  EXPECT_FALSE(StreamWriter::open(path("link")).ok());
  EXPECT_FALSE(std::filesystem::exists(path("elsewhere")));
  spit(path("text"), "not a stream");
  EXPECT_EQ(read_runner_stream(path("text")).error().code, ErrorCode::Corrupt);
}

TEST_F(StreamFile, AFileThatBecameShorterIsCorrupt) {
  make_stream(2);
  StreamPosition position = read_runner_stream(path())->position;
  std::filesystem::resize_file(path(), position.offset - 8);
  const Descriptor file(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
  const auto end =
      read_stream(file.get(), path(), position, [](const Record&) { return Status(Done{}); });
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code, ErrorCode::Corrupt);
}

TEST_F(StreamFile, NothingIsAppendedBeforeTheEndIsKnown) {
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
TEST_F(StreamFile, ManyRecordsWithFewWritesUnderAnotherName) {
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

TEST_F(StreamFile, DirectoriesAreSynced) {
  EXPECT_TRUE(sync_directory(std::filesystem::path(path()).parent_path()).ok());
  EXPECT_EQ(sync_directory(path("none")).error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace thermos
