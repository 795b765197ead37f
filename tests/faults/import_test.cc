// `thermos import`, killed at each of its system calls that leaves a trace.
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <map>
#include <string>

#include "system_calls.h"
#include "tracer.h"
#include "workload.h"

namespace thermos::faults {
namespace {

using real::Command;
using real::Json;
using real::Site;
using real::Surroundings;

constexpr const char* kOld = THERMOS_SOURCE "/tests/ancestor_root";

struct Import {
  Site site;

  Ending traced(const std::optional<Point>& point) {
    // It is no runner, but a program that starts none is followed alike, whatever its role.
    Tracer tracer(Role::Client, point);
    Surroundings surroundings;
    surroundings.before_exec = tracer.gate();
    Command program = site.start({"import", kOld}, surroundings);
    tracer.follow(program);
    return end_of(program, "the import", &tracer);
  }
  // What is told of each task, without what is told of the import itself.
  std::map<std::string, Json> tasks() {
    const real::Ended shown = site.thermos({"status", "--json"});
    EXPECT_EQ(shown.code, 0) << shown.err;
    std::map<std::string, Json> tasks;
    const Json told = Json::parse(shown.out);
    for (const Json& task : told["tasks"]) {
      tasks[task["task_id"]] = {{"state", task["state"]},
                                {"error", task.value("error", "")},
                                {"processes", task["processes"]},
                                {"steps", task["statuses"].size()}};
    }
    return tasks;
  }
  // Names below the new root that only an import makes and that it takes away again.
  std::string left_over() const {
    std::string names;
    for (const auto& entry : std::filesystem::directory_iterator(site.root())) {
      if (entry.is_regular_file()) names += entry.path().filename().string() + " ";
    }
    const std::string aside = site.root() + "/checkpoints/.importing";
    return names + (std::filesystem::exists(aside) ? aside : "");
  }
};

TEST(FaultPoints, OfAnImport) {
  if (auto can = can_trace(); !can) GTEST_SKIP() << can.message();
  std::map<Place, int> calls;
  std::map<std::string, Json> whole;
  {
    Import good;
    const Ending ending = good.traced(std::nullopt);
    ASSERT_EQ(ending.ended.code, 0) << ending.ended.err << ending.seen.trouble;
    calls = ending.seen.calls;
    whole = good.tasks();
    ASSERT_EQ(whole.size(), 3U) << ending.ended.out << ending.ended.err;
    ASSERT_EQ(good.left_over(), "");
  }
  int tried = 0;
  int killed = 0;
  int partly = 0;
  for (const auto& [place, count] : calls) {
    if (is_private(place.call) || only_looks(base_of(place.call))) continue;
    for (int nth = 1; nth <= count; ++nth) {
      const Point point{Scenario::Submit, place, nth, {Fault::Kind::KillAfter, 0, false}};
      SCOPED_TRACE(to_text(point));
      ++tried;
      Import import;
      const Ending ending = import.traced(point);
      if (!ending.seen.reached) continue;
      ++killed;
      EXPECT_EQ(ending.ended.code, -9);
      if (std::filesystem::exists(import.site.root())) {
        const std::map<std::string, Json> there = import.tasks();
        if (!there.empty() && there.size() < whole.size()) ++partly;
        for (const auto& [id, task] : there) EXPECT_EQ(task, whole[id]) << id;
      }
      const real::Ended again = import.site.thermos({"import", kOld});
      EXPECT_EQ(again.code, 0) << again.err;
      EXPECT_EQ(import.tasks(), whole);
      EXPECT_EQ(import.left_over(), "");
      if (::testing::Test::HasFailure()) return;
    }
  }
  // A run makes some calls more, or less, than another.
  EXPECT_GT(2 * killed, tried) << tried << " points";
  EXPECT_GT(partly, 0) << "none was killed between two tasks";
  std::cout << killed << " points, " << partly << " of them between tasks\n";
}

}  // namespace
}  // namespace thermos::faults
