// Numbers that belonged to a runner, its coordinator and its process belong to strangers at the
// next start. In a pid namespace with few pids, so that they come round at once.
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "ledger.h"
#include "task_run.h"

namespace thermos::real {
namespace {

// The first numbers are given once only, at the start of a system.
constexpr int kReserved = 300;
constexpr int kFewPids = 400;

// Runs `work` as the first process of a pid namespace; its failures are this test's. False: there
// can be none.
bool in_namespace_of_few_pids(const std::function<void()>& work) {
  constexpr int kNone = 3;
  const pid_t outer = ::fork();
  if (outer == 0) {
    if (::unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) ::_exit(kNone);
    const pid_t first = ::fork();
    if (first == 0) {
      if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          ::mount("proc", "/proc", "proc", 0, nullptr) != 0) {
        ::_exit(kNone);
      }
      std::ofstream most("/proc/sys/kernel/pid_max");
      most << kFewPids;
      // Lower ones would not come round.
      std::ofstream last("/proc/sys/kernel/ns_last_pid");
      last << kReserved;
      if (!most.flush() || !last.flush()) ::_exit(kNone);
      work();
      ::_exit(::testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    ::waitpid(first, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
  }
  int status = 0;
  ::waitpid(outer, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNone) return false;
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "in the namespace";
  return true;
}

// Strangers with the wanted pids. Each leads a session of its own, as a coordinator does, with a
// child in it.
class Strangers {
 public:
  explicit Strangers(std::set<pid_t> wanted) {
    // Its children inherit that.
    ::sigemptyset(&go_);
    ::sigaddset(&go_, SIGUSR1);
    ::sigprocmask(SIG_BLOCK, &go_, nullptr);
    // The numbers come round after kFewPids births at most, but for those that are in use.
    for (int births = 0; births < 4 * kFewPids && !wanted.empty(); ++births) {
      const pid_t pid = ::fork();
      if (pid == 0) live();
      if (wanted.erase(pid) != 0) {
        strangers_[pid] = Watched(pid);
        continue;
      }
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    EXPECT_TRUE(wanted.empty()) << *wanted.begin() << " never came round";
    for (const auto& [pid, stranger] : strangers_) {
      EXPECT_TRUE(stranger.signal(SIGUSR1));
      EXPECT_TRUE(wait_for_child(pid)) << pid;
    }
    ::sigprocmask(SIG_UNBLOCK, &go_, nullptr);
  }
  ~Strangers() {
    for (const auto& [pid, stranger] : strangers_) {
      for (const pid_t child : children_of(pid)) ::kill(child, SIGKILL);
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
  Strangers(const Strangers&) = delete;
  Strangers& operator=(const Strangers&) = delete;

  void expect_untouched() const {
    for (const auto& [pid, stranger] : strangers_) {
      EXPECT_FALSE(stranger.ends_within(0)) << pid;
      EXPECT_EQ(children_of(pid).size(), 1U) << "of " << pid;
    }
  }

 private:
  [[noreturn]] void live() const {
    // Not before it is one of those that stay: its child takes a number, too.
    int number = 0;
    ::sigwait(&go_, &number);
    ::setsid();
    if (::fork() == 0) {
      for (;;) ::pause();
    }
    for (;;) ::pause();
  }
  static bool wait_for_child(pid_t pid) {
    for (int looks = 0; looks < 100'000; ++looks) {
      if (!children_of(pid).empty()) return true;
      ::sched_yield();
    }
    return false;
  }

  sigset_t go_{};
  std::map<pid_t, Watched> strangers_;
};

// `survives`: the process itself does, so the next runner has somebody to end.
void recycle(bool survives) {
  Site site;
  const Json graph = task({process("main", "echo main >> ledger; [ -e again ] || exec sleep 1000",
                                   {{"min_duration", 0}}),
                           process("after", "echo after >> ledger")},
                          {{"main", "after"}});
  const std::string config = site.write_config(graph);
  Command first = site.start_run(config);
  const Json run = site.run_in_state("main", "RUNNING");
  ASSERT_FALSE(run.is_null());
  const pid_t runner = first.pid();
  const auto coordinator = run["coordinator_pid"].get<pid_t>();
  const auto main = run["pid"].get<pid_t>();
  Watched left(main);
  first.destroy();
  EXPECT_TRUE(Watched(coordinator).signal(SIGKILL));
  EXPECT_TRUE(ends(coordinator));
  std::set<pid_t> wanted{runner};
  // While the process lives, the coordinator's number is its session's, and nobody else's.
  if (!survives) {
    EXPECT_TRUE(left.signal(SIGKILL));
    EXPECT_TRUE(nothing_outlives());
    wanted.insert({coordinator, main});
  }
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  std::ofstream(site.in_sandbox("again")).flush();
  const Strangers strangers(wanted);
  if (::testing::Test::HasFailure()) return;
  Command second = site.start_run(config);
  EXPECT_TRUE(second.ends_within(60'000)) << site.status().dump(1);
  EXPECT_EQ(second.wait().code, 0);
  strangers.expect_untouched();
  EXPECT_TRUE(left.ends_within(0)) << "it still runs beside its next run";
  EXPECT_EQ(states(site.status(), "main"), "LOST SUCCESS");
  EXPECT_EQ(states(site.status(), "after"), "SUCCESS");
  EXPECT_EQ(read_file(site.in_sandbox("ledger")), "main\nmain\nafter\n");
}

TEST(PidReuse, StrangersAreLeftAlone) {
  if (!in_namespace_of_few_pids([] { recycle(false); })) GTEST_SKIP() << "no pid namespaces here";
}

TEST(PidReuse, StrangersAreLeftAloneWhereTheProcessLives) {
  if (!in_namespace_of_few_pids([] { recycle(true); })) GTEST_SKIP() << "no pid namespaces here";
}

// A kill asked of a task whose leader's number is a stranger's.
TEST(PidReuse, AKillEndsTheTaskAndNoStranger) {
  const bool done = in_namespace_of_few_pids([] {
    Site site;
    const std::string config = site.write_config(task({process("main", "exec sleep 1000")}));
    Command first = site.start_run(config);
    const Json run = site.run_in_state("main", "RUNNING");
    ASSERT_FALSE(run.is_null());
    const pid_t runner = first.pid();
    first.destroy();
    const Strangers strangers({runner});
    if (::testing::Test::HasFailure()) return;
    EXPECT_EQ(site.thermos({"kill", "t"}).code, 0);
    strangers.expect_untouched();
    EXPECT_EQ(site.status()["state"], "KILLED");
  });
  if (!done) GTEST_SKIP() << "no pid namespaces here";
}

}  // namespace
}  // namespace thermos::real
