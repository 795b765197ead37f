// What a configuration says of a process's launch: environment, directory, command, input, and how
// it is asked to end.
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "task_run.h"

namespace thermos::real {
namespace {

std::string reason_of(Site& site, const std::string& process) {
  const Json status = site.status();
  const Json& run = runs(status, process).back();
  EXPECT_EQ(run["state"], "FAILED");
  return run.value("reason", "");
}

TEST(Environment, AProcesssGoesOverTheTasks) {
  Site site;
  const Json job = task(
      {process(
           "main", "echo $A-$B-$C; echo $HOME; printenv 'D E'",
           {{"env", {{"B", "own"}, {"C", "{{name}} on {{thermos.ports[http]}}"}, {"D E", "x"}}}}),
       process("other", "echo $A-$B-$C")},
      {}, {{"env", {{"A", "task"}, {"B", "task"}, {"HOME", "/else"}}}});
  const Ended ended = site.run(job, "t", {"-P", "http:8080"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(site.log("main", 0), "task-own-main on 8080\n/else\nx\n");
  EXPECT_EQ(site.log("other", 0), "task-task-\n");
}

TEST(Environment, SaysWhichRunItIs) {
  Site site;
  const std::string say = "echo $THERMOS_TASK_ID $THERMOS_PROCESS $THERMOS_RUN $THERMOS_RESULT";
  const Ended ended = site.run(task({process("main", say + "; [ $THERMOS_RUN = 1 ]",
                                             {{"max_failures", 2}, {"min_duration", 0}}),
                                     process("tidy", say, {{"final", true}})}),
                               "some-id");
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(site.log("main", 0), "some-id main 0\n");
  EXPECT_EQ(site.log("main", 1), "some-id main 1\n");
  EXPECT_EQ(site.log("tidy", 0), "some-id tidy 0 SUCCESS\n");
}

TEST(Environment, TellsAFinalizerHowTheTaskWillEnd) {
  {
    Site site;
    EXPECT_EQ(site.run(task({process("main", "false"),
                             process("tidy", "echo $THERMOS_RESULT", {{"final", true}})}))
                  .code,
              1);
    EXPECT_EQ(site.log("tidy", 0), "FAILED\n");
  }
  Site site;
  Command runner = site.start_run(
      site.write_config(task({process("main", "touch up; exec sleep 1000"),
                              process("tidy", "echo $THERMOS_RESULT", {{"final", true}})})));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  EXPECT_EQ(site.thermos({"kill", "t"}).code, 0);
  EXPECT_EQ(runner.wait().code, 2);
  EXPECT_EQ(site.log("tidy", 0), "KILLED\n");
}

TEST(Environment, OneThatIsTooLargeIsRefusedBeforeAnythingStarts) {
  Site site;
  Json env;
  for (int i = 0; i < 20; ++i) env["V" + std::to_string(i)] = std::string(10'000, 'x');
  const Ended ended = site.run(task({process("main", "true", {{"env", env}})}));
  EXPECT_EQ(ended.code, 65);
  EXPECT_NE(ended.err.find("processes[0].env: the command and its environment take"),
            std::string::npos)
      << ended.err;
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1);
  EXPECT_FALSE(exists(site.checkpoint("t")));
  EXPECT_FALSE(exists(site.in_sandbox(".logs")));
}

TEST(Environment, TheLargestThatIsAllowedStarts) {
  Site site;
  Json env;
  for (int i = 0; i < 16; ++i) env["V" + std::to_string(i)] = std::string(10'000, 'x');
  env["V"] = std::string(3'400, 'x');
  const Ended ended = site.run(task({process("main", "echo ${#V15}", {{"env", env}})}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(site.log("main", 0), "10000\n");
}

TEST(Cwd, IsMadeInTheSandbox) {
  Site site;
  std::filesystem::create_directory(site.path() + "/beside");
  const Ended ended =
      site.run(task({process("own", "pwd -P", {{"cwd", "a/{{name}}"}}), process("plain", "pwd -P"),
                     process("outside", "pwd -P", {{"cwd", "../beside"}}),
                     process("absolute", "pwd -P", {{"cwd", site.path()}})},
                    {}, {{"cwd", "work"}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(site.log("own", 0), site.in_sandbox("a/own") + "\n");
  EXPECT_EQ(site.log("plain", 0), site.in_sandbox("work") + "\n");
  EXPECT_EQ(site.log("outside", 0), site.path() + "/beside\n");
  EXPECT_EQ(site.log("absolute", 0), site.path() + "\n");
}

TEST(Cwd, IsNotMadeOutsideOfIt) {
  Site site;
  EXPECT_EQ(site.run(task({process("up", "true", {{"cwd", "../new"}}),
                           process("absolute", "true", {{"cwd", site.path() + "/new"}})},
                          {}, {{"max_failures", 2}}))
                .code,
            1);
  EXPECT_NE(reason_of(site, "up").find("cannot enter directory"), std::string::npos);
  EXPECT_EQ(reason_of(site, "absolute"),
            "cannot enter directory " + site.path() + "/new: No such file or directory");
  EXPECT_FALSE(exists(site.path() + "/new"));
}

// The task's user may have put a link in its place that leads where only root may write.
TEST(Cwd, IsMadeWithTheUsersRights) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root runs processes as somebody else";
  Site site;
  site.publish_programs();
  ASSERT_EQ(::chmod(site.sandbox().c_str(), 0777), 0);
  ASSERT_EQ(::mkdir((site.path() + "/roots").c_str(), 0755), 0);
  std::filesystem::create_directory_symlink(site.path() + "/roots", site.in_sandbox("link"));
  const Ended ended = site.run(task({process("good", "id -un; pwd -P", {{"cwd", "work"}}),
                                     process("link", "pwd -P", {{"cwd", "link/new"}})},
                                    {}, {{"max_failures", 2}}),
                               "t", {"--user", "nobody"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(site.log("good", 0), "nobody\n" + site.in_sandbox("work") + "\n");
  EXPECT_NE(reason_of(site, "link").find("link/new"), std::string::npos);
  EXPECT_FALSE(exists(site.path() + "/roots/new"));
}

TEST(Argv, IsRunWithoutAShell) {
  Site site;
  const Json plain = {{"name", "main"}, {"argv", {"printf", "%s|", "$HOME", "{{word}}", "a b"}}};
  const Ended ended = site.run(task({plain}), "t", {"-E", "word=*"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(site.log("main", 0), "$HOME|*|a b|");
}

TEST(Argv, OneThatIsNoProgramFails) {
  Site site;
  const Json none = {{"name", "main"}, {"argv", {"no-such-program"}}, {"env", {{"PATH", "/bin"}}}};
  EXPECT_EQ(site.run(task({none})).code, 1);
  EXPECT_EQ(reason_of(site, "main"), "cannot run no-such-program: it is not in PATH, /bin");
}

TEST(Argv, IsShownAsAShellWouldReadIt) {
  Site site;
  const Json plain = {{"name", "main"},       {"argv", {"printf", "it's %s", "", "a=b"}},
                      {"cwd", "work"},        {"env", {{"A", "x y"}}},
                      {"stdin", "in"},        {"success_codes", {0, 3}},
                      {"stop_signal", "INT"}, {"stop_wait", 2.5}};
  const Ended shown = site.thermos({"inspect", site.write_config(task({plain}))});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_NE(shown.out.find("  main  [cwd work, env A='x y', stdin in, success_codes 0 3, "
                           "stop_signal INT, stop_wait 2.5 s]\n"
                           "      printf 'it'\\''s %s' '' a=b\n"),
            std::string::npos)
      << shown.out;
}

TEST(Stdin, IsAFileOfTheSandbox) {
  Site site;
  std::ofstream(site.in_sandbox("in")) << "from the file\n";
  const Ended ended =
      site.run(task({process("main", "cat", {{"stdin", "in"}, {"cwd", "elsewhere"}}),
                     process("none", "cat", {{"stdin", "missing"}})},
                    {}, {{"max_failures", 2}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(site.log("main", 0), "from the file\n");
  EXPECT_EQ(reason_of(site, "none"),
            "cannot open its stdin " + site.in_sandbox("missing") + ": No such file or directory");
}

TEST(SuccessCodes, LetOthersGoOn) {
  Site site;
  const Ended ended = site.run(
      task({process("diff", "exit 1", {{"success_codes", {0, 1}}}), process("after", "echo ok")},
           {{"diff", "after"}}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(states(status, "diff"), "SUCCESS");
  EXPECT_EQ(runs(status, "diff").back()["return_code"], 1);
  EXPECT_EQ(site.log("after", 0), "ok\n");
}

TEST(StopSignal, AsksAtTheTasksEndAndByAnOrder) {
  Site site;
  const std::string trap =
      "trap 'echo int >> said; exit 0' INT; trap 'echo term >> said' TERM; touch up.$THERMOS_RUN;"
      " while :; do sleep 0.05; done";
  Command runner = site.start_run(site.write_config(
      task({process("main", trap, {{"stop_signal", "SIGINT"}, {"min_duration", 0}})})));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up.0")));
  EXPECT_EQ(site.thermos({"restart", "t", "main"}).code, 0);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up.1")));
  EXPECT_EQ(read_file(site.in_sandbox("said")), "int\n");
  EXPECT_EQ(site.thermos({"kill", "t"}).code, 0);
  EXPECT_EQ(runner.wait().code, 2);
  EXPECT_EQ(read_file(site.in_sandbox("said")), "int\nint\n");
}

// Far shorter than the task's finalization_wait, so that a test which waits for that would hang.
TEST(StopWait, EndsWhoeverDoesNotListen) {
  Site site;
  const Json more = {{"stop_wait", 0.2}, {"min_duration", 0}};
  Command runner = site.start_run(
      site.write_config(task({process("main",
                                      "trap 'touch heard.$THERMOS_RUN' TERM; touch up.$THERMOS_RUN;"
                                      " while :; do sleep 0.05; done",
                                      more)},
                             {}, {{"finalization_wait", 100'000}})));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up.0")));
  EXPECT_EQ(site.thermos({"restart", "t", "main"}).code, 0);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up.1")));
  EXPECT_TRUE(exists(site.in_sandbox("heard.0")));
  EXPECT_EQ(site.thermos({"kill", "t"}).code, 0);
  EXPECT_EQ(runner.wait().code, 2);
  EXPECT_TRUE(exists(site.in_sandbox("heard.1")));
  EXPECT_EQ(states(site.status(), "main"), "KILLED KILLED");
}

// The runner dies between SIGTERM and SIGKILL; the next one knows of the time.
TEST(StopWait, OutlivesItsRunner) {
  Site site;
  const std::string config = site.write_config(
      task({process("main", "trap 'touch heard' TERM; touch up; while :; do sleep 0.05; done",
                    {{"stop_wait", 0.5}})},
           {}, {{"finalization_wait", 100'000}}));
  Command runner = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  runner.signal(SIGTERM);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("heard")));
  runner.destroy();
  EXPECT_EQ(site.start_run(config).wait().code, 2);
  EXPECT_EQ(states(site.status(), "main"), "KILLED");
}

}  // namespace
}  // namespace thermos::real
