// What real processes use, read as the observer does.
#include "reactor/observe/run_reading.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "reactor/os/identity.h"
#include "task_run.h"
#include "waiting.h"

namespace thermos::observe {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1024} * 1024;
constexpr const char* kBurn = "burn() { local i=0; while ((i < 100000)); do ((i++)); done; }; ";

Identity identity_of(pid_t pid) {
  const auto stat = read_stat(pid);
  return stat ? stat->identity : Identity();
}

std::optional<Sample> read_run(const RunPlace& place, std::size_t* steps = nullptr) {
  RunReading reading(place);
  std::size_t count = 1;
  while (!reading.step()) ++count;
  if (steps != nullptr) *steps = count;
  return reading.sample();
}

class RunReadingTest : public ::testing::Test {
 protected:
  ~RunReadingTest() override { stop(); }
  // Begins a command of bash, in a session of its own. We are its coordinator.
  void start(const std::string& command) {
    real::Surroundings surroundings;
    surroundings.before_exec = [] { ::setsid(); };
    command_.emplace(real::Words{"/bin/bash", "-c", command}, site.path() + "/command",
                     surroundings);
  }
  void stop() {
    if (command_) ::kill(-command_->pid(), SIGKILL);
    command_.reset();
  }
  RunPlace place() const { return {identity_of(::getpid()), identity_of(command_->pid())}; }
  std::string ready() const { return site.path() + "/ready"; }

  real::Site site;
  std::optional<real::Command> command_;
};

TEST_F(RunReadingTest, TheTreeOfARun) {
  // Three processes, one of them with 64 MiB; another has ended, whose time counts all the same.
  start(std::string(kBurn) + "(burn); x=$(head -c 64M /dev/zero | tr '\\0' x); (sleep 1000 & > " +
        ready() + "; wait) & wait");
  ASSERT_TRUE(real::wait_for_file(ready()));
  const auto sample = read_run(place());
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->processes, 3U);
  EXPECT_GE(sample->memory, 64 * kMebibyte);
  EXPECT_LT(sample->memory, 1024 * kMebibyte);
  EXPECT_GT(sample->cpu, 0);
  // It is a sum over what was: nothing of it becomes less.
  const auto later = read_run(place());
  ASSERT_TRUE(later);
  EXPECT_GE(later->cpu, sample->cpu);
}

TEST_F(RunReadingTest, ManyProcessesAreReadInSteps) {
  start("for i in {1..200}; do sleep 1000 & done; > " + ready() + "; wait");
  ASSERT_TRUE(real::wait_for_file(ready()));
  std::size_t steps = 0;
  const auto sample = read_run(place(), &steps);
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->processes, 201U);
  EXPECT_GT(steps, 2U);
}

TEST_F(RunReadingTest, BytesThatReachTheStorage) {
  const std::string file = site.path() + "/file";
  start("head -c 1M /dev/zero > " + file + "; > " + ready() + "; sleep 1000");
  ASSERT_TRUE(real::wait_for_file(ready()));
  const auto own = parse_process_io(real::read_file("/proc/self/io"));
  const auto sample = read_run(place());
  ASSERT_TRUE(sample);
  if (!own) GTEST_SKIP() << "the kernel does not count them";
  ASSERT_TRUE(sample->storage);
  EXPECT_LE(sample->storage->read, std::uint64_t{1} << 40);
}

TEST_F(RunReadingTest, AnotherProcessWithThePidIsNotTheRun) {
  start("sleep 1000");
  RunPlace other = place();
  ++other.coordinator.ticks;
  EXPECT_FALSE(read_run(other));
  EXPECT_FALSE(read_run(RunPlace()));
  // Without its process, it is a run that has not begun, or has ended.
  RunPlace before = place();
  before.process = {};
  ASSERT_TRUE(read_run(before));
  EXPECT_EQ(read_run(before)->processes, 1U);
}

// A control group below one of the kernel's directories, as long as it lives.
class OwnGroup {
 public:
  explicit OwnGroup(const std::string& above)
      : path_(above + "/thermos-test-" + std::to_string(::getpid())) {
    made_ = ::mkdir(path_.c_str(), 0755) == 0;
  }
  ~OwnGroup() {
    // Processes leave it some time after they were killed.
    while (made_ && ::rmdir(path_.c_str()) != 0 && errno == EBUSY) continue;
  }
  OwnGroup(const OwnGroup&) = delete;
  OwnGroup& operator=(const OwnGroup&) = delete;

  bool take(pid_t pid) const {
    std::ofstream file(path_ + "/cgroup.procs");
    return made_ && (file << pid << std::flush).good();
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
};

// In each of them that can be had here, by itself.
TEST_F(RunReadingTest, ItsControlGroup) {
  std::size_t tried = 0;
  for (const GroupMount& mount : parse_group_mounts(real::read_file("/proc/self/mountinfo"))) {
    const bool counts = mount.controllers.empty() ||
                        mount.controllers.find("cpuacct") != std::string::npos ||
                        mount.controllers.find("memory") != std::string::npos;
    if (!counts) continue;
    const OwnGroup group(mount.point);
    const std::string gate = site.path() + "/gate" + std::to_string(tried);
    ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
    std::filesystem::remove(ready());
    start(std::string(kBurn) + "read < " + gate +
          "; burn; x=$(head -c 8M /dev/zero | tr '\\0' x); (sleep 1000 & > " + ready() +
          "; wait) & wait");
    if (!group.take(command_->pid())) {
      stop();
      continue;
    }
    ++tried;
    std::ofstream(gate) << "\n";
    ASSERT_TRUE(real::wait_for_file(ready()));
    const auto sample = read_run(place());
    ASSERT_TRUE(sample) << mount.point;
    EXPECT_EQ(sample->processes, 3U) << mount.point;
    EXPECT_GT(sample->cpu, 0) << mount.point;
    EXPECT_GE(sample->memory, 8 * kMebibyte) << mount.point;
    EXPECT_LT(sample->memory, 1024 * kMebibyte) << mount.point;
    stop();
  }
  if (tried == 0) GTEST_SKIP() << "no control group can be made here";
}

}  // namespace
}  // namespace thermos::observe
