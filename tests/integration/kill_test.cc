// `thermos kill` by anyone: through the leader, without one, past one that does not answer.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "stream_cut.h"
#include "task_run.h"

namespace thermos::real {
namespace {

// Says that it is up, hears SIGTERM and says so, and has a finalizer.
Json polite_task() {
  return task({process("main",
                       "trap 'touch heard; exit 1' TERM; echo $$ > up; "
                       "while :; do sleep 0.05; done"),
               process("tidy", "touch tidied", {{"final", true}})});
}

// Ends by SIGKILL alone.
Json stubborn_task(const Json& more = {}) {
  return task(
      {process("main", "trap 'touch heard' TERM; echo $$ > up; while :; do sleep 0.05; done"),
       process("tidy", "touch tidied", {{"final", true}})},
      {}, more);
}

TEST(KillTask, ThroughTheLivingLeader) {
  Site site;
  Command runner = site.start_run(site.write_config(polite_task()));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  const Ended killed = site.thermos({"kill", "t"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(killed.out, "t KILLED\n");
  const Json status = site.status();
  EXPECT_EQ(stages(status), "ACTIVE CLEANING FINALIZING KILLED");
  for (const Json& step : status["statuses"]) EXPECT_EQ(step["runner_pid"], runner.pid());
  EXPECT_TRUE(exists(site.in_sandbox("heard")));
  EXPECT_TRUE(exists(site.in_sandbox("tidied")));
  EXPECT_EQ(runner.wait().code, 2);
}

TEST(KillTask, WithoutALeader) {
  Site site;
  Command runner = site.start_run(site.write_config(polite_task()));
  const pid_t main = pid_in(site.in_sandbox("up"));
  runner.destroy();
  EXPECT_TRUE(alive(main));
  const Ended killed = site.thermos({"kill", "t"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(killed.out, "t KILLED\n");
  EXPECT_FALSE(alive(main));
  const Json status = site.status();
  EXPECT_EQ(stages(status), "ACTIVE CLEANING FINALIZING KILLED");
  EXPECT_EQ(runs(status, "main").back()["return_code"], 1);
  EXPECT_TRUE(exists(site.in_sandbox("tidied")));
}

TEST(KillTask, PastALeaderThatIsStopped) {
  Site site;
  Command runner = site.start_run(site.write_config(stubborn_task()));
  const pid_t main = pid_in(site.in_sandbox("up"));
  runner.signal(SIGSTOP);
  ASSERT_TRUE(stops(runner.pid()));
  const Ended killed = site.thermos({"kill", "--wait", "0", "t"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(killed.out, "t KILLED\n");
  EXPECT_NE(killed.err.find(std::to_string(runner.pid())), std::string::npos) << killed.err;
  EXPECT_FALSE(alive(main));
  EXPECT_EQ(runner.wait().code, -SIGKILL);
  EXPECT_EQ(stages(site.status()), "ACTIVE CLEANING KILLED");
}

// It has no descriptor for the one who asks, until it has again.
TEST(KillTask, ThroughALeaderWithoutDescriptors) {
  Site site;
  Command runner = site.start_run(site.write_config(polite_task()));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  ASSERT_FALSE(site.run_in_state("main", "RUNNING").is_null());
  rlimit limit{};
  ASSERT_EQ(prlimit(runner.pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
  const rlimit none{3, limit.rlim_max};
  ASSERT_EQ(prlimit(runner.pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  Command killer = site.start({"kill", "t"});
  EXPECT_TRUE(wait_for_text(runner.errors(), "cannot accept a client"));
  ASSERT_EQ(prlimit(runner.pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  const Ended killed = killer.wait();
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(killed.out, "t KILLED\n");
  EXPECT_EQ(runner.wait().code, 2) << "it was asked, and not killed itself";
  EXPECT_TRUE(exists(site.in_sandbox("tidied")));
}

// Eight at once: one leads, and the others find the task ended, or ask the one.
TEST(KillTask, BySeveralAtOnceWithoutALeader) {
  for (int round = 0; round < 10; ++round) {
    Site site;
    Command runner = site.start_run(site.write_config(task({process("main",
                                                                    "echo $$ > up; "
                                                                    "exec sleep 1000")})));
    pid_in(site.in_sandbox("up"));
    runner.destroy();
    std::vector<Command> kills;
    for (int i = 0; i < 8; ++i) kills.push_back(site.start({"kill", "t"}));
    for (Command& kill : kills) {
      const Ended ended = kill.wait();
      // One that looked later than all was over says that.
      if (ended.code == 66) {
        EXPECT_NE(ended.err.find("it ended KILLED"), std::string::npos) << ended.err;
      } else {
        EXPECT_EQ(ended.code, 0) << ended.err;
        EXPECT_EQ(ended.out, "t KILLED\n");
      }
    }
  }
}

// The fork server, stopped, has a launch that it does not carry out.
TEST(KillTask, WithAForkServerThatIsStopped) {
  Site site;
  Command runner = site.start_run(site.write_config(
      task({process("first", "echo $$ > up; until [ -e go ]; do sleep 0.02; done"),
            process("second", "true")},
           {{"first", "second"}})));
  pid_in(site.in_sandbox("up"));
  for (const pid_t child : children_of(runner.pid())) {
    if (command_name(child) == "thermos-forks") ::kill(child, SIGSTOP);
  }
  std::ofstream(site.in_sandbox("go")).flush();
  ASSERT_FALSE(site.run_in_state("second", "WAITING").is_null());
  const Ended killed = site.thermos({"kill", "--wait", "0", "t"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(killed.out, "t KILLED\n");
  EXPECT_EQ(runner.wait().code, 2);
}

TEST(KillTask, PastAStoppedLeaderInADirectoryWithASpace) {
  Site site;
  const std::string directory = site.path() + "/with a space";
  std::filesystem::create_directory(directory);
  for (const char* program : {"thermos", "thermos-coordinator"}) {
    std::filesystem::copy(std::string(THERMOS_BIN) + "/" + program, directory + "/" + program);
  }
  const std::string config = site.write_config(stubborn_task());
  Words words = site.run_words(config, "t");
  words.insert(words.begin(), {directory + "/thermos"});
  words.insert(words.end() - 1, {"--root", site.root()});
  Command runner(words, site.path() + "/copy", {});
  pid_in(site.in_sandbox("up"));
  runner.signal(SIGSTOP);
  ASSERT_TRUE(stops(runner.pid()));
  const Ended killed = site.thermos({"kill", "--wait", "0", "t"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(killed.out, "t KILLED\n");
}

TEST(KillTask, WithEverythingDead) {
  Site site;
  Command runner = site.start_run(site.write_config(polite_task()));
  const pid_t main = pid_in(site.in_sandbox("up"));
  const Json run = site.run_in_state("main", "RUNNING");
  ASSERT_FALSE(run.is_null());
  runner.destroy();
  const Watched coordinator(run["coordinator_pid"].get<pid_t>());
  const Watched process(main);
  EXPECT_TRUE(coordinator.signal(SIGKILL));
  EXPECT_TRUE(process.signal(SIGKILL));
  EXPECT_TRUE(nothing_outlives());
  const Ended killed = site.thermos({"kill", "t"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(killed.out, "t KILLED\n");
  const Json status = site.status();
  EXPECT_EQ(states(status, "main"), "LOST");
  EXPECT_EQ(runs(status, "main")[0]["origin"], "coordinator vanished");
  EXPECT_TRUE(exists(site.in_sandbox("tidied")));
}

// A task as whoever dies while making it leaves it, `begun`: with what its process recorded.
void leave_unbegun(Site& site, bool begun) {
  EXPECT_EQ(site.run(task({process("main", "echo main >> ledger")})).code, 0);
  std::filesystem::rename(site.root() + "/tasks/finished/t", site.root() + "/tasks/active/t");
  cut_off(site.checkpoint("t") + "/runner", 0);
  if (!begun) std::filesystem::remove(site.checkpoint("t") + "/coordinator.main");
}

TEST(KillTask, OfOneThatWasNeverBegunLeavesNone) {
  Site site;
  leave_unbegun(site, false);
  const Ended killed = site.thermos({"kill", "t"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_NE(killed.err.find("task t was never begun"), std::string::npos) << killed.err;
  for (const char* place : {"active", "finished"}) {
    EXPECT_FALSE(exists(site.root() + "/tasks/" + place + "/t"));
  }
  EXPECT_EQ(read_file(site.in_sandbox("ledger")), "main\n");
  EXPECT_EQ(site.thermos({"kill", "t"}).code, 66);
  EXPECT_EQ(site.run(task({process("main", "echo other >> ledger")})).code, 0);
  EXPECT_EQ(read_file(site.in_sandbox("ledger")), "main\nother\n");
}

TEST(KillTask, OfOneOfWhichNothingTellsWhereItRunsStartsNothing) {
  Site site;
  leave_unbegun(site, true);
  const Ended refused = site.thermos({"kill", "t"});
  EXPECT_EQ(refused.code, 66) << refused.err;
  EXPECT_NE(refused.err.find("nothing tells where task t runs"), std::string::npos) << refused.err;
  EXPECT_TRUE(exists(site.root() + "/tasks/active/t"));
  std::filesystem::remove(site.root() + "/tasks/active/t");
}

// What ran on a node has its record there.
TEST(KillTask, OfOneThatRanOnANodeStartsNothing) {
  Site site;
  leave_unbegun(site, true);
  const std::string node = site.checkpoint("t") + "/nodes/n1";
  std::filesystem::create_directories(node);
  std::filesystem::rename(site.checkpoint("t") + "/coordinator.main", node + "/coordinator.main");
  const Ended refused = site.thermos({"kill", "t"});
  EXPECT_EQ(refused.code, 66) << refused.out << refused.err;
  EXPECT_NE(refused.err.find("t/nodes/n1/coordinator.main says that it ran"), std::string::npos)
      << refused.err;
  EXPECT_TRUE(exists(site.root() + "/tasks/active/t"));
  std::filesystem::remove(site.root() + "/tasks/active/t");
}

TEST(KillTask, ToLose) {
  Site site;
  Command runner = site.start_run(site.write_config(polite_task()));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  const Ended killed = site.thermos({"kill", "--lose", "t"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(killed.out, "t LOST\n");
  EXPECT_EQ(runner.wait().code, 3);
  const Json status = site.status();
  EXPECT_EQ(stages(status), "ACTIVE CLEANING LOST");
  EXPECT_EQ(states(status, "tidy"), "");
  EXPECT_FALSE(exists(site.in_sandbox("tidied")));
}

TEST(KillTask, ToLoseWithoutALeader) {
  Site site;
  Command runner = site.start_run(site.write_config(polite_task()));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  runner.destroy();
  const Ended killed = site.thermos({"kill", "--lose", "t"});
  EXPECT_EQ(killed.out, "t LOST\n") << killed.err;
  EXPECT_FALSE(exists(site.in_sandbox("tidied")));
  EXPECT_EQ(site.status()["state"], "LOST");
}

TEST(KillTask, SeveralByPattern) {
  Site site;
  const auto waits = [&](const std::string& id) {
    return site.start_run(
        site.write_config(task({process("main", "touch up-" + id + "; exec sleep 1000")})), id);
  };
  Command one = waits("build-1");
  Command two = waits("build-2");
  Command other = waits("rebuild");
  for (const char* id : {"build-1", "build-2", "rebuild"}) {
    ASSERT_TRUE(wait_for_file(site.in_sandbox(std::string("up-") + id)));
  }
  two.destroy();
  const Ended killed = site.thermos({"kill", "build"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_NE(killed.out.find("build-1 KILLED\n"), std::string::npos) << killed.out;
  EXPECT_NE(killed.out.find("build-2 KILLED\n"), std::string::npos) << killed.out;
  EXPECT_EQ(one.wait().code, 2);
  EXPECT_EQ(site.status("build-1")["state"], "KILLED");
  EXPECT_EQ(site.status("build-2")["state"], "KILLED");
  EXPECT_EQ(site.status("rebuild")["state"], "ACTIVE");
  EXPECT_EQ(site.thermos({"kill", "rebuild"}).code, 0);
  EXPECT_EQ(other.wait().code, 2);
}

// As a script gives it whose variable is not set.
TEST(KillTask, AnEmptyPatternIsNotEveryTask) {
  Site site;
  Command runner = site.start_run(site.write_config(polite_task()));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  for (const Words& words : {Words{"kill", ""}, Words{"kill", "t", ""}}) {
    const Ended refused = site.thermos(words);
    EXPECT_EQ(refused.code, 64) << refused.out << refused.err;
    EXPECT_NE(refused.err.find("an empty pattern would mean every task"), std::string::npos)
        << refused.err;
    EXPECT_EQ(site.status()["state"], "ACTIVE");
  }
  EXPECT_EQ(site.thermos({"kill", "t"}).code, 0);
  EXPECT_EQ(runner.wait().code, 2);
}

// A program that goes on as `thermos kill` leaves it the children that it had.
TEST(KillTask, OthersChildrenAreNoTasks) {
  Site site;
  std::vector<Command> runners;
  for (const char* id : {"one", "two"}) {
    const std::string up = std::string("up-") + id;
    runners.push_back(site.start_run(
        site.write_config(task({process("main", "touch " + up + "; exec sleep 1000")})), id));
    ASSERT_TRUE(wait_for_file(site.in_sandbox(up)));
  }
  const Words words = {"/bin/sh",
                       "-c",
                       "(exit 7) & exec \"$@\"",
                       "sh",
                       THERMOS_BIN "/thermos",
                       "kill",
                       "--root",
                       site.root(),
                       "one",
                       "two"};
  const Ended killed = Command(words, site.path() + "/kill", {}).wait();
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(site.status("one")["state"], "KILLED");
  EXPECT_EQ(site.status("two")["state"], "KILLED");
  for (Command& runner : runners) EXPECT_EQ(runner.wait().code, 2);
}

TEST(KillTask, WaitZeroEndsEverythingNow) {
  Site site;
  Command runner = site.start_run(site.write_config(stubborn_task()));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  const Ended killed = site.thermos({"kill", "--wait", "0", "t"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(runner.wait().code, 2);
  const Json status = site.status();
  EXPECT_EQ(stages(status), "ACTIVE CLEANING KILLED");
  EXPECT_EQ(runs(status, "main").back()["return_code"], -SIGKILL);
  EXPECT_FALSE(exists(site.in_sandbox("heard"))) << "there was no time for SIGTERM";
}

TEST(KillTask, WaitOneEndsEverythingAfterOneSecond) {
  Site site;
  Command runner = site.start_run(site.write_config(stubborn_task()));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  const Ended killed = site.thermos({"kill", "--wait", "1", "t"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(runner.wait().code, 2);
  const Json status = site.status();
  const double took = time_of(status, "KILLED") - time_of(status, "CLEANING");
  EXPECT_GE(took, 0.999);
  EXPECT_LT(took, 10) << "the task's own 30 seconds were waited for";
  EXPECT_TRUE(exists(site.in_sandbox("heard")));
}

TEST(KillTask, ALaterOneNeverPutsTheDeadlineOff) {
  Site site;
  Command runner = site.start_run(site.write_config(stubborn_task()));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  Command first = site.start({"kill", "--wait", "6", "t"});
  ASSERT_TRUE(wait_for_file(site.in_sandbox("heard")));
  Command second = site.start({"kill", "--wait", "1000", "t"});
  EXPECT_EQ(second.wait().code, 0);
  EXPECT_EQ(first.wait().code, 0);
  EXPECT_EQ(runner.wait().code, 2);
  const Json status = site.status();
  EXPECT_LT(time_of(status, "KILLED") - time_of(status, "CLEANING"), 500);
}

TEST(KillTask, GoesOnWhenTheLeaderDiesInTheMiddleOfIt) {
  Site site;
  Command runner = site.start_run(site.write_config(stubborn_task()));
  const pid_t main = pid_in(site.in_sandbox("up"));
  Command kill = site.start({"kill", "--wait", "1", "t"});
  const pid_t killer = kill.pid();
  ASSERT_TRUE(wait_for_file(site.in_sandbox("heard")));
  runner.destroy();
  const Ended killed = kill.wait();
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(killed.out, "t KILLED\n");
  EXPECT_FALSE(alive(main));
  const Json status = site.status();
  EXPECT_EQ(status["state"], "KILLED");
  EXPECT_EQ(status["statuses"].back()["runner_pid"], killer);
}

// One who holds the lead of a task that nobody leads, and is not `thermos`: this test itself.
class Usurper {
 public:
  explicit Usurper(const Site& site) : directory_(site.checkpoint("t")) {
    lock_ = ::open((directory_ + "/runner").c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
    EXPECT_EQ(::flock(lock_, LOCK_EX | LOCK_NB), 0);
  }
  ~Usurper() { let_go(); }
  Usurper(const Usurper&) = delete;
  Usurper& operator=(const Usurper&) = delete;

  void let_go() {
    if (lock_ >= 0) ::close(lock_);
    lock_ = -1;
  }
  // Takes so many who connect, and hangs up on them once they have spoken: as leaders do that know
  // another form of requests.
  std::thread hangs_up(int times) const {
    const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = directory_ + "/leader";
    EXPECT_LT(name.size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, name.c_str(), std::min(name.size(), sizeof address.sun_path - 1));
    std::filesystem::remove(name);  // of the leader before
    EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket, 4), 0);
    return std::thread([socket, times] {
      for (int i = 0; i < times; ++i) {
        const int client = ::accept4(socket, nullptr, nullptr, SOCK_CLOEXEC);
        char byte = 0;
        ::recv(client, &byte, 1, 0);
        ::close(client);
      }
      ::close(socket);
    });
  }

 private:
  std::string directory_;
  int lock_ = -1;
};

// A task that nobody leads, with a process that runs.
pid_t orphan(Site& site) {
  Command runner = site.start_run(site.write_config(polite_task()));
  const pid_t main = pid_in(site.in_sandbox("up"));
  runner.destroy();
  return main;
}

// Whoever owns the record could have its finalizers run as whom it names.
TEST(KillTask, OfARecordOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  Site site;
  const pid_t main = orphan(site);
  const std::string record = site.checkpoint("t") + "/runner";
  ASSERT_EQ(::chown(record.c_str(), 65534, 65534), 0);
  const Ended refused = site.thermos({"kill", "t"});
  EXPECT_EQ(refused.code, 77) << refused.out << refused.err;
  EXPECT_NE(refused.err.find("checkpoints/t/runner belongs to uid 65534"), std::string::npos)
      << refused.err;
  EXPECT_TRUE(alive(main));
  EXPECT_FALSE(exists(site.in_sandbox("tidied")));
  ASSERT_EQ(::chown(record.c_str(), 0, 0), 0);
  EXPECT_EQ(site.thermos({"kill", "t"}).code, 0);
}

// It is the leader who runs them, as whoever it is.
TEST(KillTask, OfARecordOfAnotherUserThroughItsLeader) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  Site site;
  Command runner = site.start_run(site.write_config(polite_task()));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  ASSERT_EQ(::chown((site.checkpoint("t") + "/runner").c_str(), 65534, 65534), 0);
  const Ended killed = site.thermos({"kill", "t"});
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(runner.wait().code, 2);
  EXPECT_TRUE(exists(site.in_sandbox("tidied")));
}

// One that would be killed to no purpose is left alone.
TEST(KillTask, OfARecordOfAnotherUserLeavesAStoppedLeader) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  Site site;
  Command runner = site.start_run(site.write_config(polite_task()));
  ASSERT_TRUE(wait_for_file(site.in_sandbox("up")));
  const std::string record = site.checkpoint("t") + "/runner";
  ASSERT_EQ(::chown(record.c_str(), 65534, 65534), 0);
  runner.signal(SIGSTOP);
  ASSERT_TRUE(stops(runner.pid()));
  const Ended refused = site.thermos({"kill", "t"});
  EXPECT_EQ(refused.code, 77) << refused.out << refused.err;
  EXPECT_TRUE(alive(runner.pid()));
  runner.signal(SIGCONT);
  // It takes this request after the one that was given up.
  const Ended ordered = site.thermos({"restart", "t", "main"});
  EXPECT_EQ(ordered.code, 0) << ordered.err;
  EXPECT_EQ(stages(site.status()), "ACTIVE") << "what was refused was done all the same";
  EXPECT_EQ(site.thermos({"kill", "t"}).code, 0);
  EXPECT_EQ(runner.wait().code, 2);
}

// It may have the lock for a moment longer than its socket.
TEST(KillTask, WaitsForALeaderOnItsWayOut) {
  Site site;
  const pid_t main = orphan(site);
  Usurper usurper(site);
  Command kill = site.start({"kill", "t"});
  usurper.let_go();
  const Ended killed = kill.wait();
  EXPECT_EQ(killed.code, 0) << killed.err;
  EXPECT_EQ(killed.out, "t KILLED\n");
  EXPECT_FALSE(alive(main));
}

TEST(KillTask, LeavesALeaderAloneThatMayLeadMore) {
  Site site;
  const pid_t main = orphan(site);
  {
    const Usurper usurper(site);
    const Ended refused = site.thermos({"kill", "t"});
    EXPECT_EQ(refused.code, 75);
    EXPECT_NE(refused.err.find("pid " + std::to_string(::getpid())), std::string::npos)
        << refused.err;
    EXPECT_NE(refused.err.find("does not answer"), std::string::npos) << refused.err;
  }
  EXPECT_TRUE(alive(main));
  EXPECT_EQ(site.thermos({"kill", "t"}).code, 0);
}

TEST(KillTask, SaysThatALeaderIsOfAnEarlierVersion) {
  Site site;
  orphan(site);
  {
    const Usurper usurper(site);
    std::thread deaf = usurper.hangs_up(1);
    const Ended refused = site.thermos({"kill", "t"});
    EXPECT_EQ(refused.code, 75);
    EXPECT_NE(refused.err.find("earlier version of thermos, restart it"), std::string::npos)
        << refused.err;
    deaf.join();
  }
  EXPECT_EQ(site.thermos({"kill", "t"}).code, 0);
}

TEST(KillTask, NamesATaskThatHasEndedAlready) {
  Site site;
  EXPECT_EQ(site.run(task({process("main", "true")})).code, 0);
  const Ended killed = site.thermos({"kill", "t"});
  EXPECT_EQ(killed.code, 66);
  EXPECT_NE(killed.err.find("SUCCESS"), std::string::npos) << killed.err;
}

}  // namespace
}  // namespace thermos::real
