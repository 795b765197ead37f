// Secrets of tasks that a daemon runs as who gave them.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "daemon_fixture.h"
#include "waiting.h"

namespace thermos {
namespace {

constexpr const char* kValue = "tqzx-daemon-secret-4471";

class DaemonSecretsTest : public DaemonFixture {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root can be several users";
    DaemonFixture::SetUp();
    std::ofstream(path("token")) << kValue << "\n";
    own_token(0);
  }
  // That user alone may read it.
  void own_token(uid_t uid) const {
    ASSERT_EQ(chmod(path("token").c_str(), 0600), 0);
    ASSERT_EQ(chown(path("token").c_str(), uid, uid), 0);
  }
  // A task that succeeds if its secret has the length of the value.
  std::string with_secret(const std::string& more = "") const {
    return one("[ ${#TOKEN} = " + std::to_string(std::string(kValue).size()) + " ]",
               R"(, "secret": {"TOKEN": {"file": ")" + path("token") + "\"" + more + "}}");
  }
  std::string reason_of(const std::string& id) const {
    const History history = follow(id, [](const History& h) { return is_terminal(h.state()); });
    const thermos::Run* run = last_run(history);
    return run == nullptr ? "no run" : run->reason;
  }
  // What the daemon wrote that holds the value.
  std::string holders() const {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path("root"))) {
      if (!entry.is_regular_file()) continue;
      if (real::read_file(entry.path()).find(kValue) != std::string::npos) {
        all += entry.path().string() + " ";
      }
    }
    return all;
  }
};

TEST_F(DaemonSecretsTest, AreReadAsWhoGaveTheTask) {
  start();
  as_user(kNobody, [&] { submit("not-his", with_secret()); });
  EXPECT_EQ(state_at_end("not-his"), "FAILED");
  EXPECT_EQ(reason_of("not-his"),
            "secret TOKEN: cannot read " + path("token") + ": Permission denied");
  own_token(kNobody);
  as_user(kNobody, [&] { submit("his", with_secret()); });
  EXPECT_EQ(state_at_end("his"), "SUCCESS");
  as_user(kSomeone, [&] { submit("anothers", with_secret()); });
  EXPECT_EQ(state_at_end("anothers"), "FAILED");
  EXPECT_EQ(holders(), "");
  EXPECT_EQ(log().find(kValue), std::string::npos);
}

TEST_F(DaemonSecretsTest, AreReadAsRootForRootAlone) {
  start();
  as_user(kNobody, [&] {
    const auto error = refused(submission("nobodys", with_secret(R"(, "root": true)")));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::NotPermitted);
    EXPECT_EQ(error->message, "only root may have a secret's file read as root");
  });
  EXPECT_FALSE(std::filesystem::exists(paths().active_task("nobodys")));
  EXPECT_FALSE(std::filesystem::exists(paths().checkpoint_dir("nobodys")));
  control::Submit roots = submission("roots", with_secret(R"(, "root": true)"));
  roots.user = "nobody";
  const auto error = refused(roots);
  ASSERT_FALSE(error) << error->message;
  EXPECT_EQ(state_at_end("roots"), "SUCCESS");
  EXPECT_EQ(holders(), "");
}

// Each run reads it anew, also under the next daemon.
TEST_F(DaemonSecretsTest, AreReadAgainAfterTheDaemonWasKilled) {
  start();
  own_token(kNobody);
  as_user(kNobody, [&] {
    submit("his",
           one("[ -n \\\"$TOKEN\\\" ] && touch ready && until [ -e go ]; do sleep 0.02; done; "
               "[ $THERMOS_RUN = 1 ]",
               R"(, "max_failures": 2, "min_duration": 0, "secret": {"TOKEN": ")" + path("token") +
                   "\"}"));
  });
  ASSERT_TRUE(real::wait_for_file(paths().default_sandbox("his") + "/ready"));
  kill_daemon();
  std::ofstream(paths().default_sandbox("his") + "/go").flush();
  start();
  EXPECT_EQ(state_at_end("his"), "SUCCESS");
  EXPECT_EQ(holders(), "");
}

}  // namespace
}  // namespace thermos
