// With whose rights `thermos observe` reads.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "observing.h"
#include "task_run.h"
#include "waiting.h"

namespace thermos::observe {
namespace {

using real::process;
using real::task;

constexpr uid_t kNobody = 65534;
constexpr const char* kSecret = "root's own secret\n";

class ObserverUsers : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root is several users";
    site.publish_programs();
    std::filesystem::copy(THERMOS_BIN "/thermos-observe", site.path() + "/bin/thermos-observe");
    ASSERT_EQ(::chown(site.sandbox().c_str(), kNobody, kNobody), 0);
  }

  // A file that only root may read.
  static void put_secret(const std::string& path) {
    std::ofstream(path) << kSecret;
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  }
  static void become_nobody() {
    if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(1);
  }

  real::Site site;
};

TEST_F(ObserverUsers, RootReadsAsTheTasksUser) {
  const std::string secret = site.path() + "/secret";
  put_secret(secret);
  ASSERT_EQ(site.run(task({process("p",
                                   "echo own; echo mine >mine; mkdir d; cd .logs/p/0; "
                                   "rm stderr; ln -s " +
                                       secret + " stderr")}),
                     "t", {"--user", "nobody"})
                .code,
            0);
  put_secret(site.in_sandbox("roots"));
  std::filesystem::create_hard_link(secret, site.in_sandbox("d/linked"));
  Observing observing(site);
  EXPECT_EQ(observing.get("/api/tasks/t/processes/p/runs/0/stdout").body, "own\n");
  EXPECT_EQ(observing.get("/api/tasks/t/files/mine").body, "mine\n");
  for (const char* path :
       {"/api/tasks/t/processes/p/runs/0/stderr", "/api/tasks/t/processes/p/runs/0/stderr?follow",
        "/api/tasks/t/files/roots", "/api/tasks/t/files/d/linked",
        "/api/tasks/t/files/.logs/p/0/stderr"}) {
    const Response refused = observing.get(path);
    EXPECT_EQ(refused.status, 403) << path << refused.body;
    EXPECT_EQ(refused.body.find(kSecret), std::string::npos) << path;
  }
  // It is nobody's again to list what root does not show.
  EXPECT_EQ(observing.get("/api/tasks/t/files/d").status, 200);
}

// A directory in the place of one that was entered before, and one on the way to the sandbox.
TEST_F(ObserverUsers, ALinkOnTheWayToTheSandboxLeadsNowhere) {
  ASSERT_EQ(site.run(task({process("p", "echo x >f")}), "t", {"--user", "nobody"}).code, 0);
  Observing observing(site);
  EXPECT_EQ(observing.get("/api/tasks/t/files/f").status, 200);
  std::filesystem::rename(site.sandbox(), site.path() + "/moved");
  std::filesystem::create_directory_symlink(site.path() + "/moved", site.sandbox());
  EXPECT_EQ(observing.get("/api/tasks/t/files/f").status, 403);
}

TEST_F(ObserverUsers, OthersSeeWhatTheyMayRead) {
  ASSERT_EQ(site.run(task({process("p", "echo x")}), "closed").code, 0);
  ASSERT_EQ(site.run(task({process("p", "echo x")}), "open").code, 0);
  for (const std::string& directory :
       {site.root(), site.root() + "/tasks", site.root() + "/tasks/active",
        site.root() + "/tasks/finished", site.root() + "/checkpoints", site.checkpoint("open"),
        site.checkpoint("closed")}) {
    ASSERT_EQ(::chmod(directory.c_str(), 0755), 0) << directory;
  }
  ASSERT_EQ(::chmod((site.checkpoint("open") + "/runner").c_str(), 0644), 0);
  ASSERT_EQ(::chmod((site.checkpoint("closed") + "/runner").c_str(), 0600), 0);
  const std::string socket = site.path() + "/nobody";
  ASSERT_EQ(::mkdir(socket.c_str(), 0777), 0);
  ASSERT_EQ(::chown(socket.c_str(), kNobody, kNobody), 0);
  Observing observing(site, {}, {{}, {}, become_nobody}, socket + "/socket");
  const real::Json told = observing.json("/api/tasks");
  for (const real::Json& row : told.at("tasks")) {
    EXPECT_EQ(row.contains("error"), row["task_id"] == "closed") << row;
    if (!row.contains("error")) continue;
    EXPECT_NE(row["error"].get<std::string>().find("Permission denied"), std::string::npos) << row;
  }
  EXPECT_EQ(told.at("tasks").size(), 2U);
  const real::Json closed = observing.json("/api/tasks/closed");
  EXPECT_NE(closed["findings"][0]["what"].get<std::string>().find("Permission denied"),
            std::string::npos)
      << closed;
  EXPECT_EQ(observing.json("/api/tasks/open").at("state"), "SUCCESS");
  // The output is root's.
  EXPECT_EQ(observing.get("/api/tasks/open/processes/p/runs/0/stdout").status, 403);
}

TEST_F(ObserverUsers, ARootThatMayNotBeReadIsAnErrorAtOnce) {
  ASSERT_EQ(site.run(task({process("p", "true")}), "t").code, 0);
  ASSERT_EQ(::chmod((site.root() + "/tasks/finished").c_str(), 0700), 0);
  const real::Ended ended =
      site.thermos({"observe", "--listen", "127.0.0.1:0"}, {{}, {}, become_nobody});
  EXPECT_EQ(ended.code, 77) << ended.err;
  EXPECT_EQ(ended.out, "");
}

}  // namespace
}  // namespace thermos::observe
