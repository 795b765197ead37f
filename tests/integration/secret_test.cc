// Variables whose values are on no record.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "task_run.h"

namespace thermos::real {
namespace {

constexpr const char* kValue = "tqzx-secret-value-9137";

void write_private(const std::string& path, const std::string& text, unsigned mode = 0600) {
  std::ofstream(path) << text;
  ASSERT_EQ(chmod(path.c_str(), mode), 0);
}

Json with_secret(const std::string& cmdline, const Json& secret) {
  return process("p", cmdline, {{"secret", {{"TOKEN", secret}}}});
}

// The files below `directory` that hold the value.
std::string holders(const std::string& directory) {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && read_file(entry.path()).find(kValue) != std::string::npos) {
      all += entry.path().string() + " ";
    }
  }
  return all;
}

std::string command_lines() {
  std::string all;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry("/proc", failed), end; entry != end;
       entry.increment(failed)) {
    if (std::isdigit(entry->path().filename().string()[0]) != 0) {
      all += read_file(entry->path() / "cmdline") + "\n";
    }
  }
  EXPECT_FALSE(failed) << failed.message();
  return all;
}

std::string failure_of(const Json& secret) {
  Site site;
  const Ended ended = site.run(task({with_secret("touch ran", secret)}));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json run = runs(site.status(), "p").back();
  EXPECT_EQ(run["state"], "FAILED");
  EXPECT_FALSE(std::filesystem::exists(site.in_sandbox("ran")));
  EXPECT_EQ(holders(site.root()), "");
  return run["reason"];
}

TEST(Secret, IsInTheEnvironmentAndNowhereElse) {
  Site site;
  write_private(site.path() + "/token", std::string(kValue) + "\n");
  const Json secrets = {{"FROM_FILE", {{"file", site.path() + "/token"}}},
                        {"FROM_CMD", {{"cmd", "cat ../token"}}},
                        {"SHORT", site.path() + "/token"}};
  Json p = process("p",
                   "[ \"$FROM_FILE$FROM_CMD$SHORT\" = \"$WANT$WANT$WANT\" ] && touch good; "
                   "until [ -e go ]; do sleep 0.02; done",
                   {{"secret", secrets}});
  // So that the command line does not hold it either.
  p["cmdline"] = "WANT=$(cat ../token); " + p["cmdline"].get<std::string>();
  Command runner = site.start_run(site.write_config(task({p})));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("good")));
  EXPECT_EQ(command_lines().find(kValue), std::string::npos);
  const Json pid = site.run_in_state("p", "RUNNING")["pid"];
  EXPECT_NE(read_file("/proc/" + std::to_string(pid.get<int>()) + "/environ").find(kValue),
            std::string::npos);
  write_private(site.in_sandbox("go"), "");
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ((ended.out + ended.err).find(kValue), std::string::npos);
  EXPECT_EQ(holders(site.root()), "");
  EXPECT_EQ(holders(site.sandbox()), "");
  // Where it comes from is on record.
  const Ended shown = site.thermos({"inspect", "--task-id", "t", "--json"});
  EXPECT_EQ(shown.out.find(kValue), std::string::npos);
  EXPECT_NE(read_file(site.root() + "/tasks/finished/t").find("/token"), std::string::npos);
}

TEST(Secret, IsReadAgainByEachRun) {
  Site site;
  const Ended ended =
      site.run(task({process("p", "[ \"$A\" = 2 ]",
                             {{"secret", {{"A", {{"cmd", "echo x >>n; wc -l <n"}}}}},
                              {"max_failures", 2},
                              {"min_duration", 0}})}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(runs(site.status(), "p").size(), 2U);
}

TEST(Secret, ThatCantBeReadFailsTheRun) {
  EXPECT_EQ(failure_of("/no/such"),
            "secret TOKEN: cannot read /no/such: No such file or directory");
  EXPECT_EQ(failure_of("/"), "secret TOKEN: cannot read /: Is a directory");
  EXPECT_EQ(failure_of({{"cmd", "exit 3"}}), "secret TOKEN: its command ended with exit 3");
  EXPECT_EQ(failure_of({{"cmd", "kill -9 $$"}}), "secret TOKEN: its command was ended by signal 9");
  EXPECT_EQ(failure_of({{"cmd", "printf 'a\\0b'"}}),
            "secret TOKEN: holds a NUL byte, which no variable can");
  EXPECT_EQ(failure_of({{"cmd", std::string("echo ") + "x{1..25000}"}}),
            "secret TOKEN: is longer than a variable can be, 131071 bytes with its name");
}

// A command that never ends, and what it started, end with the run.
TEST(Secret, WhoseCommandHangsHoldsNoKill) {
  Site site;
  Command runner = site.start_run(site.write_config(
      task({with_secret("true", {{"cmd", "sleep 1000 & echo $$ $! >asked; wait"}})})));
  // Before the signal: a pid may be another's soon after.
  std::vector<Watched> asking;
  for (const pid_t pid : pids_in(site.in_sandbox("asked"), 2)) asking.emplace_back(pid);
  runner.signal(SIGTERM);
  EXPECT_EQ(runner.wait().code, 2);
  for (const Watched& one : asking) EXPECT_TRUE(one && one.ends_within(60'000));
  EXPECT_EQ(runs(site.status(), "p").back()["reason"], "told to end before it was started");
}

TEST(Secret, IsThereForAProbe) {
  Site site;
  write_private(site.path() + "/token", kValue);
  Json p = with_secret("until [ -e asked ]; do sleep 0.02; done", site.path() + "/token");
  p["ready"] = {{"cmd", "[ -n \"$TOKEN\" ] && touch asked"}, {"interval", 0.05}};
  EXPECT_EQ(site.run(task({p})).code, 0);
}

TEST(Secret, OfAProcessReplacesTheTasks) {
  Site site;
  Json all = task({process("p", "echo $A$B$C$D$E >said",
                           {{"secret", {{"A", {{"cmd", "echo own"}}}, {"E", {{"cmd", "echo e"}}}}},
                            {"env", {{"C", "c"}, {"D", "d"}}}})});
  all["secret"] = {
      {"A", {{"cmd", "echo a"}}}, {"B", {{"cmd", "printf b"}}}, {"D", {{"cmd", "echo the tasks"}}}};
  all["env"] = {{"C", "no"}, {"E", "no"}};
  EXPECT_EQ(site.run(all).code, 0);
  // So does what the process has in `env`.
  EXPECT_EQ(read_file(site.in_sandbox("said")), "ownbcde\n");
}

// Who reads it: the process's user, unless root says that root does.
TEST(Secret, IsReadByTheProcesssUserOrByRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to run as another user";
  Site site;
  site.publish_programs();
  ASSERT_EQ(chmod(site.path().c_str(), 0755), 0);
  const std::string token = site.path() + "/token";
  write_private(token, kValue);
  const auto with = [&](const Json& secret) {
    return task({with_secret("[ -n \"$TOKEN\" ] && [ $UID = 65534 ]", secret)});
  };
  const Words as_nobody = {"--user", "nobody"};
  EXPECT_EQ(site.run(with({{"file", token}}), "a", as_nobody).code, 1);
  EXPECT_EQ(runs(site.status("a"), "p").back()["reason"],
            "secret TOKEN: cannot read " + token + ": Permission denied");
  EXPECT_EQ(site.run(with({{"file", token}, {"root", true}}), "b", as_nobody).code, 0);
  EXPECT_EQ(site.run(with({{"cmd", "id -u"}}), "c", as_nobody).code, 0);
  ASSERT_EQ(chown(token.c_str(), kNobody, kNobody), 0);
  EXPECT_EQ(site.run(with({{"file", token}}), "d", as_nobody).code, 0);
}

TEST(Secret, BadOnesAreRefused) {
  Site site;
  const auto wrong = [&](const Json& secret) {
    const std::string config = site.write_config(task({process("p", "true", secret)}));
    const Ended ended = site.thermos(site.run_words(config, "t"));
    EXPECT_EQ(ended.code, 65) << ended.out << ended.err;
    const auto at = ended.err.find("processes[0]");
    return at == std::string::npos ? ended.err : ended.err.substr(at, ended.err.size() - at - 1);
  };
  EXPECT_EQ(wrong({{"secret", {{"A", Json::object()}}}}),
            "processes[0].secret.A: needs one of file, cmd");
  EXPECT_EQ(wrong({{"secret", {{"A", {{"file", "a"}, {"cmd", "b"}}}}}}),
            "processes[0].secret.A: has both file and cmd: give one of them");
  EXPECT_EQ(wrong({{"secret", {{"A", {{"cmd", "b"}, {"root", true}}}}}}),
            "processes[0].secret.A: has a 'cmd', which runs as the process's user: 'root' is for a "
            "'file'");
  EXPECT_EQ(wrong({{"secret", {{"A", "x"}}}, {"env", {{"A", "y"}}}}),
            "processes[0].secret.A: is in 'env', too: give it in one of them");
  EXPECT_EQ(wrong({{"secret", {{"A=", "x"}}}}),
            "processes[0].secret: 'A=': a variable's name can't hold '='");
  EXPECT_EQ(wrong({{"secret", {{"THERMOS_RUN", "x"}}}}),
            "processes[0].secret: THERMOS_RUN is set for every run: give another name");
  EXPECT_EQ(wrong({{"secret", {{"A", {{"value", "x"}}}}}}).substr(0, 43),
            "processes[0].secret.A: unknown key 'value':");
  EXPECT_FALSE(std::filesystem::exists(site.checkpoint("t")));
}

}  // namespace
}  // namespace thermos::real
