// Ends what runs of a task on a node, also what was only being launched when the node was lost.
#include "reactor/node/node_cleaning.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include <gtest/gtest.h>

#include "reactor/os/identity.h"
#include "root_fixture.h"

namespace thermos {
namespace {

// The test holds the stream's lock in the place of a coordinator, which is a child that any signal
// ends.
class NodeCleaningTest : public RootFixture {
 protected:
  void SetUp() override {
    RootFixture::SetUp();
    std::filesystem::create_directories(paths().checkpoint_dir("t"));
    auto made = Reactor::make();
    ASSERT_TRUE(made.ok()) << made.error().message;
    reactor_ = std::move(*made);
    // Before the lock is taken: a child would hold it, too.
    child_ = ::fork();
    if (child_ == 0) {
      for (;;) ::pause();
    }
    auto opened = StreamWriter::open(coordinator());
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    stream_.emplace(std::move(*opened));
    setup_.paths = paths();
    setup_.header = header_of("t");
    cleaning_.emplace(*reactor_, setup_, [this] {
      done_ = true;
      reactor_->loop().stop();
    });
    cleaning_->begin();
  }
  void TearDown() override {
    if (child_ != 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    cleaning_.reset();
    stream_.reset();
    reactor_.reset();
    RootFixture::TearDown();
  }

  void write_forked() {
    ProcessStatus forked = step(0, ProcessState::Forked);
    forked.identity = read_stat(child_)->identity;
    forked.boot = reactor_->boot();
    append_all(*stream_, {forked});
  }
  // The signal that has ended the coordinator. Waits for one.
  int ended_by() {
    int status = 0;
    EXPECT_EQ(::waitpid(child_, &status, 0), child_);
    child_ = 0;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }
  void run_until_done() {
    stream_.reset();
    while (!done_) reactor_->loop().run();
    EXPECT_FALSE(std::filesystem::exists(coordinator()));
  }

  std::unique_ptr<Reactor> reactor_;
  TaskSetup setup_{Paths(""), nullptr, {}};
  std::optional<StreamWriter> stream_;
  pid_t child_ = 0;
  bool done_ = false;
  std::optional<NodeCleaning> cleaning_;
};

// The loop does not run meanwhile: no timer has told of it.
TEST_F(NodeCleaningTest, TheFirstRecordOfALaunchIsLookedAtWhenItIsWritten) {
  write_forked();
  cleaning_->changed(coordinator_file("p"));
  EXPECT_EQ(ended_by(), SIGUSR1);
  EXPECT_FALSE(done_);
  run_until_done();
}

TEST_F(NodeCleaningTest, SoItIsWhereEventsWereLost) {
  write_forked();
  cleaning_->all_changed();
  EXPECT_EQ(ended_by(), SIGUSR1);
  run_until_done();
}

TEST_F(NodeCleaningTest, WithoutAnyEventItIsSeenAllTheSame) {
  write_forked();
  while (::waitpid(child_, nullptr, WNOHANG) == 0) uv_run(reactor_->loop().raw(), UV_RUN_ONCE);
  child_ = 0;
  run_until_done();
}

TEST_F(NodeCleaningTest, ALaunchThatWasGivenUpLeavesNothing) {
  cleaning_->changed(coordinator_file("p"));
  EXPECT_FALSE(done_) << "its lock is held";
  stream_.reset();
  cleaning_->changed(coordinator_file("p"));
  EXPECT_TRUE(done_);
  EXPECT_FALSE(std::filesystem::exists(coordinator()));
}

TEST_F(NodeCleaningTest, OtherFilesAreNoNews) {
  write_forked();
  cleaning_->changed("server");
  cleaning_->changed(coordinator_file("q"));
  cleaning_->changed("");
  EXPECT_EQ(::waitpid(child_, nullptr, WNOHANG), 0);
}

}  // namespace
}  // namespace thermos
