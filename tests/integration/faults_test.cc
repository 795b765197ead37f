// A machine that runs short: of disk, of descriptors, of processes, of inotify. What is met is
// named, nothing recorded is lost, what runs goes on, and when it has passed a new start goes on
// from there.
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/record/frame.h"
#include "ledger.h"
#include "small_disk.h"
#include "starving.h"
#include "stream_cut.h"
#include "waiting.h"

namespace thermos::real {
namespace {

// The first process holds all others back until there is a file "go".
Json waiting_ledger_task(Dice& dice, int count) {
  Json made = ledger_task(dice, count);
  made["processes"].push_back(process("first",
                                      "echo first >> ledger; until [ -e go ]; do sleep 0.02; done",
                                      {{"min_duration", 0}}));
  for (const std::string& name : names_in(made)) {
    if (name != "first") made["constraints"].push_back({{"order", {"first", name}}});
  }
  return made;
}

TEST(Disk, ThatFillsStopsTheTaskAndANewStartGoesOn) {
  Site site;
  const SmallDisk disk(site);
  if (!disk.mounted()) GTEST_SKIP() << "no small file system to fill";
  Dice dice(7);
  const Json task = waiting_ledger_task(dice, 30);
  const std::string config = site.write_config(task);
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("ledger")));
  ASSERT_FALSE(site.run_in_state("first", "RUNNING").is_null());
  disk.fill();
  write_file(site.in_sandbox("go"), "");
  // It may still fit what is left of a block; then it comes to a file that has no room.
  ASSERT_TRUE(wait_for_text(site.path() + "/program0.err", "No space left on device"));
  disk.free();
  // Either it stopped and said so, or it waited for room and went on.
  const Ended stopped = first.wait();
  if (stopped.code != 0) {
    EXPECT_EQ(stopped.code, 71) << stopped.err;
    EXPECT_NE(stopped.err.find(site.checkpoint("t")), std::string::npos) << stopped.err;
    EXPECT_NE(stopped.err.find("No space left on device"), std::string::npos) << stopped.err;
    expect_success(site.start_run(config).wait());
  }
  expect_each_once(site, task);
}

// The runs of "main" that fail before the last, so that the last record begins in the stream's page
// and does not fit there. `stream`: of a task of one run.
int runs_before_the_edge(const std::string& stream) {
  constexpr std::size_t kPage = 4096;
  std::vector<std::size_t> ends = ends_of_records(stream);
  EXPECT_EQ(ends.size(), 3U);
  const std::size_t begin = kStreamHeaderBytes;
  const std::size_t run = ends[2] - begin;
  const std::size_t last = ends[2] - ends[1];
  for (int before = 0;; ++before) {
    const std::size_t from = begin + static_cast<std::size_t>(before) * run + (run - last);
    if (from % kPage != 0 && from % kPage + last > kPage) return before;
  }
}

// Only the coordinator has something to write, so only it knows.
TEST(Disk, ThatACoordinatorFindsFullIsSaidByTheRunner) {
  Site site;
  const SmallDisk disk(site);
  if (!disk.mounted()) GTEST_SKIP() << "no small file system to fill";
  const auto make = [&](int failures) {
    return task({process("main",
                         "echo x >> ledger; [ $(wc -l < ledger) -gt " + std::to_string(failures) +
                             " ] || exit 1; echo $$ > up; until [ -e go ]; do sleep 0.02; done",
                         {{"max_failures", 0}, {"min_duration", 0}})});
  };
  write_file(site.in_sandbox("go"), "");
  ASSERT_EQ(site.run(make(0), "probe").code, 0);
  const int failures = runs_before_the_edge(site.checkpoint("probe") + "/coordinator.main");
  for (const char* name : {"go", "up", "ledger"}) std::filesystem::remove(site.in_sandbox(name));

  Command runner = site.start_run(site.write_config(make(failures)));
  const pid_t process = pid_in(site.in_sandbox("up"));
  ASSERT_FALSE(site.run_in_state("main", "RUNNING").is_null());
  disk.fill();
  write_file(site.in_sandbox("go"), "");
  ASSERT_TRUE(wait_for_text(site.path() + "/program1.err", "No space left on device"));
  EXPECT_FALSE(alive(process));
  const Ended checked = site.thermos({"fsck", "t"});
  EXPECT_EQ(checked.code, 0);
  EXPECT_NE(checked.out.find("has not recorded that"), std::string::npos) << checked.out;
  disk.free();
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_NE(ended.err.find(site.checkpoint("t") + "/coordinator.main: No space left on device"),
            std::string::npos)
      << ended.err;
  EXPECT_NE(ended.err.find("write again"), std::string::npos) << ended.err;
  EXPECT_EQ(runs(site.status(), "main").back()["state"], "SUCCESS");
}

TEST(Disk, ThatIsFullFromTheFirstIsSaidAndLeavesNothingHalf) {
  Site site;
  const SmallDisk disk(site);
  if (!disk.mounted()) GTEST_SKIP() << "no small file system to fill";
  disk.fill();
  const std::string config = site.write_config(task({process("main", "echo main >> ledger")}));
  const Ended refused = site.start_run(config).wait();
  EXPECT_NE(refused.code, 0);
  EXPECT_NE(refused.err.find("No space left on device"), std::string::npos) << refused.err;
  EXPECT_FALSE(exists(site.in_sandbox("ledger")));
  disk.free();
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(read_file(site.in_sandbox("ledger")), "main\n");
}

// So many processes that their records do not wait for the end of the turn.
TEST(Disk, ThatIsFullWhenAnOrderComesRefusesTheOrder) {
  Site site;
  const SmallDisk disk(site);
  if (!disk.mounted()) GTEST_SKIP() << "no small file system to fill";
  std::vector<Json> processes = {process("main", "until [ -e go ]; do sleep 0.02; done")};
  for (int i = 0; i < 1000; ++i) processes.push_back(process("p" + std::to_string(i), "true"));
  const std::string config = site.write_config(task(processes, {}, {{"max_concurrency", 1}}));
  Command first = site.start_run(config);
  ASSERT_FALSE(site.run_in_state("main", "RUNNING").is_null());
  disk.fill();
  const Ended refused = site.thermos({"stop", "t", ".*"});
  EXPECT_EQ(refused.code, 71) << refused.out << refused.err;
  EXPECT_NE(refused.err.find("this runner has stopped leading the task"), std::string::npos)
      << refused.err;
  const Ended stopped = first.wait();
  EXPECT_EQ(stopped.code, 71) << stopped.err;
  EXPECT_NE(stopped.err.find("No space left on device"), std::string::npos) << stopped.err;
  disk.free();
  Command second = site.start_run(config);
  ASSERT_TRUE(site.leads(second));
  EXPECT_EQ(site.thermos({"kill", "--wait", "0", "t"}).code, 0);
}

TEST(Disk, ThatIsReadOnlyIsNamedAndANewStartGoesOnLater) {
  Site site;
  const SmallDisk disk(site);
  if (!disk.mounted()) GTEST_SKIP() << "no small file system";
  const Json graph =
      task({process("main", "echo main >> ledger; until [ -e go ]; do sleep 0.02; done"),
            process("after", "echo after >> ledger")},
           {{"main", "after"}});
  const std::string config = site.write_config(graph);
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_for_file(site.in_sandbox("ledger")));
  first.destroy();
  write_file(site.in_sandbox("go"), "");
  // Only when nobody has a file open for writing there.
  EXPECT_TRUE(nothing_outlives());
  ASSERT_TRUE(disk.remount(true)) << std::strerror(errno);
  const Ended refused = site.start_run(config).wait();
  EXPECT_EQ(refused.code, 71) << refused.err;
  EXPECT_NE(refused.err.find(site.root()), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("Read-only file system"), std::string::npos) << refused.err;
  EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
  ASSERT_TRUE(disk.remount(false)) << std::strerror(errno);
  expect_success(site.start_run(config).wait());
  expect_each_once(site, graph);
}

// ---- descriptors and processes -----------------------------------------------------------------

Json wide_task(int count, const std::string& command) {
  std::vector<Json> processes;
  for (int i = 0; i < count; ++i) {
    const std::string name = "p" + std::to_string(i);
    processes.push_back(process(name, "echo " + name + " >> ledger; " + command));
  }
  return task(processes);
}

TEST(Descriptors, ThatAreFewOnlyMakeItSlower) {
  Site site;
  const Json graph = wide_task(40, "exec sleep 0.2");
  Surroundings few;
  few.before_exec = limited(RLIMIT_NOFILE, 32);
  const Ended ended = site.thermos(site.run_words(site.write_config(graph), "t"), few);
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  expect_each_once(site, graph);
}

TEST(Descriptors, ThatAreFewAtAResumeLoseNothing) {
  Site site;
  const Json graph = wide_task(40, "until [ -e go ]; do sleep 0.1; done");
  const std::string config = site.write_config(graph);
  Command first = site.start_run(config);
  ASSERT_TRUE(wait_until(site.sandbox(),
                         [&] { return count_lines(site.in_sandbox("ledger")).size() == 40; }));
  first.destroy();
  Surroundings few;
  few.before_exec = limited(RLIMIT_NOFILE, 32);
  Command second = site.start(site.run_words(config, "t"), few);
  ASSERT_TRUE(site.leads(second));
  write_file(site.in_sandbox("go"), "");
  const Ended ended = second.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  expect_each_once(site, graph);
}

TEST(Descriptors, TooFewToStartAreSaid) {
  Site site;
  Surroundings few;
  few.before_exec = limited(RLIMIT_NOFILE, 8);
  const Ended ended =
      site.thermos(site.run_words(site.write_config(wide_task(1, "true")), "t"), few);
  EXPECT_NE(ended.code, 0);
  EXPECT_NE(ended.err.find("oo many open files"), std::string::npos) << ended.err;
}

// Containers often run as a number that /etc/passwd does not know.
TEST(Processes, OfAUserWithoutANameRun) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be someone else";
  Site site;
  site.publish_programs();
  ::chmod(site.sandbox().c_str(), 0777);
  ::mkdir(site.root().c_str(), 0777);
  ::chmod(site.root().c_str(), 0777);
  Surroundings nameless;
  nameless.environment = {{"HOME", site.path()}};
  constexpr uid_t kNameless = 3'999'999'999;
  ASSERT_EQ(::getpwuid(kNameless), nullptr);
  nameless.before_exec = [] {
    if (::setgroups(0, nullptr) != 0 || ::setgid(kNameless) != 0 || ::setuid(kNameless) != 0) {
      ::_exit(127);
    }
  };
  const Json task = Json::parse(
      R"({"name": "t", "processes": [{"name": "p", "cmdline": "echo $USER $HOME > who"}]})");
  const Ended ended = site.thermos(site.run_words(site.write_config(task), "t"), nameless);
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(read_file(site.in_sandbox("who")),
            std::to_string(kNameless) + " " + site.sandbox() + "\n");
}

TEST(Processes, ThatAreFewOnlyMakeItSlower) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs a user without other processes";
  Site site;
  site.publish_programs();
  ::chmod(site.sandbox().c_str(), 0777);
  ::mkdir(site.root().c_str(), 0777);
  ::chmod(site.root().c_str(), 0777);
  const Json graph = wide_task(20, "exec sleep 0.2");
  Surroundings few;
  few.environment = {{"HOME", site.path()}};
  // The kernel counts the processes of a user, so this is one whom no other test is.
  const auto user = 20'000 + static_cast<uid_t>(::getpid()) % 40'000;
  few.before_exec = [limit = limited(RLIMIT_NPROC, 12), user] {
    limit();
    if (::setgroups(0, nullptr) != 0 || ::setgid(user) != 0 || ::setuid(user) != 0) ::_exit(127);
  };
  const Ended ended = site.thermos(site.run_words(site.write_config(graph), "t"), few);
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  // A run whose coordinator took the place that its shell needed is LOST, and nothing of it ran.
  const Repeats repeats = expect_repeats_explained(site, graph);
  EXPECT_EQ(repeats.repeats, 0);
  EXPECT_EQ(repeats.killed, 0);
}

// ---- inotify -----------------------------------------------------------------------------------

TEST(Inotify, NoneToBeHadIsSaidAndAllIsRight) {
  Site site;
  const Json graph = wide_task(5, "true");
  Surroundings none;
  // In a user namespace of its own the program may have none.
  none.before_exec = [] {
    const uid_t uid = ::geteuid();
    if (::unshare(CLONE_NEWUSER) != 0) ::_exit(126);
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << ::getegid() << " 1";
    std::ofstream limit("/proc/sys/user/max_inotify_instances");
    if (!(limit << "0").flush()) ::_exit(126);
  };
  const Ended ended = site.thermos(site.run_words(site.write_config(graph), "t"), none);
  if (ended.code == 126) GTEST_SKIP() << "no user namespaces here";
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_NE(ended.err.find("inotify"), std::string::npos) << ended.err;
  expect_each_once(site, graph);
}

TEST(Inotify, AnOverflowLosesNothing) {
  Site site;
  const Json graph =
      task({process("main", "echo main >> ledger; until [ -e go ]; do sleep 0.02; done"),
            process("beside", "echo beside >> ledger; until [ -e go2 ]; do sleep 0.02; done"),
            process("after", "echo after >> ledger")},
           {{"main", "after"}});
  Command runner = site.start_run(site.write_config(graph));
  ASSERT_FALSE(site.run_in_state("main", "RUNNING").is_null());
  const Json run = runs(site.status(), "main").back();
  runner.signal(SIGSTOP);
  ASSERT_TRUE(stops(runner.pid()));
  // More closings than the kernel's queue holds.
  const int queue = std::stoi(read_file("/proc/sys/fs/inotify/max_queued_events"));
  const std::string strange = site.checkpoint("t") + "/strange";
  for (int i = 0; i < queue + 1000; ++i) {
    // Two names in turn: equal events in a row are made one.
    std::ofstream(strange + std::to_string(i % 2)).flush();
  }
  write_file(site.in_sandbox("go"), "");
  EXPECT_TRUE(ends(run["coordinator_pid"].get<pid_t>()));
  runner.signal(SIGCONT);
  ASSERT_FALSE(site.run_in_state("after", "SUCCESS").is_null());
  write_file(site.in_sandbox("go2"), "");
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  expect_each_once(site, graph);
}

// ---- what someone removed ----------------------------------------------------------------------

TEST(Removed, CheckpointsAreNamed) {
  Site site;
  Command runner = site.start_run(site.write_config(task(
      {process("main", "touch up; until [ -e go ]; do sleep 0.02; done"), process("after", "true")},
      {{"main", "after"}})));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  ASSERT_FALSE(site.run_in_state("main", "RUNNING").is_null());
  // The runner may miss a file and end, taking its socket away, while the others are being removed.
  std::error_code gone_already;
  do {
    std::filesystem::remove_all(site.checkpoint("t"), gone_already);
  } while (gone_already);
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 71) << ended.err;
  EXPECT_NE(ended.err.find(site.checkpoint("t")), std::string::npos) << ended.err;
  write_file(site.in_sandbox("go"), "");
  EXPECT_TRUE(nothing_outlives());
  std::filesystem::remove(site.root() + "/tasks/active/t");
}

TEST(Removed, ASandboxFailsWhatStartsThereAndIsNamed) {
  Site site;
  Command runner = site.start_run(site.write_config(
      task({process("main", "touch ../up; until [ -e ../go ]; do sleep 0.02; done"),
            process("after", "true")},
           {{"main", "after"}})));
  ASSERT_TRUE(wait_for_file(site.path() + "/up"));
  std::filesystem::rename(site.sandbox(), site.path() + "/elsewhere");
  write_file(site.path() + "/go", "");
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json status = site.status();
  EXPECT_EQ(states(status, "main"), "SUCCESS");
  ASSERT_EQ(states(status, "after"), "FAILED");
  const std::string reason = runs(status, "after").back().value("reason", "");
  EXPECT_NE(reason.find(site.sandbox()), std::string::npos) << reason;
}

}  // namespace
}  // namespace thermos::real
