// Who may do what: every verb, as root and as two others.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "daemon_fixture.h"
#include "waiting.h"

namespace thermos {
namespace {

class DaemonUsersTest : public DaemonFixture {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root can be several users";
    DaemonFixture::SetUp();
  }
  void expect_refused(control::RequestBody body, ErrorCode code, const char* what) const {
    const auto error = refused(std::move(body));
    ASSERT_TRUE(error) << what << " was not refused";
    EXPECT_EQ(error->code, code) << what << ": " << error->message;
  }
  // The answer about another's task is to the letter the one about a task that never was.
  template <typename Make>
  void expect_as_if_absent(const Make& make, const std::string& id, const char* what) const {
    const std::string absent(id.size(), 'x');
    const auto of_it = refused(make(id));
    const auto of_none = refused(make(absent));
    ASSERT_TRUE(of_it && of_none) << what;
    EXPECT_EQ(of_it->code, ErrorCode::NotFound) << what;
    std::string expected = of_none->message;
    const std::size_t at = expected.find(absent);
    if (at != std::string::npos) std::copy(id.begin(), id.end(), expected.begin() + at);
    EXPECT_EQ(of_it->message, expected) << what;
  }
};

TEST_F(DaemonUsersTest, TheDaemonsPathIsForItsOwnUserOnly) {
  const char* const ours = std::getenv("PATH");
  ASSERT_NE(ours, nullptr);
  const std::string before = ours;
  setenv("PATH", "/root/bin:/usr/bin:/bin", 1);
  start();
  setenv("PATH", before.c_str(), 1);
  submit("roots", one("echo $PATH"));
  as_user(kNobody, [&] { submit("nobodys", one("echo $PATH")); });
  const auto said = [&](const std::string& id) {
    EXPECT_EQ(state_at_end(id), "SUCCESS");
    std::ifstream out(paths().default_sandbox(id) + "/.logs/p/0/stdout");
    std::string line;
    std::getline(out, line);
    return line;
  };
  EXPECT_EQ(said("roots"), "/root/bin:/usr/bin:/bin");
  EXPECT_EQ(said("nobodys"), "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games");
}

TEST_F(DaemonUsersTest, TasksRunAsWhoGaveThem) {
  start();
  as_user(kNobody, [&] {
    submit("own", one("id -u > who; id -G > groups; echo said; sleep 1000"));
    control::Submit other = submission("roots", one("true"));
    other.user = "root";
    expect_refused(other, ErrorCode::NotPermitted, "a task as root");
    other = submission("chroot", one("true"));
    other.chroot = true;
    expect_refused(other, ErrorCode::NotPermitted, "chroot");
    for (const char* sandbox : {"/etc", "/root", "/nowhere/at/all"}) {
      other = submission("box", one("true"));
      other.sandbox = sandbox;
      const auto error = refused(other);
      EXPECT_TRUE(error) << sandbox;
    }
  });
  const History history = until_running("own");
  EXPECT_EQ(history.header()->uid, kNobody);
  EXPECT_EQ(history.header()->user, "nobody");
  EXPECT_FALSE(std::filesystem::exists("/etc/.logs"));
  const std::string sandbox = paths().default_sandbox("own");
  struct stat info {};
  ASSERT_EQ(stat(sandbox.c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, kNobody);
  EXPECT_EQ(info.st_mode & 07777, 0700U);
  as_user(kSomeone, [&] {
    EXPECT_NE(access((sandbox + "/.logs/p/0/stdout").c_str(), F_OK), 0);
    EXPECT_NE(access(paths().runner_stream("own").c_str(), F_OK), 0);
  });
  // Nothing is left of what was refused.
  for (const char* id : {"roots", "chroot", "box"}) {
    EXPECT_FALSE(std::filesystem::exists(paths().active_task(id))) << id;
    EXPECT_FALSE(std::filesystem::exists(paths().default_sandbox(id))) << id;
    EXPECT_FALSE(std::filesystem::exists(paths().checkpoint_dir(id))) << id;
  }
}

// What starts the server of a node, and what tells whether it is gone, runs as the daemon.
TEST_F(DaemonUsersTest, TheCommandsOfNodesAreForRootAlone) {
  start();
  const auto with_nodes = [&](const std::string& keys) {
    return R"({"name": "t", "processes": [{"name": "p", "cmdline": "true"}], "nodes": {)" + keys +
           "}}";
  };
  const std::string by = R"("by": "n1=touch )" + path("started") + R"(; exec cat {node}")";
  as_user(kNobody, [&] {
    for (const std::string& keys :
         {by, by + R"(, "gone": "touch )" + path("gone") + R"( {node}")",
          std::string(R"("by": "slurm")"), std::string(R"("by": "ssh:n1")")}) {
      expect_refused(submission("own", with_nodes(keys)), ErrorCode::NotPermitted, keys.c_str());
    }
    submit("own", one("exec sleep 1000"));
    control::Submit other = submission("own", with_nodes(by));
    other.replace = true;
    expect_refused(other, ErrorCode::NotPermitted, "a replacement");
  });
  EXPECT_FALSE(std::filesystem::exists(path("started")));
  control::Submit roots = submission("roots", with_nodes(by));
  roots.user = "nobody";
  const auto error = refused(roots);
  ASSERT_FALSE(error) << error->message;
  EXPECT_TRUE(real::wait_for_file(path("started")));
}

TEST_F(DaemonUsersTest, NobodyTouchesAnothersTask) {
  start();
  submit("roots", one("sleep 1000"));
  as_user(kNobody, [&] { submit("nobodys", one("sleep 1000")); });
  as_user(kSomeone, [&] {
    for (const std::string id : {"roots", "nobodys"}) {
      expect_as_if_absent(
          [](const std::string& t) {
            return control::AskKill{{t}, {0, false}};
          },
          id, "kill");
      for (const Verb verb : {Verb::Start, Verb::Stop, Verb::Restart}) {
        expect_as_if_absent(
            [verb](const std::string& t) {
              return control::AskOrder{t, {"p", verb, 0}};
            },
            id, "order");
      }
      expect_as_if_absent([](const std::string& t) { return control::AskWait{t, 0}; }, id, "wait");
      // The one answer that can't hide it: two tasks can't have one id.
      const auto taken = refused(submission(id, one("true")));
      ASSERT_TRUE(taken);
      EXPECT_EQ(taken->code, ErrorCode::Usage) << taken->message;
    }
    EXPECT_EQ(std::get<control::Version>(ask(control::AskVersion{}).back()).tasks, 0U);
    expect_refused(control::AskKill{{".*"}, {0, false}}, ErrorCode::NotFound, "kill all");
    expect_refused(control::AskDrain{0}, ErrorCode::NotPermitted, "drain");
    EXPECT_EQ(ask(control::AskList{}).size(), 1U);
    EXPECT_EQ(ask(control::AskStatus{}).size(), 1U);
    EXPECT_EQ(ask(control::Subscribe{{}, 1, false}).size(), 1U);
    EXPECT_EQ(ask(control::Subscribe{{}, 0, false}).size(), 2U);  // the snapshot's position
    EXPECT_FALSE(refused(control::AskVersion{}));
  });
  as_user(kNobody, [&] {
    EXPECT_EQ(ask(control::AskList{}).size(), 2U);
    EXPECT_EQ(ask(control::AskStatus{}).size(), 2U);
    EXPECT_FALSE(refused(control::AskKill{{".*"}, {0, false}}));  // their own
  });
  EXPECT_EQ(state_at_end("nobodys"), "KILLED");
  EXPECT_EQ(ask(control::AskList{}).size(), 3U);  // root sees both
  until_running("roots");
}

// A pattern that is an id means that task alone, and then it need be no regular expression: to who
// may not see the task it is no id.
TEST_F(DaemonUsersTest, APatternDoesNotTellAnIdEither) {
  start();
  submit("odd(id", one("sleep 1000"));
  EXPECT_EQ(ask(control::AskList{{{"odd(id"}}}).size(), 2U);
  as_user(kSomeone, [&] {
    for (const char* id : {"odd(id", "odd(no"}) {
      expect_refused(control::AskList{{{id}}}, ErrorCode::Usage, id);
      expect_refused(control::AskStatus{{{id}}}, ErrorCode::Usage, id);
      expect_refused(control::AskKill{{id}, {0, false}}, ErrorCode::Usage, id);
      expect_refused(control::Subscribe{{id}, 1, false}, ErrorCode::Usage, id);
    }
  });
}

TEST_F(DaemonUsersTest, AnEmptyPatternKillsNothing) {
  start();
  submit("t", one("sleep 1000"));
  expect_refused(control::AskKill{{""}, {0, false}}, ErrorCode::Usage, "empty");
  expect_refused(control::AskKill{{"t", ""}, {0, false}}, ErrorCode::Usage, "one of them empty");
  until_running("t");
}

// Names in a directory are as good as a list.
TEST_F(DaemonUsersTest, TheRootsDirectoriesDoNotTellIds) {
  // As an earlier version left them, but for one that someone has seen to.
  for (const char* directory :
       {"tasks", "tasks/active", "tasks/finished", "checkpoints", "sandboxes"}) {
    std::filesystem::create_directories(path("root/") + directory);
    ASSERT_EQ(chmod((path("root/") + directory).c_str(), 0755), 0);
  }
  std::filesystem::create_directories(path("root/logs"));
  ASSERT_EQ(chmod(path("root/logs").c_str(), 0750), 0);
  start();
  as_user(kNobody, [&] { submit("own", one("echo here > made; sleep 1000")); });
  until_running("own");
  const auto lists = [&](const std::string& directory) {
    const int fd = open((path("root/") + directory).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) close(fd);
    return fd >= 0;
  };
  as_user(kNobody, [&] {
    for (const char* directory :
         {"tasks/active", "tasks/finished", "checkpoints", "sandboxes", "tasks"}) {
      EXPECT_FALSE(lists(directory)) << directory;
    }
    // What is their own they reach.
    EXPECT_TRUE(lists("sandboxes/own/.logs"));
  });
  struct stat info {};
  ASSERT_EQ(stat(path("root/logs").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0750U);
}

TEST_F(DaemonUsersTest, ASandboxIsNobodyElsesLeftover) {
  start();
  std::filesystem::create_directories(paths().default_sandbox("left"));
  ASSERT_EQ(chown(paths().default_sandbox("left").c_str(), kSomeone, kSomeone), 0);
  as_user(kNobody, [&] { EXPECT_TRUE(refused(submission("left", one("true")))); });
  struct stat info {};
  ASSERT_EQ(stat(paths().default_sandbox("left").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, kSomeone);
}

// The user of a running task puts a link where root is to make their next logs.
TEST_F(DaemonUsersTest, ALinkInTheSandboxLeadsNowhere) {
  start();
  std::filesystem::create_directory(path("victim"));
  as_user(kNobody, [&] {
    submit("trap", R"({"name": "t", "processes": [
      {"name": "p", "cmdline": "mv .logs old; ln -s )" +
                       path("victim") + R"( .logs"},
      {"name": "q", "cmdline": "true"}], "constraints": [{"order": ["p", "q"]}]})");
  });
  EXPECT_EQ(state_at_end("trap"), "FAILED");
  EXPECT_TRUE(std::filesystem::is_empty(path("victim")));
  struct stat info {};
  ASSERT_EQ(stat(path("victim").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 0U);
}

TEST_F(DaemonUsersTest, LimitsHoldForUsersAndNotForRoot) {
  std::ofstream(path("config.yaml")) << "tasks_per_user: 2\nconnections_per_user: 3\n";
  start({"--config", path("config.yaml")});
  as_user(kNobody, [&] {
    submit("a", one("sleep 1000"));
    submit("b", one("sleep 1000"));
    expect_refused(submission("c", one("sleep 1000")), ErrorCode::Busy, "a third task");
    EXPECT_FALSE(refused(control::AskKill{{"a"}, {0, false}}));
    submit("c", one("sleep 1000"));
    const ControlClient first = connect();
    const ControlClient second = connect();
    ControlClient third = connect();
    ASSERT_TRUE(third.send(control::AskVersion{}).ok());
    ASSERT_TRUE(third.receive().ok());  // all three are in
    expect_refused(control::AskVersion{}, ErrorCode::Busy, "a fourth connection");
  });
  for (const char* id : {"r1", "r2", "r3"}) submit(id, one("sleep 1000"));
  const ControlClient clients[] = {connect(), connect(), connect(), connect()};
  EXPECT_FALSE(refused(control::AskVersion{}));
}

}  // namespace
}  // namespace thermos
