// Events that are read back from the streams of tasks.
#include "reactor/daemon/past_events.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "reactor/store/task_store.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

// What this program has read so far, from files and all else.
std::uint64_t bytes_read() {
  std::ifstream file("/proc/self/io");
  std::string name;
  std::uint64_t bytes = 0;
  file >> name >> bytes;
  EXPECT_EQ(name, "rchar:");
  return bytes;
}

class PastEventsTest : public StreamFixture {};

// A subscriber that is slow, or far behind, asks for one event at a time.
TEST_F(PastEventsTest, ReadsEachStreamOnce) {
  constexpr std::uint32_t kRuns = 2000;
  const Paths root(path("root"));
  const std::vector<std::string> tasks{"a", "b", "c"};
  std::uint64_t size = 0;
  std::uint64_t expected = 0;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    ASSERT_TRUE(make_task_directories(root, tasks[i]).ok());
    auto writer = StreamWriter::open(root.runner_stream(tasks[i]));
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    std::uint64_t position = 1 + i;
    for (const Record& record : records(kRuns)) {
      ASSERT_TRUE(writer->append_later(record, position).ok());
      position += tasks.size();
      ++expected;
    }
    ASSERT_TRUE(writer->flush().ok());
    size += std::filesystem::file_size(root.runner_stream(tasks[i]));
  }
  ASSERT_GT(size, 500'000U);
  const std::uint64_t before = bytes_read();
  PastEvents past(root, {{"a", 1}, {"b", 2}, {"c", 3}}, 0, ~std::uint64_t{0});
  std::uint64_t given = 0;
  while (!past.done()) {
    if (const auto event = past.step()) {
      ASSERT_EQ(event->position, ++given);
    }
  }
  EXPECT_EQ(given, expected);
  EXPECT_LT(bytes_read() - before, size + size / 4);
}

}  // namespace
}  // namespace thermos
