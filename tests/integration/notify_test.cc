// Processes that say how they are, as sd_notify(3) does.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "program.h"
#include "task_run.h"

namespace thermos::real {
namespace {

// A shell function `say MESSAGE`, without any program of systemd's, and one that waits for a file.
const char* const kSay =
    "say() { python3 -c 'import os, socket, sys\n"
    "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
    "s.connect(\"\\0\" + os.environ[\"NOTIFY_SOCKET\"][1:])\n"
    "for m in sys.argv[1:]: s.send(m.encode())' \"$@\"; }\n"
    "await() { until [ -e $1 ]; do sleep 0.02; done; }\n";

Json says(const std::string& cmdline, const Json& more) {
  return process("s", kSay + cmdline, more);
}
const Json kReady = {{"ready", {{"notify", true}}}};

// The latest run of "s" when that holds of it.
Json run_when(Site& site, const std::function<bool(const Json&)>& holds) {
  Json run;
  EXPECT_TRUE(wait_until(site.checkpoint("t"), [&] {
    const Json status = site.status();
    if (!status.is_object() || !status["processes"].contains("s")) return false;
    run = status["processes"]["s"].back();
    return holds(run);
  })) << site.status().dump(2);
  return run;
}
Json run_with(Site& site, const std::string& key) {
  return run_when(site, [&](const Json& run) { return run.contains(key); });
}

TEST(Notify, WhoSaysReadyIsReady) {
  Site site;
  Command runner = site.start_run(
      site.write_config(task({says("await up; say READY=1; await go", kReady),
                              process("needs", "touch started", {{"needs", {{"s", "ready"}}}})})));
  EXPECT_FALSE(site.run_in_state("s", "RUNNING").contains("ready_time"));
  EXPECT_FALSE(exists(site.in_sandbox("started")));
  write_file(site.in_sandbox("up"), "");
  EXPECT_TRUE(wait_for_file(site.in_sandbox("started")));
  EXPECT_TRUE(run_with(site, "ready_time").contains("ready_time"));
  write_file(site.in_sandbox("go"), "");
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
}

TEST(Notify, ACommandOfSystemdSaysItToo) {
  if (access("/usr/bin/systemd-notify", X_OK) != 0) GTEST_SKIP() << "there is no systemd-notify";
  Site site;
  Command runner = site.start_run(
      site.write_config(task({process("s",
                                      "systemd-notify --ready --status='Up and running'; "
                                      "until [ -e go ]; do sleep 0.02; done",
                                      kReady)})));
  const Json run = run_with(site, "ready_time");
  EXPECT_EQ(run_with(site, "status")["status"], "Up and running");
  write_file(site.in_sandbox("go"), "");
  EXPECT_EQ(runner.wait().code, 0);
}

TEST(Notify, WhoDoesNotSayItInTimeHasFailed) {
  Site site;
  const Ended ended = site.run(
      task({process("s", "exec sleep 1000", {{"ready", {{"notify", true}, {"within", 0.2}}}})}));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  EXPECT_EQ(runs(site.status(), "s").back()["reason"],
            "not ready within 0.2 s: it has not said READY=1");
}

TEST(Notify, ItsStatusIsShown) {
  Site site;
  Command runner = site.start_run(site.write_config(task({says(
      "say STATUS=one; await more; say STATUS=two STATUS=three; await go", {{"notify", true}})})));
  run_when(site, [](const Json& run) { return run.value("status", "") == "one"; });
  const Ended table = site.thermos({"status", "t"});
  EXPECT_NE(table.out.find("one"), std::string::npos) << table.out;
  write_file(site.in_sandbox("more"), "");
  run_when(site, [](const Json& run) { return run.value("status", "") == "three"; });
  write_file(site.in_sandbox("go"), "");
  EXPECT_EQ(runner.wait().code, 0);
  EXPECT_FALSE(runs(site.status(), "s").back().contains("status")) << "its run is over";
}

TEST(Notify, AChattyProcessDoesNotFillTheDisk) {
  Site site;
  const Ended ended =
      site.run(task({process("s",
                             "python3 -c 'import os, socket\n"
                             "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                             "s.connect(\"\\0\" + os.environ[\"NOTIFY_SOCKET\"][1:])\n"
                             "for i in range(2000): s.send(b\"STATUS=%d\" % i)'",
                             {{"notify", true}})}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const Ended read = site.thermos({"read", site.checkpoint("t") + "/coordinator.s"});
  std::size_t reports = 0;
  for (std::size_t at = 0; (at = read.out.find(" report ", at)) != std::string::npos; ++at) {
    ++reports;
  }
  EXPECT_GE(reports, 2U) << read.out;
  EXPECT_LE(reports, 30U) << "a record a second";
  EXPECT_NE(read.out.find("1999"), std::string::npos) << "the last one is always there";
}

TEST(Notify, OthersAreIgnored) {
  Site site;
  Command runner = site.start_run(site.write_config(task({says(
      "echo -n \"$NOTIFY_SOCKET\" > address.part; mv address.part address; await go", kReady)})));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("address")));
  const std::string address = read_file(site.in_sandbox("address"));
  ASSERT_EQ(address.substr(0, 1), "@");
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  address.copy(to.sun_path + 1, address.size() - 1, 1);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(sendto(fd, "READY=1", 7, 0, reinterpret_cast<sockaddr*>(&to), size), 7);
  }
  close(fd);
  const auto read = [&] { return site.thermos({"read", site.checkpoint("t") + "/runner"}).out; };
  ASSERT_TRUE(wait_until(site.checkpoint("t"), [&] {
    return read().find("ignored") != std::string::npos;
  })) << read();
  write_file(site.in_sandbox("go"), "");
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(read().find("ignored"), read().rfind("ignored")) << "once: " << read();
  EXPECT_FALSE(runs(site.status(), "s").back().contains("ready_time"));
}

TEST(Notify, WorksInsideOfAChroot) {
  if (getuid() != 0) GTEST_SKIP() << "only root may change its root";
  Site site;
  // The program that speaks is compiled, as a root has no Python.
  std::filesystem::create_directories(site.sandbox());
  write_file(site.in_sandbox("say.c"),
             "#include <sys/socket.h>\n#include <sys/un.h>\n#include <string.h>\n"
             "#include <stdlib.h>\n#include <stddef.h>\n#include <poll.h>\n#include <unistd.h>\n"
             "int main(void) { struct sockaddr_un a = {AF_UNIX}; const char* n = "
             "getenv(\"NOTIFY_SOCKET\"); strcpy(a.sun_path, n); a.sun_path[0] = 0;\n"
             "int s = socket(AF_UNIX, SOCK_DGRAM, 0); sendto(s, \"READY=1\\nSTATUS=in\", 17, 0, "
             "(void*)&a, offsetof(struct sockaddr_un, sun_path) + strlen(n));\n"
             "while (access(\"/go\", F_OK)) poll(0, 0, 20); return 0; }\n");
  const testing::Finished built = testing::run_program(
      {{"cc", "-static", "-o", site.in_sandbox("say"), site.in_sandbox("say.c")}});
  if (built.status != 0) {
    GTEST_SKIP() << "there is no C compiler";
  }
  const Json inside = {{"name", "s"}, {"argv", {"/say"}}, {"ready", {{"notify", true}}}};
  Command runner = site.start_run(site.write_config(task({inside})), "t", {"--chroot"});
  EXPECT_EQ(run_with(site, "status")["status"], "in");
  EXPECT_TRUE(run_with(site, "ready_time").contains("ready_time"));
  write_file(site.in_sandbox("go"), "");
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
}

TEST(Notify, WhoSaysThatItStopsIsNotAskedForItsHealth) {
  Site site;
  // It is asked for at once, and may be so before its process has done anything.
  std::filesystem::create_directories(site.sandbox());
  write_file(site.in_sandbox("well"), "");
  Command runner = site.start_run(site.write_config(task({says(
      "say STOPPING=1; await stopped; rm well; await go",
      {{"notify", true}, {"healthy", {{"file", "well"}, {"interval", 0.05}, {"failures", 1}}}})})));
  EXPECT_TRUE(run_with(site, "stopping_time").contains("stopping_time"));
  write_file(site.in_sandbox("stopped"), "");
  ASSERT_TRUE(wait_until(site.sandbox(), [&] { return !exists(site.in_sandbox("well")); }));
  write_file(site.in_sandbox("go"), "");
  EXPECT_EQ(runner.wait().code, 0);
}

// ---- the watchdog ------------------------------------------------------------------------------

TEST(Watchdog, WhoSaysNothingHasFailed) {
  Site site;
  const Ended ended = site.run(task({says("exec sleep 1000", {{"watchdog", 0.3}})}));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json run = runs(site.status(), "s").back();
  EXPECT_EQ(run["state"], "FAILED");
  EXPECT_EQ(run["reason"], "watchdog: no WATCHDOG=1 within 0.3 s");
  EXPECT_EQ(run["return_code"], -SIGABRT);
  EXPECT_GE(run["stop_time"].get<double>(), run["start_time"].get<double>() + 0.29);
}

TEST(Watchdog, WhoIgnoresTheSignalIsKilled) {
  Site site;
  const Ended ended = site.run(task({says("trap '' ABRT; while true; do sleep 0.1; done",
                                          {{"watchdog", 0.2}, {"stop_wait", 0.2}})}));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  EXPECT_EQ(runs(site.status(), "s").back()["return_code"], -SIGKILL);
}

TEST(Watchdog, WhoSaysThatItLivesGoesOn) {
  Site site;
  const Ended ended =
      site.run(task({process("s",
                             "python3 -c 'import os, select, socket\n"
                             "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                             "s.connect(\"\\0\" + os.environ[\"NOTIFY_SOCKET\"][1:])\n"
                             "assert os.environ[\"WATCHDOG_USEC\"] == \"5000000\"\n"
                             "for i in range(55):\n"
                             "  s.send(b\"WATCHDOG=1\"); select.select([], [], [], 0.1)'",
                             {{"watchdog", 5}})}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
}

TEST(Watchdog, BeginsWhenItIsReady) {
  Site site;
  const Ended ended = site.run(task({says("sleep 0.6; say READY=1; exec sleep 1000",
                                          {{"watchdog", 0.3}, {"ready", {{"notify", true}}}})}));
  EXPECT_EQ(ended.code, 1);
  const Json run = runs(site.status(), "s").back();
  EXPECT_EQ(run["reason"], "watchdog: no WATCHDOG=1 within 0.3 s");
  EXPECT_TRUE(run.contains("ready_time"));
}

TEST(Watchdog, CanBeTriggered) {
  Site site;
  const Ended ended =
      site.run(task({says("say WATCHDOG=trigger; exec sleep 1000", {{"watchdog", 1000}})}));
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(runs(site.status(), "s").back()["reason"], "watchdog: it said WATCHDOG=trigger");
}

TEST(Watchdog, HoldsWhileNobodyLeads) {
  Site site;
  const std::string config = site.write_config(
      task({says("await die; echo $$ > pid.part; mv pid.part pid; say READY=1; exec sleep 1000",
                 {{"watchdog", 0.3}, {"ready", {{"notify", true}}}})}));
  Command first = site.start_run(config);
  site.run_in_state("s", "RUNNING");
  first.destroy();
  write_file(site.in_sandbox("die"), "");
  EXPECT_TRUE(ends(pid_in(site.in_sandbox("pid")))) << "its coordinator ends it";
  EXPECT_EQ(site.start_run(config).wait().code, 1);
  EXPECT_EQ(runs(site.status(), "s").back()["reason"], "watchdog: no WATCHDOG=1 within 0.3 s");
}

// ---- over runners ------------------------------------------------------------------------------

TEST(Notify, WhatIsSaidWhileNobodyLeadsIsNotLost) {
  Site site;
  const std::string config =
      site.write_config(task({says("await up; say READY=1 STATUS=up; touch said; await go",
                                   {{"ready", {{"notify", true}, {"within", 0.5}}}})}));
  Command first = site.start_run(config);
  const Json before = site.run_in_state("s", "RUNNING");
  first.destroy();
  write_file(site.in_sandbox("up"), "");
  ASSERT_TRUE(wait_for_file(site.in_sandbox("said")));
  Command second = site.start_run(config);
  const Json run = run_with(site, "ready_time");
  EXPECT_EQ(run["pid"], before["pid"]);
  EXPECT_EQ(run_with(site, "status")["status"], "up");
  // A third one hears it all again, and records nothing twice.
  second.destroy();
  Command third = site.start_run(config);
  ASSERT_TRUE(site.leads(third));
  write_file(site.in_sandbox("go"), "");
  const Ended ended = third.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  const std::string read = site.thermos({"read", site.checkpoint("t") + "/runner"}).out;
  EXPECT_EQ(read.find(" ready"), read.rfind(" ready")) << read;
  EXPECT_EQ(read.find(" status"), read.rfind(" status")) << read;
}

// The runner is killed after so many changes of the task's files, from its first record to its
// last.
class KilledAt : public ::testing::TestWithParam<int> {};

TEST_P(KilledAt, NothingIsForgottenOrDoneTwice) {
  Site site;
  const std::string config = site.write_config(
      task({says("echo s >> ran; say STATUS=begun; say READY=1 STATUS=up; await done",
                 {{"ready", {{"notify", true}, {"within", 100}}},
                  {"healthy", {{"file", "ran"}, {"interval", 0.05}, {"failures", 1}}}}),
            process("needs", "echo needs >> ran; touch done", {{"needs", {{"s", "ready"}}}}),
            process("ill", "echo ill >> ran; exec sleep 1000",
                    {{"healthy", {{"cmd", "false"}, {"interval", 0.1}, {"failures", 3}}}})},
           {}, {{"max_failures", 0}}));
  Command first = site.start_run(config);
  int changes = 0;
  // A task that is over sooner is as good.
  EXPECT_TRUE(wait_until(site.checkpoint("t"), [&] {
    if (++changes > GetParam()) return true;
    const Json status = site.status();
    return status.is_object() && status.value("state", "") == "SUCCESS";
  }));
  first.destroy();
  site.start_run(config).wait();
  const Json status = site.status();
  EXPECT_EQ(status["state"], "SUCCESS") << status.dump(2);
  EXPECT_EQ(count_lines(site.in_sandbox("ran")),
            (std::map<std::string, int>{{"s", 1}, {"needs", 1}, {"ill", 1}}));
  EXPECT_EQ(states(status, "s") + states(status, "needs"), "SUCCESSSUCCESS") << status.dump(2);
  EXPECT_EQ(states(status, "ill"), "FAILED");
  EXPECT_EQ(runs(status, "ill").back()["reason"], "not healthy: cmd false: exit 1");
  EXPECT_LE(runs(status, "s").back()["ready_time"], runs(status, "needs").back()["fork_time"]);
  const std::string read = site.thermos({"read", site.checkpoint("t") + "/runner"}).out;
  std::size_t refusals = 0;
  for (std::size_t at = 0; (at = read.find("unhealthy", at)) != std::string::npos; ++at) ++refusals;
  EXPECT_EQ(refusals, 2U) << read;
}

INSTANTIATE_TEST_SUITE_P(Changes, KilledAt, ::testing::Range(0, 24, 2));

TEST(Notify, TheTimeThatItAsksForIsGiven) {
  Site site;
  const Ended ended =
      site.run(task({says("say EXTEND_TIMEOUT_USEC=60000000; sleep 3.2; say READY=1; sleep 0.1",
                          {{"ready", {{"notify", true}, {"within", 3}}}, {"timeout", 3.1}})}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_TRUE(runs(site.status(), "s").back().contains("ready_time"));
}

TEST(Notify, SoIsTimeToEnd) {
  Site site;
  Command runner = site.start_run(site.write_config(
      task({says("trap 'say EXTEND_TIMEOUT_USEC=60000000; sleep 3.5; exit 0' TERM; touch up; "
                 "while true; do sleep 0.05; done",
                 {{"notify", true}, {"stop_wait", 3}, {"daemon", true}, {"min_duration", 0}}),
            process("main", "until [ -e go ]; do sleep 0.02; done")})));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  EXPECT_EQ(site.thermos({"stop", "t", "s"}).code, 0);
  const Json run = run_with(site, "stop_time");
  EXPECT_EQ(run["return_code"], 0) << run.dump(2);
  runner.signal(SIGTERM);
  runner.wait();
}

TEST(Notify, SoIsTimeToEndWithTheTask) {
  Site site;
  Command runner = site.start_run(site.write_config(
      task({says("trap 'say EXTEND_TIMEOUT_USEC=60000000; sleep 3.5; exit 0' TERM; touch up; "
                 "while true; do sleep 0.05; done",
                 {{"notify", true}, {"stop_wait", 3}, {"daemon", true}, {"min_duration", 0}})})));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  runner.signal(SIGTERM);
  runner.wait();
  EXPECT_EQ(runs(site.status(), "s").back()["return_code"], 0);
}

}  // namespace
}  // namespace thermos::real
