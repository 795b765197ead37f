// The wait before a rerun grows with the failures in a row, with real processes and runners that
// die.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "task_run.h"

namespace thermos::real {
namespace {

// From each end to the next start.
std::vector<double> waits(const Json& status, const std::string& process) {
  std::vector<double> all;
  const Json& ran = runs(status, process);
  for (std::size_t i = 1; i < ran.size(); ++i) {
    all.push_back(ran[i]["fork_time"].get<double>() - ran[i - 1]["stop_time"].get<double>());
  }
  return all;
}

void expect_waits(const Json& status, const std::vector<double>& least) {
  const std::vector<double> all = waits(status, "bad");
  ASSERT_EQ(all.size(), least.size()) << status.dump(2);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_GE(all[i], least[i]) << i;
}

TEST(Backoff, EachWaitIsLongerThanTheOneBefore) {
  Site site;
  const Ended ended =
      site.run(task({process("bad", "exit 3",
                             {{"max_failures", 4},
                              {"min_duration", 0},
                              {"backoff", {{"first", 0.2}, {"factor", 3}, {"most", 1}}}})}));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  expect_waits(site.status(), {0.2, 0.6, 1.0});
}

TEST(Backoff, StatusTellsWhoWaitsAndWhoHasFailedForGood) {
  Site site;
  const std::string config = site.write_config(
      task({process("waits", "exit 3",
                    {{"max_failures", 2}, {"backoff", {{"first", 200}, {"most", 1000}}}}),
            process("fatal", "exit 4"), process("good", "true"),
            process("runs", "touch up; exec sleep 1000")},
           {}, {{"max_failures", 0}}));
  Command runner = site.start_run(config);
  ASSERT_FALSE(site.run_in_state("waits", "FAILED").is_null());
  ASSERT_FALSE(site.run_in_state("fatal", "FAILED").is_null());
  ASSERT_FALSE(site.run_in_state("good", "SUCCESS").is_null());
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  runner.destroy();  // it is all on record
  const Json status = site.status();
  EXPECT_EQ(status["fatal"], Json({"fatal"}));
  ASSERT_EQ(status["backoff"].size(), 1U) << status.dump(2);
  EXPECT_NEAR(status["backoff"]["waits"].get<double>(), stop_time(status, "waits") + 200, 0.001);
  const std::string table = site.thermos({"status", "t"}).out;
  EXPECT_NE(table.find("BACKOFF until "), std::string::npos) << table;
  EXPECT_NE(table.find("FATAL"), std::string::npos) << table;
}

TEST(Backoff, AResumeGoesOnWithTheNumberOfFailures) {
  Site site;
  const std::string config = site.write_config(task({process(
      "bad", "exit 3",
      {{"max_failures", 4}, {"min_duration", 0}, {"backoff", {{"first", 0.4}, {"factor", 2}}}})}));
  Command first = site.start_run(config);
  ASSERT_FALSE(site.run_in_state("bad", "FAILED").is_null());
  first.destroy();
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  expect_waits(site.status(), {0.4, 0.8, 1.6});
}

}  // namespace
}  // namespace thermos::real
