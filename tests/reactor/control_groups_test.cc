// The limits of control groups, in a directory that is taken for a hierarchy of them: what the
// kernel makes of them is in systemd/groups_test.sh.
#include "reactor/os/control_groups.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "stream_fixture.h"

namespace thermos {
namespace {

constexpr std::int64_t kMebibyte = 1024 * 1024;

class ControlGroupsTest : public StreamFixture {
 protected:
  void SetUp() override {
    StreamFixture::SetUp();
    // Of one thread: where it believes to be.
    std::thread([this] { groups_ = find(); }).join();
    if (!groups_) GTEST_SKIP() << "needs the right to mount";
    std::filesystem::create_directories(scope() + "/tasks");
  }

  std::unique_ptr<ControlGroups> find() const {
    const std::string own = path("a.slice/t.service");
    std::filesystem::create_directories(own);
    spit(path("cgroup"), "0::/a.slice/t.service\n");
    spit(path("mountinfo"), "30 1 0:26 / " + path("") + " rw - cgroup2 cgroup2 rw\n");
    const bool pretended =
        ::setxattr(own.c_str(), "trusted.delegate", "1", 1, 0) == 0 &&
        ::unshare(CLONE_NEWNS) == 0 &&
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        ::mount(path("cgroup").c_str(), "/proc/self/cgroup", nullptr, MS_BIND, nullptr) == 0 &&
        ::mount(path("mountinfo").c_str(), "/proc/self/mountinfo", nullptr, MS_BIND, nullptr) == 0;
    return pretended ? ControlGroups::find() : nullptr;
  }

  std::string scope() const { return path("a.slice/t-processes.scope"); }
  // As the kernel makes them in a new group; a write begins at the start of each.
  void clear_files() const {
    for (const char* name : {"/cpu.max", "/memory.max"}) spit(scope() + "/tasks/job" + name, "");
  }
  std::string limits() const {
    const std::string task = scope() + "/tasks/job";
    return slurp(task + "/cpu.max") + ", " + slurp(task + "/memory.max");
  }

  std::unique_ptr<ControlGroups> groups_;
};

TEST_F(ControlGroupsTest, OfATaskAreChangedWhileItRuns) {
  groups_->limit_task("job", Resources{0.5, 0, 0});
  EXPECT_FALSE(std::filesystem::exists(scope() + "/tasks/job"));
  ASSERT_TRUE(groups_->make({"job", "kept", 0}, std::nullopt, std::nullopt));
  groups_->limit_task("job", std::nullopt);
  clear_files();
  groups_->limit_task("job", Resources{0.5, 64 * kMebibyte, 0});
  EXPECT_EQ(limits(), "50000 100000, 67108864");
  clear_files();
  groups_->limit_task("job", Resources{2, 0, 0});
  EXPECT_EQ(limits(), "200000 100000, max");
  clear_files();
  groups_->limit_task("job", std::nullopt);
  EXPECT_EQ(limits(), "max, max");
  EXPECT_EQ(logged(), "");
}

}  // namespace
}  // namespace thermos
