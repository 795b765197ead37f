// `thermos observe` on large roots.
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "core/record/paths.h"
#include "observing.h"
#include "past_task.h"
#include "task_run.h"
#include "waiting.h"

namespace thermos::observe {
namespace {

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
  // What takes long keeps nobody else waiting. On a busy machine its answer may come before this
  // looks.
  bool waited = true;
  for (int tries = 0; waited && tries < 20; ++tries) {
    Connection metrics = observing.connect();
    metrics.ask("/metrics");
    EXPECT_EQ(observing.get("/api/tasks/task-8").status, 200);
    waited = metrics.readable_within(0);
    const Response all = metrics.response();
    EXPECT_NE(all.body.find("thermos_tasks{state=\"success\"} " + std::to_string(kTasks) + "\n"),
              std::string::npos)
        << all.body.substr(0, 1000);
  }
  EXPECT_FALSE(waited);
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
  const real::Json graph = observing.json("/api/tasks/large/graph");
  EXPECT_EQ(graph.at("nodes").size(), 1U);
  EXPECT_EQ(graph.at("nodes").at(0).at("processes").size(), kMany);
  EXPECT_EQ(observing.json("/api/tasks/large/why").at("state"), "SUCCESS");
  EXPECT_EQ(observing.json("/api/tasks/large/why?process=p17").at("state"), "SUCCESS");
}

// More happens than the kernel keeps for who does not read: it drops the rest, and says so.
TEST_F(ObserverScale, MissesNothingWhereTheKernelDropsEvents) {
  const std::string limit = real::read_file("/proc/sys/fs/inotify/max_queued_events");
  const long most = std::strtol(limit.c_str(), nullptr, 10);
  ASSERT_GT(most, 0);
  if (most > 200'000) GTEST_SKIP() << "so many events are kept here: " << most;
  put_past_task(paths, {.id = "goes"});
  const std::string gate = site.path() + "/gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  real::Command run = site.start_run(
      site.write_config(real::task({real::process("p", "read -r word <" + gate)})), "ends");
  ASSERT_NE(site.run_in_state("p", "RUNNING", "ends"), real::Json());
  Observing observing(site);
  Connection stream = observing.connect();
  stream.ask("/events");
  EXPECT_EQ(stream.head().status, 200);
  stream.read_until("\n\n");

  observing.program().signal(SIGSTOP);
  // Each makes an event, as two alike in a row would not. None of the names can be a task's.
  const std::string noise = paths.active_dir() + "/.noise";
  for (long i = 0; i <= most / 2; ++i) {
    std::ofstream file(noise);
    std::filesystem::remove(noise);
  }
  std::ofstream(gate) << "go\n";
  EXPECT_EQ(run.wait().code, 0);
  put_past_task(paths, {.id = "comes"});
  std::filesystem::remove(paths.finished_task("goes"));
  observing.program().signal(SIGCONT);

  for (const char* news :
       {R"("state":"SUCCESS")", R"({"task_id":"comes","records":[{)", "event: removed"}) {
    EXPECT_NE(stream.read_until(news).find(news), std::string::npos) << news;
  }
  const real::Json tasks = observing.json("/api/tasks").at("tasks");
  ASSERT_EQ(tasks.size(), 2U);
  for (const real::Json& row : tasks) EXPECT_EQ(row.at("state"), "SUCCESS") << row;
}

}  // namespace
}  // namespace thermos::observe
