// What becomes of a submission whose client, or whose daemon, died in the middle of it.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "daemon_fixture.h"

namespace thermos {
namespace {

class DaemonSubmitTest : public DaemonFixture {
 protected:
  static std::string text_of(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Writes a line each time that it runs, and waits for the file "go".
  static std::string ledger() {
    return one("echo ran >> ledger; until [ -e go ]; do sleep 0.02; done");
  }
  std::string sandbox(const std::string& id) const { return paths().default_sandbox(id); }
  void let_go(const std::string& id) const { std::ofstream(sandbox(id) + "/go").flush(); }
  // As a daemon leaves it that dies between making the task's file and its first record.
  void make_unbegun(const std::string& id, const std::string& config) const {
    std::filesystem::create_directories(paths().active_dir());
    std::filesystem::create_directories(paths().finished_dir());
    std::filesystem::create_directories(paths().checkpoint_dir(id));
    std::ofstream(paths().active_task(id)) << config;
    std::ofstream(paths().runner_stream(id)).flush();
  }
};

TEST_F(DaemonSubmitTest, WhatWasMadeAndNeverBegunIsSubmittedAgain) {
  make_unbegun("same", ledger());
  make_unbegun("other", one("echo wrong >> ledger"));
  make_unbegun("blank", "");
  start();
  EXPECT_NE(log().find("submit it again under this id"), std::string::npos) << log();
  for (const std::string id : {"same", "other", "blank"}) {
    submit(id, ledger());
    until_running(id);
    let_go(id);
    EXPECT_EQ(state_at_end(id), "SUCCESS");
    EXPECT_EQ(text_of(sandbox(id) + "/ledger"), "ran\n");
  }
}

// As a loss of power leaves it with --sync crash.
TEST_F(DaemonSubmitTest, WhatLostItsContentsIsLeftForSomebodyToBringThem) {
  start();
  submit("t", ledger());
  until_running("t");
  kill_daemon();
  std::filesystem::resize_file(paths().active_task("t"), 0);
  start();
  EXPECT_TRUE(until_logged("tasks/active/t has no contents"));
  kill_daemon();
  std::ofstream(paths().active_task("t")) << ledger();
  start();
  let_go("t");
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
  EXPECT_EQ(text_of(sandbox("t") + "/ledger"), "ran\n");
}

// Whoever asks about a lock takes it shared for a moment, and may be stopped in it.
class Asker {
 public:
  explicit Asker(const std::string& stream)
      : fd_(::open(stream.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    EXPECT_EQ(::flock(fd_.get(), LOCK_SH | LOCK_NB), 0);
  }
  void let_go() { fd_.reset(); }

 private:
  Descriptor fd_;
};

TEST_F(DaemonSubmitTest, ALockThatIsAskedAboutHoldsUpNobodyElse) {
  make_unbegun("asked", ledger());
  start();
  Asker asker(paths().runner_stream("asked"));
  ControlClient client = connect();
  ASSERT_TRUE(client.send(submission("asked", ledger())).ok());
  // Sent later, and answered while the lock is held: a daemon that waits for it first refuses the
  // one before.
  submit("other", ledger());
  until_running("other");
  EXPECT_FALSE(*client.receive(0)) << "it is neither accepted nor refused yet";
  asker.let_go();
  const auto reply = client.receive(60 * kSecond);
  ASSERT_TRUE(reply.ok() && *reply) << log();
  EXPECT_TRUE(std::holds_alternative<control::Submitted>((*reply)->body)) << log();
  for (const std::string id : {"asked", "other"}) {
    let_go(id);
    EXPECT_EQ(state_at_end(id), "SUCCESS");
  }
}

TEST_F(DaemonSubmitTest, ATaskWhoseLockIsAskedAboutIsResumedAfterThat) {
  start();
  submit("asked", ledger());
  until_running("asked");
  kill_daemon();
  Asker asker(paths().runner_stream("asked"));
  start();
  submit("other", ledger());
  until_running("other");
  EXPECT_EQ(log().find("task asked resumed"), std::string::npos);
  asker.let_go();
  EXPECT_TRUE(until_logged("task asked resumed"));
  for (const std::string id : {"asked", "other"}) {
    let_go(id);
    EXPECT_EQ(state_at_end(id), "SUCCESS");
  }
  EXPECT_EQ(text_of(sandbox("asked") + "/ledger"), "ran\n");
}

// The lock of a coordinator's stream, at the launch of its process.
TEST_F(DaemonSubmitTest, ALaunchIsTriedAgainWhereALockIsAskedAbout) {
  make_unbegun("asked", ledger());
  const std::string stream = paths().coordinator_stream("asked", "p");
  std::ofstream(stream).flush();
  std::filesystem::permissions(stream, std::filesystem::perms(0600));
  start();
  Asker asker(stream);
  submit("asked", ledger());
  submit("other", ledger());
  until_running("other");
  asker.let_go();
  until_running("asked");
  for (const std::string id : {"asked", "other"}) {
    let_go(id);
    EXPECT_EQ(state_at_end(id), "SUCCESS");
  }
  EXPECT_EQ(text_of(sandbox("asked") + "/ledger"), "ran\n");
}

TEST_F(DaemonSubmitTest, TheSameAgainIsAcceptedAndRunsOnce) {
  start();
  submit("t", ledger());
  until_running("t");
  submit("t", ledger());
  kill_daemon();
  start();
  submit("t", ledger());
  let_go("t");
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
  EXPECT_EQ(text_of(sandbox("t") + "/ledger"), "ran\n");
}

TEST_F(DaemonSubmitTest, TheSameTwiceInATurnIsOneTask) {
  start();
  ControlClient first = connect();
  ControlClient second = connect();
  ::kill(daemon(), SIGSTOP);
  ASSERT_TRUE(first.send(submission("t", ledger())).ok());
  ASSERT_TRUE(second.send(submission("t", ledger())).ok());
  ::kill(daemon(), SIGCONT);
  for (ControlClient* client : {&first, &second}) {
    const auto reply = client->receive(60 * kSecond);
    ASSERT_TRUE(reply.ok() && *reply) << log();
    EXPECT_TRUE(std::holds_alternative<control::Submitted>((*reply)->body)) << log();
  }
  let_go("t");
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
  EXPECT_EQ(text_of(sandbox("t") + "/ledger"), "ran\n");
}

// What is written of a replacement must not take the place of what is written of the task.
TEST_F(DaemonSubmitTest, AReplacementInTheTurnOfTheSubmissionLeavesTheTaskAsItIs) {
  start();
  ControlClient first = connect();
  ControlClient second = connect();
  auto other = submission("t", one("echo other >> ledger"));
  other.replace = true;
  ::kill(daemon(), SIGSTOP);
  ASSERT_TRUE(first.send(submission("t", ledger())).ok());
  ASSERT_TRUE(second.send(other).ok());
  ::kill(daemon(), SIGCONT);
  const auto made = first.receive(60 * kSecond);
  ASSERT_TRUE(made.ok() && *made) << log();
  EXPECT_TRUE(std::holds_alternative<control::Submitted>((*made)->body)) << log();
  const auto replaced = second.receive(60 * kSecond);
  ASSERT_TRUE(replaced.ok() && *replaced) << log();
  const auto* refused = std::get_if<Error>(&(*replaced)->body);
  if (refused != nullptr) {  // else it came a turn later, and has replaced it
    EXPECT_EQ(refused->code, ErrorCode::Busy) << refused->message;
    EXPECT_FALSE(std::filesystem::exists(paths().replacement("t", 1)));
    let_go("t");
  }
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
  const std::string ledger_text = text_of(sandbox("t") + "/ledger");
  EXPECT_TRUE(refused != nullptr ? ledger_text == "ran\n" : ledger_text.ends_with("other\n"));
}

TEST_F(DaemonSubmitTest, AnotherUnderTheSameIdIsRefused) {
  start();
  submit("t", ledger());
  until_running("t");
  const auto other = refused(submission("t", one("echo other >> ledger")));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->code, ErrorCode::Usage);
  EXPECT_NE(other->message.find("processes[0].cmdline"), std::string::npos) << other->message;
  auto elsewhere = submission("t", ledger());
  elsewhere.sandbox = path("root");
  const auto moved = refused(elsewhere);
  ASSERT_TRUE(moved);
  EXPECT_NE(moved->message.find("sandbox"), std::string::npos) << moved->message;
  let_go("t");
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
  const auto ended = refused(submission("t", ledger()));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, ErrorCode::Usage);
  EXPECT_NE(ended->message.find("SUCCESS"), std::string::npos) << ended->message;
  EXPECT_EQ(text_of(sandbox("t") + "/ledger"), "ran\n");
}

}  // namespace
}  // namespace thermos
