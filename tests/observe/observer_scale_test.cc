// `thermos observe` on large roots.
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "core/record/paths.h"
#include "observing.h"
#include "past_task.h"
#include "waiting.h"

namespace thermos::observe {
namespace {

using real::Json;

// The sanitizers make everything ten times slower, and find in a tenth what they would in all.
#ifdef __SANITIZE_ADDRESS__
constexpr int kMany = 1000;
#else
constexpr int kMany = 10'000;
#endif
// To make the files of so many takes longer than to read them.
constexpr int kTasks = 2000;

// How many bytes the program has read from files.
std::uint64_t bytes_read(Observing& observing) {
  const std::string io =
      real::read_file("/proc/" + std::to_string(observing.program().pid()) + "/io");
  return std::strtoull(io.c_str() + io.find("rchar: ") + 7, nullptr, 10);
}

class ObserverScale : public ::testing::Test {
 protected:
  ObserverScale() : paths(site.root()) { make_past_directories(paths); }

  real::Site site;
  Paths paths;
};

TEST_F(ObserverScale, ReadsEndedTasksOnce) {
  for (int i = 0; i < kTasks; ++i) {
    put_past_task(paths, {.id = "task-" + std::to_string(i), .ended = 1'700'000'000 * kSecond});
  }
  Observing observing(site);
  EXPECT_EQ(observing.json("/api/tasks").at("tasks").size(), kTasks);
  const std::uint64_t before = bytes_read(observing);
  EXPECT_EQ(observing.json("/api/tasks").at("tasks").size(), kTasks);
  EXPECT_EQ(observing.json("/api/tasks?limit=3").at("tasks").size(), 3U);
  EXPECT_EQ(observing.get("/api/tasks/task-7").status, 200);
  EXPECT_LT(bytes_read(observing) - before, 100'000U);
  // What takes long keeps nobody else waiting.
  Connection metrics = observing.connect();
  metrics.ask("/metrics");
  EXPECT_EQ(observing.get("/api/tasks/task-8").status, 200);
  EXPECT_FALSE(metrics.readable_within(0));
  const Response all = metrics.response();
  EXPECT_NE(all.body.find("thermos_tasks{state=\"success\"} " + std::to_string(kTasks) + "\n"),
            std::string::npos)
      << all.body.substr(0, 1000);
  // One more is news.
  Connection stream = observing.connect();
  stream.ask("/events");
  EXPECT_EQ(stream.head().status, 200);
  stream.read_until("\n\n");
  put_past_task(paths, {.id = "one-more"});
  EXPECT_NE(stream.read_until("one-more\",\"records\"").find("one-more"), std::string::npos);
}

TEST_F(ObserverScale, ShowsATaskOfTenThousandProcesses) {
  put_past_task(paths, {.id = "large", .processes = kMany});
  Observing observing(site);
  EXPECT_EQ(observing.json("/api/tasks/large").at("processes").size(), kMany);
  const Json graph = observing.json("/api/tasks/large/graph");
  EXPECT_EQ(graph.at("nodes").size(), 1U);
  EXPECT_EQ(graph.at("nodes").at(0).at("processes").size(), kMany);
  EXPECT_EQ(observing.json("/api/tasks/large/why").at("state"), "SUCCESS");
  EXPECT_EQ(observing.json("/api/tasks/large/why?process=p17").at("state"), "SUCCESS");
}

}  // namespace
}  // namespace thermos::observe
