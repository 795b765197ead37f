// The pools of a task, and its needs, when its runner is killed.
#include <csignal>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "task_run.h"

namespace thermos::real {
namespace {

// Fails when another is inside at the same time, and waits there until the file `go_NAME` is there.
Json alone(const std::string& name, const Json& more = {}) {
  Json all = more;
  all["uses"] = {{"seat", 1}};
  return process(name,
                 "mkdir inside || exit 1; echo " + name + " >> order; touch in_" + name +
                     "; until [ -e go_" + name + " ]; do sleep 0.02; done; rmdir inside",
                 all);
}

void open_way(const Site& site, const std::string& name) {
  std::ofstream(site.in_sandbox("go_" + name)).flush();
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Pools, AResumeNeitherOverdrawsNorForgets) {
  Site site;
  const std::string config =
      site.write_config(task({alone("a"), alone("b"), alone("c")}, {}, {{"pools", {{"seat", 1}}}}));
  const std::vector<std::string> names{"a", "b", "c"};
  for (const std::string& name : names) {
    Command runner = site.start_run(config);
    ASSERT_TRUE(wait_for_file(site.in_sandbox("in_" + name)));
    ASSERT_FALSE(site.run_in_state(name, "RUNNING").is_null());
    runner.destroy();
    // Another runner finds it running: nobody else may start.
    Command next = site.start_run(config);
    ASSERT_TRUE(site.leads(next));
    next.destroy();
    if (name != names.back()) open_way(site, name);
  }
  Command last = site.start_run(config);
  open_way(site, "c");
  const Ended ended = last.wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(text_of(site.in_sandbox("order")), "a\nb\nc\n");
}

TEST(Pools, StatusSaysWhoHasAndWhoWaits) {
  Site site;
  Command runner = site.start_run(site.write_config(task(
      {alone("a"), alone("b"), process("late", "true", {{"uses", {{"seat", 1}}}, {"needs", {"b"}}}),
       process("other", "true")},
      {}, {{"pools", {{"seat", 1}}}})));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("in_a")));
  ASSERT_FALSE(site.run_in_state("a", "RUNNING").is_null());
  const Json expected = Json::parse(
      R"([{"pool": "seat", "size": 1, "used": 1, "used_by": [{"process": "a", "amount": 1}],
           "waiting": [{"process": "b", "amount": 1}]}])");
  EXPECT_EQ(site.status()["pools"], expected);
  const Ended shown = site.thermos({"status", "t"});
  EXPECT_NE(shown.out.find("pool seat: 1 of 1 used, by a; waiting: b\n"), std::string::npos)
      << shown.out;
  open_way(site, "a");
  ASSERT_TRUE(wait_for_file(site.in_sandbox("in_b")));
  ASSERT_FALSE(site.run_in_state("b", "RUNNING").is_null());
  EXPECT_EQ(site.status()["pools"][0]["waiting"], Json::array());
  open_way(site, "b");
  EXPECT_EQ(runner.wait().code, 0);
  EXPECT_FALSE(site.status().contains("pools"));
}

TEST(Pools, WhoNeedsAndWaitsHasItsTurnAfterAResume) {
  Site site;
  const std::string config =
      site.write_config(task({alone("a"), alone("b", {{"needs", {{"a", "start"}}}}),
                              process("free", "touch free", {{"needs", {{"a", "start"}}}})},
                             {}, {{"pools", {{"seat", 1}}}}));
  Command runner = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("free"))) << "it uses nothing and passes by";
  runner.destroy();
  Command next = site.start_run(config);
  ASSERT_TRUE(site.leads(next));
  open_way(site, "a");
  ASSERT_TRUE(wait_for_file(site.in_sandbox("in_b")));
  open_way(site, "b");
  const Ended ended = next.wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(states(site.status(), "a"), "SUCCESS");
  EXPECT_EQ(states(site.status(), "b"), "SUCCESS");
}

TEST(Pools, WithoutADaemonThereIsNoneToShare) {
  Site site;
  const Ended ended = site.run(task({process("p", "true", {{"uses", {{"gpu", 1}}}})}));
  EXPECT_EQ(ended.code, 65);
  EXPECT_NE(ended.err.find("processes[0].uses.gpu: the task has no pool 'gpu'; what tasks share is "
                           "a daemon's, so submit it"),
            std::string::npos)
      << ended.err;
  EXPECT_TRUE(site.status().is_null());
}

}  // namespace
}  // namespace thermos::real
