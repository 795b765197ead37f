// A temporary directory with streams, removed after the test.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "reactor/store/stream_lock.h"
#include "reactor/store/stream_writer.h"

namespace thermos {

class StreamFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (where() / "stream-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    logger_ = spdlog::default_logger();
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(log_);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink));
  }
  void TearDown() override {
    spdlog::set_default_logger(logger_);
    std::filesystem::remove_all(directory_);
  }

  virtual std::filesystem::path where() const { return std::filesystem::temp_directory_path(); }

  // The log since the start of the test.
  std::string logged() const { return log_.str(); }

  std::string path(const std::string& name = "runner") const { return directory_ + "/" + name; }

  static ino_t inode_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
  }

  static std::string slurp(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void spit(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  static RunnerHeader header() {
    RunnerHeader header;
    header.task_id = "job";
    header.sandbox = "/srv/job";
    return header;
  }
  static ProcessStatus waiting(std::uint32_t run) {
    ProcessStatus status;
    status.process = "p";
    status.seq = std::uint64_t{2} * run;
    status.run = run;
    return status;
  }
  static ProcessStatus failed(std::uint32_t run) {
    ProcessStatus status = waiting(run);
    ++status.seq;
    status.state = ProcessState::Failed;
    status.reason = "no such directory";
    return status;
  }
  // The records of a runner's stream after `runs` failed runs.
  static std::vector<Record> records(std::uint32_t runs) {
    std::vector<Record> all{header(), TaskStatus{}};
    for (std::uint32_t run = 0; run < runs; ++run) {
      all.emplace_back(waiting(run));
      all.emplace_back(failed(run));
    }
    return all;
  }

  static void append_all(StreamWriter& writer, const std::vector<Record>& all) {
    for (const Record& record : all) {
      const Status appended = writer.append(record);
      ASSERT_TRUE(appended.ok()) << appended.error().message;
    }
  }
  void make_stream(std::uint32_t runs) {
    auto writer = StreamWriter::open(path());
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    append_all(*writer, records(runs));
  }
  // Opens a stream as a new leader does: takes the lock, reads the stream, and resumes at its end.
  static Result<StreamWriter> lead(const std::string& path, std::size_t& count) {
    auto writer = StreamWriter::open(path);
    if (!writer) return writer;
    StreamPosition position;
    count = 0;
    const auto end = read_stream(writer->fd(), path, position, [&](const Record&) {
      ++count;
      return Status(Done{});
    });
    if (!end) return end.error();
    if (const Status resumed = writer->resume_at(position, *end); !resumed) return resumed.error();
    return writer;
  }

 private:
  std::string directory_;
  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace thermos
