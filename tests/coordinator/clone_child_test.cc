// A process is born in its control group, or enters it where that can't be had.
#include "coordinator/clone_child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "capnp/launch.h"
#include "coordinator/spawn.h"
#include "reactor/os/descriptor.h"
#include "rig.h"

namespace thermos::coordinator {
namespace {

constexpr std::int64_t kCgroup2 = 0x63677270;  // CGROUP2_SUPER_MAGIC

// A control group of version 2 of our own, if we may make one.
class Group {
 public:
  Group() {
    for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      struct statfs info {};
      if (::statfs(root, &info) != 0 || info.f_type != kCgroup2) continue;
      name_ = "thermos-clone-" + std::to_string(::getpid());
      const std::string path = std::string(root) + "/" + name_;
      if (::mkdir(path.c_str(), 0755) == 0) path_ = path;
    }
    if (!path_.empty()) directory_.reset(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~Group() {
    if (!path_.empty()) ::rmdir(path_.c_str());
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  int directory() const { return directory_.get(); }
  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }

 private:
  std::string name_;
  std::string path_;
  Descriptor directory_;
};

// From here on this call fails with that error in our process. Returns whether that could be had.
bool refuse(long call, int error) {
  const auto number = static_cast<std::uint32_t>(call);
  const auto answer = static_cast<std::uint32_t>(SECCOMP_RET_ERRNO | error);
  std::array<sock_filter, 4> filter = {{
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},  // the number of the call
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number},
      {BPF_RET | BPF_K, 0, 0, answer},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  }};
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// What the spawn of a shell came to whose group is `directory`.
struct Outcome {
  SpawnStep step = SpawnStep::None;
  int error_number = 0;
  std::string said;  // by the shell: its groups
};

// Of a process of ours to which `refused` fails.
Outcome spawn_in(const Group& group, long refused, int error) {
  const rig::Directory directory;
  const std::string file = directory / "said";
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    LaunchView launch;
    launch.cmdline = "exec cat /proc/self/cgroup";
    launch.directory = "/";
    launch.root = launch.subdirectory = launch.input = "";
    std::array<const char*, 2> environment = {"PATH=/usr/bin:/bin", nullptr};
    launch.environment = environment;
    SpawnRequest request;
    request.launch = &launch;
    request.null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    request.out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    request.err = request.out;
    request.group = group.directory();
    if (error != 0 && !refuse(refused, error)) ::_exit(2);
    alignas(16) static std::array<std::byte, std::size_t{64} * 1024> stack;
    const SpawnResult child = coordinator::spawn(request, stack);
    if (child.pid > 0) ::waitpid(child.pid, nullptr, __WALL);
    const std::array<int, 2> result = {static_cast<int>(child.step), child.error_number};
    ::_exit(::write(ends[1], result.data(), sizeof result) == sizeof result ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  std::array<int, 2> result{};
  if (status == 0) {
    EXPECT_EQ(::read(ends[0], result.data(), sizeof result), ssize_t{sizeof result});
  }
  ::close(ends[0]);
  ::close(ends[1]);
  return {static_cast<SpawnStep>(result[0]), result[1], rig::read_file(file)};
}

class CloneChild : public ::testing::Test {
 protected:
  void SetUp() override {
    if (group_.directory() < 0) GTEST_SKIP() << "no control group (version 2) can be made here";
  }
  bool is_in_group(const Outcome& outcome) const {
    return outcome.step == SpawnStep::None &&
           outcome.said.find("0::/" + group_.name() + "\n") != std::string::npos;
  }

  Group group_;
};

TEST_F(CloneChild, ItIsInItsGroup) {
  EXPECT_TRUE(is_in_group(spawn_in(group_, 0, 0)));
}

// Where clone(2) is of no use, the child can have been made by clone3() alone.
TEST_F(CloneChild, ItIsBornThere) {
#if !defined(__x86_64__) && !defined(__aarch64__)
  GTEST_SKIP() << "clone3() is not written for this processor";
#endif
  EXPECT_TRUE(is_in_group(spawn_in(group_, SYS_clone, ENOSYS)));
}

TEST_F(CloneChild, WhereThatIsMissingItEntersItsGroup) {
  for (const int error : {ENOSYS, E2BIG, EINVAL, EACCES, EPERM, EBUSY, EOPNOTSUPP, EBADF, ENODEV}) {
    SCOPED_TRACE(error);
    EXPECT_TRUE(is_in_group(spawn_in(group_, SYS_clone3, error)));
  }
}

TEST_F(CloneChild, AShortageIsNotTriedTheOtherWay) {
#if !defined(__x86_64__) && !defined(__aarch64__)
  GTEST_SKIP() << "clone3() is not written for this processor";
#endif
  for (const int error : {EAGAIN, ENOMEM}) {
    const Outcome outcome = spawn_in(group_, SYS_clone3, error);
    EXPECT_EQ(outcome.step, SpawnStep::Clone);
    EXPECT_EQ(outcome.error_number, error);
    EXPECT_EQ(outcome.said, "");
  }
}

// Its task's end may remove it at the same time.
TEST_F(CloneChild, InAGroupThatIsGoneItRunsWithoutOne) {
  ASSERT_EQ(::rmdir(group_.path().c_str()), 0);
  const Outcome outcome = spawn_in(group_, 0, 0);
  EXPECT_EQ(outcome.step, SpawnStep::None);
  EXPECT_NE(outcome.said, "");
  EXPECT_FALSE(is_in_group(outcome));
}

}  // namespace
}  // namespace thermos::coordinator
