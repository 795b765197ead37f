// What a vanished coordinator left is ended, also by who has no descriptor left to look for it.
#include "reactor/launch/sweeper.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include <gtest/gtest.h>

#include "reactor/loop/deadlines.h"
#include "reactor/os/descriptor.h"

namespace thermos {
namespace {

// A process that leads a session of its own, and stays.
pid_t leader() {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Descriptor in(ends[0]);
  Descriptor out(ends[1]);
  const pid_t pid = fork();
  if (pid == 0) {
    setsid();
    if (write(out.get(), "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  out.reset();
  char word = 0;
  EXPECT_EQ(read(in.get(), &word, 1), 1);
  return pid;
}

bool is_dead(pid_t pid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

// Takes every descriptor that may be had.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{100, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    for (int fd = 0; (fd = dup(STDIN_FILENO)) >= 0;) taken_.emplace_back(fd);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
  std::vector<Descriptor> taken_;
};

TEST(Sweeper, SweepsOfOneTurnAllFindWhatIsLeftThoughNoDescriptorIs) {
  Loop loop;
  const TurnEnd turn_end(loop, [&] { loop.end_turn(); });
  Deadlines deadlines(loop);
  SpareDescriptors spares(3);
  Sweeper sweeper(loop, deadlines, spares, [](pid_t) { return true; });
  std::vector<Identity> left;
  for (int i = 0; i < 5; ++i) {
    const auto stat = read_stat(leader());
    ASSERT_TRUE(stat);
    left.push_back(stat->identity);
  }
  {
    const NoDescriptors none;
    std::size_t swept = 0;
    for (const Identity& identity : left) {
      Sweeper::Leftover leftover;
      leftover.coordinator = identity;
      sweeper.sweep(leftover, [&, pid = identity.pid] {
        EXPECT_TRUE(is_dead(pid));
        if (++swept == left.size()) loop.stop();
      });
    }
    if (swept < left.size()) loop.run();
  }
  for (const Identity& identity : left) {
    kill(identity.pid, SIGKILL);
    EXPECT_EQ(waitpid(identity.pid, nullptr, 0), identity.pid);
  }
}

}  // namespace
}  // namespace thermos
