// What becomes of a submission whose client, or whose daemon, died in the middle of it.
#include <sys/stat.h>

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
  start();
  EXPECT_NE(log().find("submit it again under this id"), std::string::npos) << log();
  for (const std::string id : {"same", "other"}) {
    submit(id, ledger());
    until_running(id);
    let_go(id);
    EXPECT_EQ(state_at_end(id), "SUCCESS");
    EXPECT_EQ(text_of(sandbox(id) + "/ledger"), "ran\n");
  }
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
