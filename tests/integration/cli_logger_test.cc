// Loggers from outside: rotation, the console, nothing at all, and reading rotated logs.
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

class LoggerTest : public ThermosTest {
 protected:
  std::string logs(const std::string& id, const std::string& process) const {
    return root() + "/logs/" + id + "/" + process + "/0";
  }
  // From the oldest file to the newest.
  static std::string everything(const std::string& directory) {
    std::string text;
    int last = 0;
    while (std::filesystem::exists(directory + "/stdout." + std::to_string(last + 1))) ++last;
    for (; last > 0; --last) text += read_text(directory + "/stdout." + std::to_string(last));
    return text + read_text(directory + "/stdout");
  }
  static std::string numbers(int from, int to) {
    std::string text;
    for (int i = from; i <= to; ++i) text += std::to_string(i) + "\n";
    return text;
  }
};

TEST_F(LoggerTest, RotatesAndTailReadsItAll) {
  const Finished done = run_task("r", R"({"processes": [{"name": "p", "cmdline": "seq 1 3000",
      "logger": {"mode": "rotate", "rotate": {"log_size": 2048, "backups": 20}}}]})");
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_TRUE(std::filesystem::exists(logs("r", "p") + "/stdout.1"));
  EXPECT_EQ(everything(logs("r", "p")), numbers(1, 3000));
  // Over the borders of the files.
  EXPECT_EQ(run({"tail", "-n", "1500", "r"}).out, numbers(1501, 3000));
  EXPECT_EQ(run({"tail", "-n", "5000", "r"}).out, numbers(1, 3000));
  EXPECT_EQ(run({"tail", "-n", "1", "r"}).out, "3000\n");
}

TEST_F(LoggerTest, TheWholeTaskRotatesByAnOption) {
  const Finished done = run_task("o", R"({"processes": [{"name": "p", "cmdline": "seq 1 3000"},
      {"name": "q", "cmdline": "seq 1 3000",
       "logger": {"mode": "rotate", "rotate": {"log_size": 4096}}}]})",
                                 {"--log-rotate", "1K:2"});
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_TRUE(std::filesystem::exists(logs("o", "p") + "/stdout.2"));
  EXPECT_FALSE(std::filesystem::exists(logs("o", "p") + "/stdout.3"));
  EXPECT_LE(std::filesystem::file_size(logs("o", "p") + "/stdout.1"), 1024U);
  EXPECT_GT(std::filesystem::file_size(logs("o", "q") + "/stdout.1"), 1024U);
  for (const char* wrong : {"", "x", "10", "1K:", "1K:x", "1K:2000", "-1", "9999999999T", "1Q"}) {
    const Finished refused = run_task("w", R"({"processes": [{"name": "p", "cmdline": "true"}]})",
                                      {"--log-rotate", wrong});
    EXPECT_EQ(refused.status, 64) << wrong << refused.err;
  }
}

TEST_F(LoggerTest, ARotatedLogSurvivesItsRunner) {
  ASSERT_EQ(::mkfifo((work() + "/go").c_str(), 0600), 0);
  const std::string config = file("t.json", R"({"processes": [{"name": "p",
      "cmdline": "seq 1 2000; touch half; read x < go; seq 2001 4000",
      "logger": {"mode": "rotate", "rotate": {"log_size": 2048, "backups": 50}}}]})");
  {
    Program runner(thermos({"run", "--task-id", "t", config}));
    ASSERT_TRUE(real::wait_for_file(work() + "/half"));
    runner.signal(SIGKILL);
    EXPECT_EQ(runner.wait().status, -SIGKILL);
  }
  write_text(work() + "/go", "x\n");
  const Finished resumed = run({"run", "--task-id", "t", config});
  EXPECT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(everything(logs("t", "p")), numbers(1, 4000));
}

TEST_F(LoggerTest, TailFollowsAcrossRotations) {
  ASSERT_EQ(::mkfifo((work() + "/go").c_str(), 0600), 0);
  const std::string config = file("t.json", R"({"processes": [{"name": "p",
      "cmdline": "echo first; read x < go; seq 1 4000",
      "logger": {"mode": "rotate", "rotate": {"log_size": 2048, "backups": 100}}}]})");
  Program runner(thermos({"run", "--task-id", "t", config}));
  ASSERT_TRUE(real::wait_for_text(logs("t", "p") + "/stdout", "first\n"));
  Program tail(thermos({"tail", "-f", "t"}));
  ASSERT_TRUE(tail.wait_for("first\n"));
  write_text(work() + "/go", "x\n");
  EXPECT_EQ(runner.wait().status, 0);
  EXPECT_EQ(tail.wait().out, "first\n" + numbers(1, 4000));
}

TEST_F(LoggerTest, TailReadsWhatIsRotatedOfBothStreams) {
  const Finished done = run_task("b", R"({"processes": [{"name": "p",
      "cmdline": "seq 1 2000; seq 1 3000 >&2",
      "logger": {"mode": "rotate", "rotate": {"log_size": 2048, "backups": 20}}}]})");
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(run({"tail", "-n", "3000", "b"}).out, numbers(501, 2000) + numbers(1501, 3000));
  EXPECT_EQ(run({"tail", "-n", "5000", "b"}).out, numbers(1, 2000) + numbers(1, 3000));
  EXPECT_EQ(run({"tail", "--stderr", "-n", "2500", "b"}).out, numbers(501, 3000));
}

TEST_F(LoggerTest, TheConsoleIsTheRunnersOutput) {
  const Finished done = run_task("c", R"({"processes": [{"name": "p",
      "cmdline": "echo said; echo wrong >&2", "logger": {"destination": "console"}}]})",
                                 {"--quiet"});
  EXPECT_EQ(done.status, 0);
  EXPECT_EQ(done.out, "said\n");
  EXPECT_EQ(done.err, "wrong\n");
  EXPECT_FALSE(std::filesystem::exists(logs("c", "p") + "/stdout"));
  EXPECT_EQ(run({"tail", "c"}).out, "");
}

TEST_F(LoggerTest, BothIsTheConsoleAndFiles) {
  const Finished done = run_task("b", R"({"processes": [{"name": "p", "cmdline": "seq 1 3000",
      "logger": {"destination": "both", "mode": "rotate",
                 "rotate": {"log_size": 2048, "backups": 50}}}]})",
                                 {"--quiet"});
  EXPECT_EQ(done.status, 0);
  EXPECT_EQ(done.out, numbers(1, 3000));
  EXPECT_EQ(everything(logs("b", "p")), numbers(1, 3000));
}

// Who prints it is the coordinator, and not `run --output` a second time.
TEST_F(LoggerTest, WhatGoesToTheConsoleIsShownOnce) {
  const Finished done = run_task("b", R"({"processes": [{"name": "p", "cmdline": "seq 1 3000",
      "logger": {"destination": "both"}}, {"name": "q", "cmdline": "echo from q"}]})",
                                 {"--output", "--log-rotate", "1K:20"});
  EXPECT_EQ(done.status, 0);
  EXPECT_NE(done.out.find("\n2999\n3000\n"), std::string::npos) << done.out;
  EXPECT_EQ(done.out.find("| 2999\n"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("q | from q\n"), std::string::npos) << done.out;
  EXPECT_TRUE(std::filesystem::exists(logs("b", "p") + "/stdout.1"));
  EXPECT_EQ(everything(logs("b", "p")), numbers(1, 3000));
  const Finished simple = run({"simplerun", "--process-logger-destination", "both", "seq 1 3"});
  EXPECT_EQ(simple.out.find("1\n2\n3\n"), simple.out.rfind("1\n2\n3\n")) << simple.out;
}

TEST_F(LoggerTest, ThePolicyOfOptionsIsForEveryDestination) {
  const std::string config = R"({"processes": [{"name": "p", "cmdline": "seq 1 3000"}]})";
  for (const Words& options :
       {Words{"--process-logger-mode", "rotate"}, Words{"--process-logger-destination", "both"},
        Words{"--process-logger-destination", "both", "--process-logger-mode", "rotate"}}) {
    Words words{"-q", "--log-rotate", "1K:20"};
    words.insert(words.end(), options.begin(), options.end());
    const std::string id = "t" + std::to_string(words.size()) + options.back();
    const Finished done = run_task(id, config, words);
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(done.out, options.front() == "--process-logger-mode" ? "" : numbers(1, 3000));
    EXPECT_TRUE(std::filesystem::exists(logs(id, "p") + "/stdout.1")) << id;
    EXPECT_EQ(everything(logs(id, "p")), numbers(1, 3000)) << id;
  }
  const Finished refused =
      run_task("r", config, {"--log-rotate", "1K", "--process-logger-mode", "standard"});
  EXPECT_EQ(refused.status, 64);
  EXPECT_EQ(refused.err,
            "thermos: --process-logger-mode standard rotates nothing: leave it out, or "
            "--log-rotate\n");
  EXPECT_EQ(
      run_task("c", config, {"-q", "--log-rotate", "1K", "--process-logger-destination", "console"})
          .out,
      numbers(1, 3000));
}

TEST_F(LoggerTest, NoneKeepsNothing) {
  const Finished done = run_task("n", R"({"processes": [{"name": "p", "cmdline": "echo said",
      "logger": {"destination": "none"}}]})");
  EXPECT_EQ(done.status, 0);
  EXPECT_EQ(done.out.find("said\n"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(logs("n", "p") + "/stdout"));
}

TEST_F(LoggerTest, OldRunsGoWithAllTheirFiles) {
  const Finished done = run_task("k", R"({"processes": [{"name": "p",
      "cmdline": "seq 1 2000; n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) > n; [ $n -ge 4 ]",
      "max_failures": 0, "min_duration": 0,
      "logger": {"mode": "rotate", "rotate": {"log_size": 1024, "backups": 9}}}]})",
                                 {"--keep-logs", "2"});
  EXPECT_EQ(done.status, 0) << done.err;
  const std::string above = root() + "/logs/k/p";
  EXPECT_TRUE(std::filesystem::exists(above + "/0/stdout.1"));  // the first that failed
  EXPECT_FALSE(std::filesystem::exists(above + "/1"));
  EXPECT_FALSE(std::filesystem::exists(above + "/2"));
  EXPECT_TRUE(std::filesystem::exists(above + "/4/stdout.1"));
}

}  // namespace
}  // namespace thermos::testing
