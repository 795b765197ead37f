// What a coordinator records: order, numbers, identities, times, and every way to end.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <cmath>
#include <sstream>
#include <string>

#include "coordinator/kernel.h"
#include "core/base/utf8.h"
#include "rig.h"

namespace thermos::coordinator {
namespace {

using rig::Entry;
using rig::Job;
using rig::Server;

TEST(Records, OrderNumbersAndIdentities) {
  Server server;
  const Timestamp before = read_clocks();
  const Job job = server.start("echo $$ $PPID");
  const auto entries = server.finish(job);
  const Timestamp after = read_clocks();

  ASSERT_EQ(rig::states(entries), "FORKED RUNNING SUCCESS");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i].process, job.launch.process);
    EXPECT_EQ(entries[i].status.seq, 7 + i);
    EXPECT_EQ(entries[i].status.run, 2U);
    EXPECT_EQ(entries[i].status.origin, Origin::Recorded);
    EXPECT_EQ(entries[i].reason, "");
    const Timestamp earlier = i == 0 ? before : entries[i - 1].status.at;
    EXPECT_GE(entries[i].status.at.boot, earlier.boot);
    EXPECT_LE(entries[i].status.at.boot, after.boot);
    EXPECT_GE(entries[i].status.at.wall, before.wall);
  }
  EXPECT_EQ(entries[0].status.identity.pid, job.coordinator);
  EXPECT_GT(entries[0].status.identity.ticks, 0U);
  EXPECT_EQ(entries[0].status.boot, rig::test_boot());
  EXPECT_GE(entries[1].status.identity.ticks, entries[0].status.identity.ticks);
  EXPECT_EQ(entries[2].status.return_code, 0);
  EXPECT_EQ(rig::read_file(job.out), std::to_string(entries[1].status.identity.pid) + " " +
                                         std::to_string(job.coordinator) + "\n");
}

TEST(Records, TheTicksAreTheKernels) {
  Server server;
  const Job job = server.start("exec sleep 1000");
  const auto entries = job.stream.wait_for_records(2);
  ASSERT_EQ(entries.size(), 2U);
  for (const Entry& entry : entries) {
    EXPECT_EQ(entry.status.identity.ticks, start_ticks(entry.status.identity.pid));
  }
}

TEST(Records, TheCoordinatorIsOurOwnChild) {
  Server server;
  const Job job = server.start("exec sleep 1000");
  const auto stat = read_stat(job.coordinator);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->parent, ::getpid());
}

TEST(Records, EveryExitCode) {
  Server server;
  std::vector<Job> jobs;
  for (int code = 0; code < 256; ++code) {
    jobs.push_back(server.start("exit " + std::to_string(code)));
    if (jobs.size() < 16 && code != 255) continue;
    for (const Job& job : jobs) {
      const int expected = std::stoi(job.launch.cmdline.substr(5));
      const auto entries = server.finish(job);
      ASSERT_EQ(rig::states(entries),
                expected == 0 ? "FORKED RUNNING SUCCESS" : "FORKED RUNNING FAILED");
      EXPECT_EQ(entries[2].status.return_code, expected);
    }
    jobs.clear();
  }
}

TEST(Records, EndsBySignal) {
  Server server;
  const struct {
    const char* name;
    const char* states;
    int return_code;
  } cases[] = {
      {"KILL", "FORKED RUNNING KILLED", -SIGKILL}, {"TERM", "FORKED RUNNING KILLED", -SIGTERM},
      {"HUP", "FORKED RUNNING KILLED", -SIGHUP},   {"INT", "FORKED RUNNING KILLED", -SIGINT},
      {"SEGV", "FORKED RUNNING FAILED", -SIGSEGV}, {"ABRT", "FORKED RUNNING FAILED", -SIGABRT},
      {"PIPE", "FORKED RUNNING FAILED", -SIGPIPE}, {"USR1", "FORKED RUNNING KILLED", -SIGUSR1},
  };
  for (const auto& [name, states, return_code] : cases) {
    const auto entries = server.run("ulimit -c 0; kill -" + std::string(name) + " $$");
    EXPECT_EQ(rig::states(entries), states) << name;
    ASSERT_EQ(entries.size(), 3U);
    EXPECT_EQ(entries[2].status.return_code, return_code) << name;
  }
}

TEST(Records, TheLongestCommandLine) {
  Server server;
  std::string cmdline = "exit 7 #";
  cmdline.resize(131'071, 'x');
  auto entries = server.run(cmdline);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_EQ(entries[2].status.return_code, 7);

  cmdline += 'x';
  entries = server.run(cmdline);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_EQ(entries[2].status.return_code, std::nullopt);
  EXPECT_EQ(entries[2].reason,
            "cannot run /bin/bash: command line and environment are too long together");
}

TEST(Records, TheLongestName) {
  Server server;
  Launch launch = server.make("true");
  launch.process = std::string(240, 'n') + "\xc3\xa9";
  const auto entries = server.run(launch);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING SUCCESS");
  for (const Entry& entry : entries) EXPECT_EQ(entry.process, launch.process);
}

TEST(Records, NoSuchDirectory) {
  Server server;
  Launch launch = server.make("true");
  launch.directory = server.directory() / "missing";
  const auto entries = server.run(launch);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_GT(entries[1].status.identity.pid, 0);
  EXPECT_EQ(entries[2].status.seq, 9U);
  EXPECT_EQ(entries[2].status.return_code, std::nullopt);
  EXPECT_EQ(entries[2].reason,
            "cannot enter directory " + launch.directory + ": No such file or directory");
}

TEST(Records, ALongPathKeepsItsReason) {
  Server server;
  Launch launch = server.make("true");
  launch.directory = server.directory().path();
  while (launch.directory.size() < 3000) launch.directory += "/missing";
  const auto entries = server.run(launch);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_NE(entries[2].reason.find(": No such file or directory"), std::string::npos);
}

TEST(Records, NoCharacterOfALongNameIsCutInTwo) {
  Server server;
  Launch launch = server.make("true");
  const std::string name = std::string(99, 'S') + "\xc3\xa9";
  launch.secrets.entries = {{name, {server.directory() / "missing", "", false}}};
  auto entries = server.run(launch);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_TRUE(is_utf8(entries[2].reason)) << entries[2].reason;
  // 799 bytes of a path come before the character, and then not all of it.
  launch = server.make("true");
  launch.directory = "/";
  while (launch.directory.size() < 797) launch.directory += "d/";
  launch.directory.resize(799, 'd');
  launch.directory += "\xc3\xa9/d";
  entries = server.run(launch);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_TRUE(is_utf8(entries[2].reason)) << entries[2].reason;
}

// ---- what it used ------------------------------------------------------------------------------

// Burns processor time.
constexpr const char* kBurn = "burn() { local i=0; while ((i < 100000)); do ((i++)); done; }\n";

// At least what bash has measured of itself (getrusage(2)) and written by `times`: "0m1.234s
// 0m0.005s", each rounded to the nearest millisecond.
Microseconds own(const Job& job, const std::string& file) {
  std::istringstream text(rig::read_file(job.launch.directory + "/" + file));
  Microseconds sum = 0;
  for (int time = 0; time < 2; ++time) {
    std::int64_t minutes = 0;
    double seconds = 0;
    char unit = ' ';
    text >> minutes >> unit >> seconds >> unit;
    sum += minutes * 60 * kSecond + std::llround(seconds * 1000) * 1000;
  }
  EXPECT_TRUE(text) << file;
  EXPECT_GT(sum, 0) << file;
  return sum - 1000;
}

Microseconds cpu_of(const Usage& usage) {
  return usage.user + usage.system;
}

TEST(Usage, IsAtLeastWhatTheProcessMeasuredItself) {
  Server server;
  const Job job = server.start(std::string(kBurn) + "burn; times > own");
  const auto entries = server.finish(job);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING SUCCESS");
  const Usage& usage = entries[2].status.usage;
  EXPECT_GE(cpu_of(usage), own(job, "own"));
  // One at a time, no more than the time that it took.
  EXPECT_LE(cpu_of(usage), entries[2].status.at.boot - entries[0].status.at.boot + kSecond);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(entries[i].status.usage, Usage());
}

// What its children used, who waited for it or not, and who left it.
TEST(Usage, IsThatOfTheWholeTree) {
  Server server;
  const Job job =
      server.start(std::string(kBurn) +
                   "mkfifo done\n"
                   "(burn; times > child)\n"
                   "(burn; times > unwaited; echo > done) & read < done\n"
                   "setsid bash -c \"$(declare -f burn); (burn; times > left; echo > done; "
                   "exec sleep 1000) &\"\n"
                   "read < done");
  const auto entries = server.finish(job);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING SUCCESS");
  const Microseconds all = own(job, "child") + own(job, "unwaited") + own(job, "left");
  EXPECT_GE(cpu_of(entries[2].status.usage), all);
}

TEST(Usage, ThePeakIsThatOfTheLargestProcess) {
  constexpr std::int64_t kMebibyte = std::int64_t{1024} * 1024;
  Server server;
  const Job small = server.start("true");
  const Job large = server.start("(x=$(head -c 64M /dev/zero | tr '\\0' x); : ${#x}); true");
  const auto before = server.finish(small);
  const auto after = server.finish(large);
  ASSERT_EQ(rig::states(after), "FORKED RUNNING SUCCESS");
  EXPECT_GT(before[2].status.usage.peak, 0);
  EXPECT_LT(before[2].status.usage.peak, 64 * kMebibyte);
  EXPECT_GE(after[2].status.usage.peak, 64 * kMebibyte);
  EXPECT_LT(after[2].status.usage.peak, 1024 * kMebibyte);
}

TEST(Usage, IsRecordedOfWhatIsKilled) {
  Server server;
  const Job job = server.start(std::string(kBurn) + "burn; times > own; kill -9 $$");
  const auto entries = server.finish(job);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING KILLED");
  EXPECT_GE(cpu_of(entries[2].status.usage), own(job, "own"));
  EXPECT_GT(entries[2].status.usage.peak, 0);
}

TEST(Usage, IsNotKnownOfWhatNeverRan) {
  Server server;
  Launch launch = server.make("true");
  launch.directory = server.directory() / "missing";
  const auto entries = server.finish(server.start(launch));
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_EQ(entries[2].status.usage, Usage());
}

}  // namespace
}  // namespace thermos::coordinator
