// Ending a run: SIGTERM goes on to the group, SIGUSR1 ends the tree, and nothing of a tree outlives
// its terminal record.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <optional>
#include <set>
#include <sstream>
#include <thread>

#include "rig.h"

namespace thermos {
namespace {

using rig::Job;
using rig::Server;

// Waits until a process of the run has made `name` in the server's directory.
void wait_for_mark(const Server& server, const std::string& name) {
  rig::wait_until(server.directory().path(),
                  [&] { return rig::exists(server.directory() / name); });
}

// The pids that processes of the run left in files called pid.*, one each.
std::set<pid_t> pids_in(const Server& server, const std::string& file) {
  std::set<pid_t> pids;
  std::istringstream in(rig::read_file(server.directory() / file));
  for (pid_t pid = 0; in >> pid;) pids.insert(pid);
  return pids;
}

// Bears the name of an engine's program. A coordinator reads the name when it takes a signal from
// us.
class NamedAsEngine {
 public:
  NamedAsEngine() {
    ::prctl(PR_GET_NAME, name_);
    ::prctl(PR_SET_NAME, "sge_shepherd");
  }
  ~NamedAsEngine() { ::prctl(PR_SET_NAME, name_); }
  NamedAsEngine(const NamedAsEngine&) = delete;
  NamedAsEngine& operator=(const NamedAsEngine&) = delete;

 private:
  char name_[16] = {};
};

TEST(Signals, TermGoesOn) {
  Server server;
  const Job job = server.start("exec sleep 1000");
  job.stream.wait_for_records(2);
  server.signal(job, SIGTERM);
  const auto entries = server.finish(job);
  EXPECT_EQ(rig::states(entries), "FORKED RUNNING KILLED");
  EXPECT_EQ(entries.back().status.return_code, -SIGTERM);
}

TEST(Signals, TermCanBeHandled) {
  Server server;
  const Job job = server.start("trap 'exit 3' TERM; touch ready; sleep 1000 & wait");
  wait_for_mark(server, "ready");
  server.signal(job, SIGTERM);
  const auto entries = server.finish(job);
  EXPECT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_EQ(entries.back().status.return_code, 3);
}

TEST(Signals, TermReachesTheWholeGroup) {
  Server server;
  // The outer shell waits for the inner one before it looks at its own trap.
  const Job job = server.start(
      "trap : TERM; sh -c 'trap \"echo inner; exit 0\" TERM; touch ready; sleep 1000 & wait';"
      " exit 5");
  wait_for_mark(server, "ready");
  server.signal(job, SIGTERM);
  const auto entries = server.finish(job);
  EXPECT_EQ(entries.back().status.return_code, 5);
  EXPECT_EQ(rig::read_file(job.out), "inner\n");
}

TEST(Signals, TermWakesWhatIsStopped) {
  Server server;
  const Job job = server.start("kill -STOP $$; exit 4");
  const auto running = job.stream.wait_for_records(2);
  rig::spin_until([&] { return rig::state_of(running[1].status.identity.pid) == 'T'; });
  server.signal(job, SIGTERM);
  EXPECT_EQ(server.finish(job).back().status.return_code, -SIGTERM);
}

TEST(Signals, OneSentInTheFirstInstantIsNotLost) {
  Server server;
  for (int i = 0; i < 60; ++i) {
    const Job job = server.start("exec sleep 1000");
    server.signal(job, i % 2 == 0 ? SIGTERM : SIGUSR1);
    const auto entries = server.finish(job);
    ASSERT_FALSE(entries.empty());
    EXPECT_EQ(entries.back().status.state, ProcessState::Killed);
    EXPECT_EQ(entries.back().status.seq, 6 + entries.size());
    if (entries.size() == 2) {
      EXPECT_EQ(entries.back().status.return_code, std::nullopt);
      EXPECT_EQ(entries.back().reason, "told to end before it was started");
    }
  }
}

TEST(Signals, OthersMeanNothing) {
  Server server;
  const Job job = server.start("exec sleep 1000");
  job.stream.wait_for_records(2);
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP || signal == SIGTERM || signal == SIGUSR1) continue;
    server.signal(job, signal);
    ::kill(server.pid(), signal);
  }
  ::kill(server.pid(), SIGTERM);
  // The server still serves, and the process still runs until it is told to end.
  EXPECT_EQ(rig::states(server.run("true")), "FORKED RUNNING SUCCESS");
  server.signal(job, SIGTERM);
  EXPECT_EQ(server.finish(job).back().status.return_code, -SIGTERM);
}

TEST(Signals, Usr1EndsTheTreeAtOnce) {
  Server server;
  const Job job = server.start(
      "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ >> pids; touch ready; sleep 1000' &"
      " wait; wait");
  wait_for_mark(server, "ready");
  server.signal(job, SIGTERM);
  server.signal(job, SIGUSR1);
  const auto entries = server.finish(job);
  EXPECT_EQ(rig::states(entries), "FORKED RUNNING KILLED");
  EXPECT_EQ(entries.back().status.return_code, -SIGKILL);
  for (const pid_t pid : pids_in(server, "pids")) EXPECT_FALSE(rig::alive(pid));
}

TEST(Signals, Usr1OfAnEngineIsNoEnd) {
  Server server;
  const NamedAsEngine engine;
  const Job job = server.start("until [ -e go ]; do sleep 0.01; done");
  job.stream.wait_for_records(2);
  server.signal(job, SIGUSR1);
  std::ofstream(server.directory() / "go").flush();
  EXPECT_EQ(rig::states(server.finish(job)), "FORKED RUNNING SUCCESS");
}

TEST(Signals, Usr1OfAnEngineIsNoEndWhileASecretIsMade) {
  Server server;
  const NamedAsEngine engine;
  Launch launch = server.make("exec test $TOKEN = value");
  launch.secrets.entries = {
      {"TOKEN", {"", "touch asked; until [ -e go ]; do sleep 0.01; done; echo value", false}}};
  const Job job = server.start(launch);
  wait_for_mark(server, "asked");
  server.signal(job, SIGUSR1);
  std::ofstream(server.directory() / "go").flush();
  EXPECT_EQ(rig::states(server.finish(job)), "FORKED RUNNING SUCCESS");
}

TEST(Signals, TermOfAnEngineEndsARunWhoseSecretIsMade) {
  Server server;
  const NamedAsEngine engine;
  Launch launch = server.make("true");
  launch.secrets.entries = {{"TOKEN", {"", "touch asked; sleep 1000", false}}};
  const Job job = server.start(launch);
  wait_for_mark(server, "asked");
  server.signal(job, SIGTERM);
  EXPECT_EQ(rig::states(server.finish(job)), "FORKED KILLED");
}

TEST(Tree, ADaemonIsGoneBeforeTheTerminalRecord) {
  Server server;
  // Double-forked, in a session of its own, deaf to SIGTERM; the shell ends only once it is there.
  const Job job = server.start(
      "(setsid bash -c 'trap \"\" TERM HUP; echo $$ > pid; touch ready; while :; do sleep 1000; "
      "done' &); until [ -e ready ]; do :; done; exit 6");
  const auto entries = job.stream.wait_for_records(3);
  const auto pids = pids_in(server, "pid");
  ASSERT_EQ(pids.size(), 1U);
  EXPECT_FALSE(rig::alive(*pids.begin()));
  EXPECT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_EQ(entries.back().status.return_code, 6);
  server.finish(job);
}

TEST(Tree, ADeepChainOfSessions) {
  Server server;
  // Each level is the child of the one before, in a session of its own, and stays.
  const Job job = server.start(
      "cat > level <<'END'\n"
      "trap '' TERM\n"
      "echo $$ >> pids\n"
      "if [ $1 -gt 0 ]; then setsid bash level $(($1 - 1)) & else touch ready; fi\n"
      "sleep 1000 & wait; wait\n"
      "END\n"
      "setsid bash level 12 & until [ -e ready ]; do :; done");
  const auto entries = server.finish(job);
  EXPECT_EQ(rig::states(entries), "FORKED RUNNING SUCCESS");
  const auto pids = pids_in(server, "pids");
  EXPECT_EQ(pids.size(), 13U);
  for (const pid_t pid : pids) EXPECT_FALSE(rig::alive(pid));
}

TEST(Tree, ManyOrphans) {
  Server server;
  const Job job =
      server.start("for i in {1..100}; do (setsid sleep 1000 & echo $! >> pids); done; exit 0");
  const auto entries = server.finish(job);
  EXPECT_EQ(rig::states(entries), "FORKED RUNNING SUCCESS");
  const auto pids = pids_in(server, "pids");
  EXPECT_EQ(pids.size(), 100U);
  for (const pid_t pid : pids) EXPECT_FALSE(rig::alive(pid));
}

TEST(Tree, OrphansThatEndAreReapedMeanwhile) {
  Server server;
  const Job job = server.start(
      "for i in {1..50}; do (true & echo $! >> pids); done; touch ready;"
      " exec sleep 1000");
  wait_for_mark(server, "ready");
  const auto pids = pids_in(server, "pids");
  EXPECT_EQ(pids.size(), 50U);
  for (const pid_t pid : pids) rig::spin_until([&] { return !rig::alive(pid); });
  server.signal(job, SIGTERM);
  EXPECT_EQ(server.finish(job).back().status.return_code, -SIGTERM);
}

TEST(Tree, AForkThatNeverStaysIsCaught) {
  Server server;
  // Each process forks the next and ends at once, so there is never one that stays to be killed.
  const Job job = server.start(
      "cat > comet <<'END'\n"
      "touch ready\n"
      "[ $1 -gt 0 ] && setsid bash comet $(($1 - 1)) &\n"
      "END\n"
      "bash comet 400; until [ -e ready ]; do :; done");
  EXPECT_EQ(rig::states(server.finish(job)), "FORKED RUNNING SUCCESS");
}

// The kernel counts a user's processes at the change of user, the changing one not included: with
// a limit of none, one may run and a second may not.
TEST(Shortage, AProcessWaitsForWantOfPids) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  Server server;
  const rlimit none{0, 0};
  ASSERT_EQ(::prlimit(server.pid(), RLIMIT_NPROC, &none, nullptr), 0);
  Launch launch = server.make("exec sleep 1000");
  launch.change_user = true;
  launch.uid = launch.gid = 54323;
  const Job first = server.start(launch);
  first.stream.wait_for_records(2);

  Launch next = server.make("true");
  next.change_user = true;
  next.uid = next.gid = 54323;
  const Job second = server.start(next);
  second.stream.wait_for_records(1);
  Launch third = server.make("true");
  third.change_user = true;
  third.uid = third.gid = 54323;
  const Job told_to_end = server.start(third);
  told_to_end.stream.wait_for_records(1);

  // One that can't start is still to be stopped, and then has not run.
  server.signal(told_to_end, SIGTERM);
  const auto killed = server.finish(told_to_end);
  EXPECT_EQ(rig::states(killed), "FORKED KILLED");
  EXPECT_EQ(killed.back().status.return_code, std::nullopt);
  EXPECT_EQ(killed.back().reason, "told to end before it was started");

  // The other starts by itself as soon as there is room, having counted as nothing meanwhile.
  EXPECT_EQ(rig::states(second.stream.records()), "FORKED");
  server.signal(first, SIGTERM);
  const auto ended = server.finish(first);
  const auto entries = server.finish(second);
  EXPECT_EQ(rig::states(entries), "FORKED RUNNING SUCCESS");
  EXPECT_GE(entries[1].status.at.boot, ended.back().status.at.boot);
}

// What wants memory or a descriptor is missing for a while: here all of /proc.
TEST(Shortage, AStartTimeThatCannotBeReadIsWaitedFor) {
  std::optional<Server> server;
  std::promise<bool> hidden;
  std::promise<void> enough;
  std::thread elsewhere([&] {
    const bool done = ::unshare(CLONE_NEWNS) == 0 &&
                      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                      ::mount("none", "/proc", "tmpfs", 0, nullptr) == 0;
    if (done) server.emplace();
    hidden.set_value(done);
    if (!done) return;
    enough.get_future().wait();
    ::umount2("/proc", MNT_DETACH);
  });
  if (!hidden.get_future().get()) {
    elsewhere.join();
    GTEST_SKIP() << "needs the right to mount";
  }
  const Job job = server->start("true");
  const Job told_to_end = server->start("true");
  // A run that is told to end meanwhile needs no record.
  server->signal(told_to_end, SIGTERM);
  EXPECT_EQ(rig::states(server->finish(told_to_end)), "");
  EXPECT_EQ(rig::states(job.stream.records(true)), "");
  enough.set_value();
  elsewhere.join();
  const auto entries = server->finish(job);
  EXPECT_EQ(rig::states(entries), "FORKED RUNNING SUCCESS");
  EXPECT_GT(entries.at(0).status.identity.ticks, 0U);
}

}  // namespace
}  // namespace thermos
