// What can't be looked at may be there: no removal follows from it.
#include "reactor/store/task_removal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "past_task.h"
#include "program.h"
#include "reactor/os/descriptor.h"
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

// A leader that was killed while it waited for the disk: the kernel lets go of its lock later.
TEST(Removal, APatientOneWaitsForTheLockOfALeaderThatHasGone) {
  const testing::TempDir scratch;
  const Paths paths(scratch.path());
  make_past_directories(paths);
  put_past_task(paths, {.id = "job", .sandbox = "/nowhere", .ended = kSecond});
  const std::string stream = paths.runner_stream("job");
  // A child takes the lock and ends. Our descriptor of the same open file keeps it.
  Descriptor kept(::open(stream.c_str(), O_RDWR | O_CLOEXEC));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::flock(kept.get(), LOCK_EX | LOCK_NB) == 0 ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  const Descriptor opened(::inotify_init1(IN_CLOEXEC));
  ASSERT_GE(::inotify_add_watch(opened.get(), stream.c_str(), IN_OPEN), 0);
  std::atomic<bool> gone = false;
  std::thread kernel([&] {
    // A try opens the stream twice, to take its lock and to ask about it. So the third time is of a
    // second try, or later: the kernel may tell of two at once.
    for (int times = 0; times < 3; ++times) {
      inotify_event event{};
      EXPECT_EQ(::read(opened.get(), &event, sizeof event), static_cast<ssize_t>(sizeof event));
    }
    kept.reset();
    gone = true;
  });
  const auto removal = TaskRemoval::begin(paths, "job", true);
  EXPECT_TRUE(removal.ok()) << removal.error().message;
  while (!gone) Descriptor(::open(stream.c_str(), O_RDONLY | O_CLOEXEC)).reset();
  kernel.join();
}

}  // namespace
}  // namespace thermos
