// What can't be looked at may be there: no removal follows from it.
#include "reactor/store/task_removal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "past_task.h"
#include "program.h"
#include "reactor/os/files.h"
#include "reactor/store/stream_writer.h"

namespace thermos {
namespace {

namespace fs = std::filesystem;

TEST(Exists, UnlessItIsSurelyAbsent) {
  const testing::TempDir scratch;
  const std::string base = scratch.path();
  EXPECT_TRUE(exists(base));
  EXPECT_FALSE(exists(base + "/none"));
  EXPECT_FALSE(exists("/dev/null/none"));
  EXPECT_FALSE(exists(base + "/" + std::string(300, 'x')));
  fs::create_symlink("loop", base + "/loop");
  EXPECT_TRUE(exists(base + "/loop/file"));
}

TEST(Removal, OfATaskWhoseFileCannotBeLookedAtIsNotThatOfALeftOver) {
  constexpr uid_t kNobody = 65534;
  const testing::TempDir scratch;
  const Paths paths(scratch.path());
  make_past_directories(paths);
  put_past_task(paths, {.id = "job", .sandbox = "/nowhere", .ended = kSecond});
  if (::geteuid() == 0) {  // who may look everywhere, and removes with the rights of the owner
    ASSERT_EQ(::chown(scratch.path().c_str(), kNobody, kNobody), 0);
    for (const auto& entry : fs::recursive_directory_iterator(scratch.path())) {
      ASSERT_EQ(::chown(entry.path().c_str(), kNobody, kNobody), 0);
    }
  }
  ASSERT_EQ(::chmod(paths.finished_dir().c_str(), 0), 0);
  const auto removal = TaskRemoval::begin(paths, "job", false);
  ASSERT_TRUE(removal.ok()) << removal.error().message;
  EXPECT_TRUE(removal->whole());
  ::chmod(paths.finished_dir().c_str(), 0700);
}

// It ran on a node, and its server may be gone.
TEST(Removal, NotWhileACoordinatorOfANodeLives) {
  const testing::TempDir scratch;
  const Paths paths(scratch.path());
  make_past_directories(paths);
  put_past_task(paths, {.id = "job", .sandbox = "/nowhere", .ended = kSecond});
  const Paths node = paths.on_node("n1");
  fs::create_directories(node.checkpoint_dir("job"));
  {
    const auto coordinator = StreamWriter::open(node.coordinator_stream("job", "p"));
    ASSERT_TRUE(coordinator.ok()) << coordinator.error().message;
    const auto refused = TaskRemoval::begin(paths, "job", false);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::Busy);
    EXPECT_NE(refused.error().message.find("a coordinator of its process p lives"),
              std::string::npos)
        << refused.error().message;
  }
  EXPECT_TRUE(TaskRemoval::begin(paths, "job", false).ok());
}

}  // namespace
}  // namespace thermos
