#include "reactor/store/stream_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "stream_fixture.h"

namespace thermos {
namespace {

class StreamReaderTest : public StreamFixture {};

TEST_F(StreamReaderTest, WhatWasAppendedIsRead) {
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

TEST_F(StreamReaderTest, AReaderGoesOnWhereItStopped) {
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
TEST_F(StreamReaderTest, InStepsItIsTheSameStream) {
  make_stream(300);
  const Descriptor file(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<std::vector<std::byte>> whole;
  StreamPosition at_once;
  const auto all = read_part(file.get(), path(), at_once, 1 << 20, [&](Bytes payload) {
    whole.emplace_back(payload.begin(), payload.end());
    return Status(Done{});
  });
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(**all, StreamEnd::Clean);
  ASSERT_EQ(whole.size(), 602U);
  // 8 bytes hold no record at all, and one is taken all the same.
  for (const std::size_t room : {std::size_t{8}, std::size_t{256}, std::size_t{4096}}) {
    std::vector<std::vector<std::byte>> pieces;
    StreamPosition position;
    std::optional<StreamEnd> end;
    while (!end) {
      const std::size_t before = pieces.size();
      const auto part = read_part(file.get(), path(), position, room, [&](Bytes payload) {
        pieces.emplace_back(payload.begin(), payload.end());
        return Status(Done{});
      });
      ASSERT_TRUE(part.ok()) << part.error().message;
      end = *part;
      ASSERT_TRUE(end || pieces.size() > before) << "a step that goes nowhere";
      ASSERT_LE((pieces.size() - before) * 64, std::max<std::size_t>(room, 512));
    }
    EXPECT_EQ(*end, StreamEnd::Clean);
    EXPECT_EQ(pieces, whole);
    EXPECT_EQ(position.offset, at_once.offset);
  }
}

TEST_F(StreamReaderTest, AHalfRecordIsReadWhenItIsWhole) {
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

TEST_F(StreamReaderTest, CorruptionNamesFileAndOffsetAndIsLeftAlone) {
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

TEST_F(StreamReaderTest, WhatTheTakerRefusesStandsBehindThePosition) {
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

TEST_F(StreamReaderTest, AGapInTheSequenceIsCorruptAtItsRecord) {
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
TEST_F(StreamReaderTest, LongStreamsAndLongRecords) {
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

TEST_F(StreamReaderTest, WhatIsNotThereOrNotAFile) {
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

TEST_F(StreamReaderTest, AFileThatBecameShorterIsCorrupt) {
  make_stream(2);
  StreamPosition position = read_runner_stream(path())->position;
  std::filesystem::resize_file(path(), position.offset - 8);
  const Descriptor file(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
  const auto end =
      read_stream(file.get(), path(), position, [](const Record&) { return Status(Done{}); });
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code, ErrorCode::Corrupt);
}

}  // namespace
}  // namespace thermos
