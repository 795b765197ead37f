// Which runs a leader takes over, and in which order it looks at streams.
#include "core/runner/runs_to_adopt.h"

#include <gtest/gtest.h>

#include <vector>

#include "runner_fixture.h"

namespace thermos {
namespace {

class RunsAtResume : public RunnerFixture {};

// One has succeeded, one runs, one never began; one has failed and may run again.
TEST_F(RunsAtResume, ThoseOnRecordAreAdoptedAndThoseThatMayRunAreLookedFor) {
  for (const char* name : {"done", "runs", "never", "again"}) add(name);
  task_.processes[3].max_failures = 2;
  recorded(TaskState::Active);
  for (const char* name : {"done", "runs", "again"}) {
    recorded(name, 0, State::Waiting);
    recorded(name, 1, State::Forked);
    recorded(name, 2, State::Running);
  }
  recorded("done", 3, State::Success);
  recorded("again", 3, State::Failed);
  task_.name = "t";
  auto graph = check_task(task_, PoolsOf::Task);
  ASSERT_TRUE(graph.ok());
  const Runner unled(task_, *graph, history_);
  const std::vector<ProcessIndex> live = live_on_record(unled);
  EXPECT_EQ(live, std::vector<ProcessIndex>{1});
  lead();
  EXPECT_EQ(maybe_unrecorded(*runner_, live), (std::vector<ProcessIndex>{2, 3}));
}

TEST_F(RunsAtResume, EachIsLookedAtBehindThoseItWaitsFor) {
  for (const char* name : {"last", "clean", "first", "middle"}) add(name);
  task_.name = "t";
  task_.processes[1].final = true;
  task_.constraints.push_back({{"first", "middle", "last"}});
  auto graph = check_task(task_, PoolsOf::Task);
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  std::vector<ProcessIndex> found{0, 1, 2, 3};
  sort_to_look(found, task_, *graph);
  EXPECT_EQ(found, (std::vector<ProcessIndex>{2, 3, 0, 1}));
}

TEST_F(RunsAtResume, AnEndThatTheRecordPutsDownToSomebodyStaysSo) {
  ProcessStatus status;
  EXPECT_EQ(as_read(status, Origin::FoundAtResume).origin, Origin::FoundAtResume);
  EXPECT_EQ(as_read(status, Origin::Recorded).origin, Origin::Recorded);
  status.origin = Origin::Ordered;
  EXPECT_EQ(as_read(status, Origin::FoundAtResume).origin, Origin::Ordered);
}

}  // namespace
}  // namespace thermos
