#include "reactor/os/path_control.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "program.h"

namespace thermos {
namespace {

namespace fs = std::filesystem;
using Users = std::set<uid_t>;

class PathControl : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root can be several users";
    fs::create_directories(path("a/b"));
  }
  std::string path(const std::string& name) const { return scratch_ / name; }
  void give(const std::string& name, uid_t uid) const {
    ASSERT_EQ(lchown(path(name).c_str(), uid, 0), 0);
  }
  Users users(const std::string& name) const {
    const auto found = controllers_of(path(name));
    EXPECT_TRUE(found) << (found ? "" : found.error().message);
    return found ? *found : Users();
  }

  testing::TempDir scratch_;
};

TEST_F(PathControl, EachOwnerOnTheWayCounts) {
  EXPECT_EQ(users("a/b"), Users{});
  give("a/b", 1001);
  EXPECT_EQ(users("a/b"), Users{1001});
  EXPECT_EQ(users("a"), Users{});
  give("a", 1002);
  EXPECT_EQ(users("a/b"), (Users{1001, 1002}));
  EXPECT_EQ(users("a/nothing/below"), Users{1002}) << "what is not there";
}

TEST_F(PathControl, ALinkCountsAndTheWayThatItLeads) {
  fs::create_directories(path("c/d"));
  fs::create_directory_symlink("../c/d", path("a/link"));
  EXPECT_EQ(users("a/link"), Users{});
  give("c", 1001);
  EXPECT_EQ(users("a/link"), Users{1001});
  give("a/link", 1002);
  EXPECT_EQ(users("a/link"), (Users{1001, 1002}));
  fs::create_directory_symlink(path("a/b"), path("c/absolute"));
  EXPECT_EQ(users("c/absolute"), Users{1001});
  fs::create_directory_symlink("loop", path("loop"));
  EXPECT_FALSE(controllers_of(path("loop")));
}

TEST_F(PathControl, WhereAnybodyCanWriteThereIsNobodyToActAs) {
  fs::permissions(path("a"), fs::perms(0777));
  EXPECT_EQ(controllers_of(path("a/b")).error().code, ErrorCode::NotPermitted);
  fs::permissions(path("a"), fs::perms(01777));
  EXPECT_EQ(users("a/b"), Users{}) << "what is there stays its owner's";
  EXPECT_EQ(controllers_of(path("a")).error().code, ErrorCode::NotPermitted);
  fs::permissions(path("a"), fs::perms(0775));
  EXPECT_EQ(users("a/b"), Users{}) << "root's own group";
  ASSERT_EQ(chown(path("a").c_str(), 0, 1001), 0);
  EXPECT_EQ(controllers_of(path("a/b")).error().code, ErrorCode::NotPermitted);
}

}  // namespace
}  // namespace thermos
