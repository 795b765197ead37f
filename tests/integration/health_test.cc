// Processes that are asked whether they are healthy.
#include <unistd.h>

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "task_run.h"

namespace thermos::real {
namespace {

// A process that lives until the file `go` is there, and is asked for its health.
Json asked(const Json& healthy, const Json& more = Json::object()) {
  Json all = healthy;
  if (!healthy.contains("interval")) all["interval"] = 0.05;
  // On a busy machine an answer may take longer than is allowed by itself, which is a refusal.
  if (!healthy.contains("timeout")) all["timeout"] = 60;
  Json config = {{"healthy", all}};
  config.update(more);
  return process("s", "until [ -e go ]; do sleep 0.02; done", config);
}

int number_of_lines(const std::string& path) {
  int lines = 0;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) ++lines;
  return lines;
}

Json latest(Site& site) {
  const Json status = site.status();
  if (!status.is_object() || !status["processes"].contains("s")) return {};
  return status["processes"]["s"].back();
}

TEST(Healthy, WhoRefusesTooOftenHasFailed) {
  Site site;
  const Ended ended = site.run(task({asked({{"cmd", "echo >> asked; echo ill; exit 4"}})}));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json run = runs(site.status(), "s").back();
  EXPECT_EQ(run["state"], "FAILED");
  EXPECT_EQ(run["origin"], "ended by the runner");
  EXPECT_EQ(run["reason"], "not healthy: cmd echo >> asked; echo ill; exit 4: exit 4, ill");
  EXPECT_EQ(number_of_lines(site.in_sandbox("asked")), 3);
  EXPECT_NE(ended.out.find("unhealthy"), std::string::npos) << ended.out;
}

TEST(Healthy, RefusalsThatAreNotInARowDoNotCount) {
  Site site;
  // It refuses each time but the third.
  Command runner = site.start_run(site.write_config(
      task({asked({{"cmd", "echo >> asked; [ $(($(wc -l < asked) % 3)) = 0 ]"}})})));
  ASSERT_TRUE(
      wait_until(site.sandbox(), [&] { return number_of_lines(site.in_sandbox("asked")) >= 9; }));
  write_file(site.in_sandbox("go"), "");
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
}

TEST(Healthy, IsAskedOnlyWhenItIsReady) {
  Site site;
  Command runner = site.start_run(site.write_config(
      task({asked({{"file", "well"}, {"interval", 0.02}},
                  {{"ready", {{"cmd", "echo >> asked; [ -e up ]"}, {"interval", 0.05}}}})})));
  ASSERT_TRUE(
      wait_until(site.sandbox(), [&] { return number_of_lines(site.in_sandbox("asked")) >= 4; }));
  EXPECT_FALSE(latest(site).contains("refusals"));
  write_file(site.in_sandbox("up"), "");
  EXPECT_EQ(runner.wait().code, 1);
  const Json run = runs(site.status(), "s").back();
  EXPECT_EQ(run["reason"], "not healthy: file well: No such file or directory");
  EXPECT_TRUE(run.contains("ready_time"));
}

TEST(Healthy, AFailureIsAFailureAndItRunsAgain) {
  Site site;
  const Ended ended = site.run(
      task({process("s", "[ -e sign ] && exit 0; trap 'touch sign; exit 1' TERM; sleep 1000 & wait",
                    {{"healthy", {{"file", "sign"}, {"interval", 0.02}}},
                     {"max_failures", 0},
                     {"min_duration", 0}})}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  // The signal may come before there is a trap for it.
  const std::string all = states(site.status(), "s");
  EXPECT_TRUE(all.starts_with("FAILED ") && all.ends_with(" SUCCESS")) << all;
}

TEST(Healthy, WhoNeededItIsNotDisturbed) {
  Site site;
  Json ill = asked({{"file", "well"}, {"interval", 0.02}},
                   {{"max_failures", 0}, {"min_duration", 0}, {"ephemeral", true}});
  const Ended ended = site.run(
      task({ill, process("needs", "until [ $(ls .logs/s | wc -l) -ge 3 ]; do sleep 0.02; done",
                         {{"needs", {{"s", "start"}}}})}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(states(site.status(), "needs"), "SUCCESS");
}

// ---- over runners ------------------------------------------------------------------------------

// Each runner is killed after a refusal of its own; the next ones count it.
TEST(Healthy, RefusalsCountOverRunners) {
  Site site;
  const std::string config = site.write_config(
      task({asked({{"cmd", "echo >> asked; false"}, {"failures", 9}, {"interval", 1}})}));
  Json run;
  for (int refusals = 0, runner_count = 0; runner_count < 3; ++runner_count) {
    Command runner = site.start_run(config);
    ASSERT_TRUE(wait_until(site.checkpoint("t"), [&] {
      run = latest(site);
      return run.is_object() && run.value("refusals", 0) > refusals;
    })) << run.dump(2);
    runner.destroy();
    refusals = run["refusals"];
  }
  EXPECT_EQ(site.start_run(config).wait().code, 1);
  const Json last = runs(site.status(), "s").back();
  EXPECT_EQ(last["pid"], run["pid"]);
  EXPECT_EQ(last["reason"], "not healthy: cmd echo >> asked; false: exit 1");
  // A runner that is killed takes at most one question with it.
  EXPECT_GE(number_of_lines(site.in_sandbox("asked")), 9);
  EXPECT_LE(number_of_lines(site.in_sandbox("asked")), 9 + 3);
}

}  // namespace
}  // namespace thermos::real
