// Many tasks, and many one after another: what they cost the daemon, and what it does when there is
// nothing to do.
#include <poll.h>

#include <fstream>

#include "daemon_fixture.h"

namespace thermos {
namespace {

class DaemonScaleTest : public DaemonFixture {
 protected:
  // A number out of the daemon's /proc/PID/status.
  std::uint64_t figure(const std::string& name) const {
    std::ifstream file("/proc/" + std::to_string(daemon()) + "/status");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1));
    }
    return 0;
  }
  // Whether the daemon slept through a second. The timer that guarded the last launch may wake it
  // once in vain (Deadlines::arm), so the first second need not be it.
  bool sleeps() const {
    for (int second = 0; second < 5; ++second) {
      const std::uint64_t before = figure("voluntary_ctxt_switches");
      poll(nullptr, 0, 1000);
      if (before != 0 && figure("voluntary_ctxt_switches") == before) return true;
    }
    return false;
  }
  static std::string sleepers(int count) {
    std::string text = R"({"name": "t", "processes": [)";
    for (int i = 0; i < count; ++i) {
      text += std::string(i == 0 ? "" : ", ") + R"({"name": "p)" + std::to_string(i) +
              R"(", "cmdline": "exec sleep 1000"})";
    }
    return text + "]}";
  }
};

TEST_F(DaemonScaleTest, ManyTasksAtOnceAndNothingToDo) {
  constexpr int kTasks = 50;
  constexpr int kProcesses = 4;
  start();
  for (int i = 0; i < kTasks; ++i) submit("t" + std::to_string(i), sleepers(kProcesses));
  for (int i = 0; i < kTasks; ++i) {
    follow("t" + std::to_string(i), [](const History& history) {
      int running = 0;
      for (const ProcessHistory& process : history.processes()) {
        running += process.live() && process.current()->state == ProcessState::Running ? 1 : 0;
      }
      return running == kProcesses;
    });
  }
  // What followed has hung up; when an answer comes that was noticed.
  EXPECT_FALSE(refused(control::AskVersion{}));
  EXPECT_TRUE(sleeps());
  // A task has its lock, its directory's socket, and one reader a process.
  EXPECT_LT(descriptors(), 100U + kTasks * (4 + kProcesses));
}

TEST_F(DaemonScaleTest, ManyTasksOneAfterAnotherLeaveNothing) {
  constexpr int kBatch = 40;
  start();
  const auto batch = [&](const std::string& name) {
    for (int i = 0; i < kBatch; ++i) submit(name + std::to_string(i), one("true"));
    for (int i = 0; i < kBatch; ++i) {
      EXPECT_EQ(state_at_end(name + std::to_string(i)), "SUCCESS");
    }
    EXPECT_FALSE(refused(control::AskVersion{}));
    return descriptors();
  };
  const std::size_t first = batch("a");
  for (const char* name : {"b", "c", "d"}) EXPECT_LE(batch(name), first + 1);
}

}  // namespace
}  // namespace thermos
