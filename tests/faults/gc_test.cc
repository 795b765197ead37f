// `thermos gc`, killed at each of its system calls that leaves a trace.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>

#include "old_task.h"
#include "system_calls.h"
#include "tracer.h"
#include "workload.h"

namespace thermos::faults {
namespace {

namespace fs = std::filesystem;
using real::Command;
using real::Ended;
using real::Json;
using real::Site;
using real::Surroundings;

constexpr double kDay = 24 * 3600;

// A root with three tasks that ended long ago: one with the sandbox that a daemon makes, one with
// logs under the root, and one with logs in a sandbox of the user's own.
struct Garbage {
  Site site;
  const std::string boxed = site.root() + "/sandboxes/boxed";

  Garbage() {
    const std::string config = site.write_config(
        real::task({real::process("a", "echo out; mkdir -p x/y; echo z > x/y/z")}));
    fs::create_directories(boxed);
    run({"run", "--sync", "crash", "--task-id", "boxed", "--sandbox", boxed, config});
    fs::create_directories(site.path() + "/here");
    run({"run", "--sync", "crash", "--task-id", "plain", config}, site.path() + "/here");
    run({"run", "--sync", "crash", "--task-id", "named", "--sandbox", site.sandbox(), config});
    for (const char* id : {"boxed", "plain", "named"}) {
      real::make_older(site.checkpoint(id), kDay);
    }
  }

  void run(const real::Words& words, const std::string& directory = {}) {
    Surroundings surroundings;
    surroundings.directory = directory;
    const Ended ended = site.thermos(words, surroundings);
    EXPECT_EQ(ended.code, 0) << ended.err;
  }
  Ending traced(const std::optional<Point>& point) {
    Tracer tracer(Role::Client, point);
    Surroundings surroundings;
    surroundings.before_exec = tracer.gate();
    Command program = site.start({"gc", "--keep", "0"}, surroundings);
    tracer.follow(program);
    return end_of(program, "the gc", &tracer);
  }
  Json asked(const real::Words& words) {
    const Ended ended = site.thermos(words);
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
    return Json::parse(ended.out, nullptr, false);
  }
  // Each that `status` shows is whole. Returns how many.
  std::size_t check_whole() {
    const Json shown = asked({"status", "--json"});
    for (const Json& task : shown["tasks"]) {
      const std::string id = task["task_id"];
      EXPECT_EQ(task["state"], "SUCCESS") << id;
      EXPECT_FALSE(task.contains("error")) << task;
      const std::string logs = task["header"]["log_dir"];
      EXPECT_TRUE(fs::exists(logs + "/a/0/stdout")) << logs;
      EXPECT_TRUE(fs::exists(std::string(task["header"]["sandbox"]) + "/x/y/z")) << id;
    }
    return shown["tasks"].size();
  }
  // What is there of tasks under the root.
  std::string left_over() const {
    std::string names;
    for (const char* holder :
         {"checkpoints", "sandboxes", "logs", "tasks/active", "tasks/finished"}) {
      for (const auto& entry : fs::directory_iterator(site.root() + "/" + holder)) {
        names += entry.path().string() + " ";
      }
    }
    return names;
  }
};

// Every seventh point; all of them, which takes minutes, with THERMOS_LONG_TESTS.
TEST(FaultPoints, OfAGarbageCollection) {
  if (auto can = can_trace(); !can) GTEST_SKIP() << can.message();
  std::map<Place, int> calls;
  {
    Garbage good;
    ASSERT_EQ(good.check_whole(), 3U);
    const Ending ending = good.traced(std::nullopt);
    ASSERT_EQ(ending.ended.code, 0) << ending.ended.err << ending.seen.trouble;
    calls = ending.seen.calls;
    ASSERT_EQ(good.left_over(), "") << ending.ended.out;
    EXPECT_TRUE(fs::exists(good.site.in_sandbox("x/y/z"))) << "the user's own";
    EXPECT_FALSE(fs::exists(good.site.in_sandbox(".logs")));
  }
  const int stride = std::getenv("THERMOS_LONG_TESTS") != nullptr ? 1 : 7;
  int tried = 0;
  int killed = 0;
  int partly = 0;
  int points = 0;
  for (const auto& [place, count] : calls) {
    if (is_private(place.call) || only_looks(base_of(place.call))) continue;
    for (int nth = 1; nth <= count; ++nth) {
      if (points++ % stride != 0) continue;
      const Point point{Scenario::Submit, place, nth, {Fault::Kind::KillAfter, 0, false}};
      SCOPED_TRACE(to_text(point));
      ++tried;
      Garbage garbage;
      const Ending ending = garbage.traced(point);
      if (!ending.seen.reached) continue;
      ++killed;
      EXPECT_EQ(ending.ended.code, -9);
      const std::size_t whole = garbage.check_whole();
      if (whole > 0 && whole < 3) ++partly;
      // What it had begun is no fault of the records, before it is completed.
      const Json found = garbage.asked({"fsck", "--json"});
      for (const Json& finding : found["findings"]) EXPECT_EQ(finding["severity"], "note");
      garbage.asked({"gc", "--keep", "0", "--json"});
      EXPECT_EQ(garbage.left_over(), "");
      EXPECT_TRUE(garbage.asked({"fsck", "--json"})["findings"].empty());
      EXPECT_TRUE(fs::exists(garbage.site.in_sandbox("x/y/z")));
      EXPECT_FALSE(fs::exists(garbage.site.in_sandbox(".logs")));
      if (::testing::Test::HasFailure()) return;
    }
  }
  // A run makes some calls more, or less, than another.
  EXPECT_GT(2 * killed, tried) << tried << " points";
  EXPECT_GT(partly, 0) << "none was killed between two tasks";
  std::cout << killed << " points, " << partly << " of them between tasks\n";
}

// Nobody completes the removal: a new task has the id all the same, and nothing of the old one.
TEST(FaultPoints, ANewTaskHasTheIdOfOneWhoseRemovalWasInterrupted) {
  if (auto can = can_trace(); !can) GTEST_SKIP() << can.message();
  std::map<Place, int> calls = Garbage().traced(std::nullopt).seen.calls;
  int tried = 0;
  int killed = 0;
  int begun = 0;
  for (const auto& [place, count] : calls) {
    if (base_of(place.call) != "rename") continue;
    for (int nth = 1; nth <= count; ++nth) {
      const Point point{Scenario::Submit, place, nth, {Fault::Kind::KillAfter, 0, false}};
      SCOPED_TRACE(to_text(point));
      ++tried;
      Garbage garbage;
      if (!garbage.traced(point).seen.reached) continue;
      ++killed;
      const std::string config =
          garbage.site.write_config(real::task({real::process("a", "test ! -e x && echo new")}));
      const std::string fresh = garbage.site.path() + "/fresh";
      for (const std::string id : {"boxed", "plain", "named"}) {
        if (fs::exists(garbage.site.root() + "/tasks/finished/" + id)) continue;
        ++begun;
        garbage.run({"run", "--task-id", id, "--sandbox", fresh + id, config});
        EXPECT_EQ(real::read_file(fresh + id + "/.logs/a/0/stdout"), "new\n");
        if (id == "boxed") {
          EXPECT_FALSE(fs::exists(garbage.boxed)) << "the sandbox of the old one";
        }
      }
    }
  }
  EXPECT_GT(2 * killed, tried) << tried << " points";
  EXPECT_GT(2 * begun, killed);
}

}  // namespace
}  // namespace thermos::faults
