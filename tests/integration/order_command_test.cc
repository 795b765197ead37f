// thermos stop, start and restart, of a task in the foreground.
#include <algorithm>
#include <csignal>
#include <map>
#include <memory>
#include <string>

#include "task_run.h"
#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

class OrderCommandTest : public ThermosTest {
 protected:
  // Nobody listens there.
  Finished ask(Words words) const {
    Invocation invocation = thermos(words);
    invocation.environment["THERMOS_SOCKET"] = scratch_ / "none";
    return run_program(invocation);
  }
  std::string starts() const { return work() + "/starts"; }
  bool started(std::size_t times) const {
    const auto enough = [&] {
      const std::string text = real::read_file(starts());
      return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) >= times;
    };
    return bool(real::wait_until(work(), enough));
  }
};

TEST_F(OrderCommandTest, OrdersReachTheRunnerOfATask) {
  Program runner(thermos({"run", "--task-id", "t", file("t.json", R"({"name": "t", "processes": [
    {"name": "p", "cmdline": "echo $$ >> starts; exec sleep 1000", "min_duration": 1000},
    {"name": "end", "cmdline": "true", "final": true}]})")}));
  ASSERT_TRUE(started(1));
  const pid_t first = real::pid_in(starts());
  Finished answer = ask({"stop", "t", "p"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_TRUE(real::ends(first));
  EXPECT_EQ(status_of("t").at("stopped"), nlohmann::json({"p"}));
  EXPECT_EQ(ask({"stop", "t", "p"}).status, 0);  // as it is already
  answer = ask({"start", "t", "p"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  ASSERT_TRUE(started(2));
  EXPECT_FALSE(status_of("t").contains("stopped"));
  answer = ask({"restart", "--wait", "0", "t", "p"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  ASSERT_TRUE(started(3));

  EXPECT_EQ(ask({"stop", "t", "none"}).status, 66);
  EXPECT_EQ(ask({"stop", "t"}).status, 64);
  answer = ask({"stop", "t", "end"});
  EXPECT_EQ(answer.status, 64);
  EXPECT_NE(answer.err.find("finalizer"), std::string::npos) << answer.err;

  runner.signal(SIGTERM);
  EXPECT_EQ(runner.wait().status, 2);
  answer = ask({"start", "t", "p"});
  EXPECT_EQ(answer.status, 66);
  EXPECT_NE(answer.err.find("has ended"), std::string::npos) << answer.err;
  EXPECT_EQ(run({"fsck", "t"}).status, 0);
}

// Stopped, killed with its runner by kill -9, and resumed: still stopped.
TEST_F(OrderCommandTest, AStopOutlivesItsRunner) {
  const std::string config = file("t.json", R"({"name": "t", "processes": [
    {"name": "p", "cmdline": "echo $$ >> starts; exec sleep 1000"},
    {"name": "q", "cmdline": "while test ! -e go; do sleep 0.01; done"},
    {"name": "r", "cmdline": "touch gone"}], "constraints": [{"order": ["q", "r"]}]})");
  auto runner = std::make_unique<Program>(thermos({"run", "--task-id", "t", config}));
  ASSERT_TRUE(started(1));
  EXPECT_EQ(ask({"stop", "t", "p"}).status, 0);
  runner->signal(SIGKILL);
  EXPECT_EQ(runner->wait().status, -SIGKILL);
  runner = std::make_unique<Program>(thermos({"run", "--task-id", "t", config}));
  file("go", "");
  ASSERT_TRUE(real::wait_for_file(work() + "/gone"));  // so there is a runner again
  EXPECT_EQ(status_of("t").at("stopped"), nlohmann::json({"p"}));
  EXPECT_EQ(status_of("t").at("state"), "ACTIVE");
  EXPECT_EQ(ask({"start", "t", "p"}).status, 0);
  EXPECT_TRUE(started(2));
  EXPECT_EQ(ask({"kill", "--wait", "0", "t"}).status, 69);  // THERMOS_SOCKET: the daemon is asked
  EXPECT_EQ(run({"kill", "--wait", "0", "t"}).status, 0);
  EXPECT_EQ(runner->wait().status, 2);
}

// A pattern is for all that it matches, and no word is for the services.
TEST_F(OrderCommandTest, SeveralAreOrderedAtOnce) {
  Program runner(thermos({"run", "--task-id", "t", file("t.json", R"({"name": "t", "processes": [
    {"name": "web", "cmdline": "echo web >> starts; exec sleep 1000", "daemon": true},
    {"name": "web-2", "cmdline": "echo web-2 >> starts; exec sleep 1000", "daemon": true},
    {"name": "once", "cmdline": "true"},
    {"name": "base", "cmdline": "echo base >> starts; exec sleep 1000", "ready": {"file": "starts"}},
    {"name": "job", "cmdline": "echo job >> starts; exec sleep 1000"}]})")}));
  ASSERT_TRUE(started(4));
  const auto starts_of = [&] { return real::count_lines(starts()); };
  using Starts = std::map<std::string, int>;
  const auto run_of = [&](const std::string& process) {
    return status_of("t").at("processes").at(process).back().at("run");
  };
  Finished answer = ask({"restart", "--wait", "0", "t"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  ASSERT_TRUE(started(7));
  EXPECT_EQ(starts_of(), (Starts{{"web", 2}, {"web-2", 2}, {"base", 2}, {"job", 1}}));
  answer = ask({"restart", "--wait", "0", "t", "web"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  ASSERT_TRUE(started(8));
  EXPECT_EQ(starts_of().at("web"), 3) << "an exact name means that one";
  answer = ask({"stop", "--wait", "0", "t", "we", "jo.$"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(status_of("t").at("stopped"), nlohmann::json({"web", "web-2", "job"}));
  answer = ask({"start", "t", ".*"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  ASSERT_TRUE(started(11));
  EXPECT_EQ(run_of("base"), 1) << "a start touches none that runs";

  answer = ask({"stop", "t", "web", "no.*"});
  EXPECT_EQ(answer.status, 66);
  EXPECT_NE(answer.err.find("has no process no.*"), std::string::npos) << answer.err;
  EXPECT_FALSE(status_of("t").contains("stopped")) << "all or none";
  answer = ask({"stop", "t", "on"});
  EXPECT_EQ(answer.status, 64);
  EXPECT_NE(answer.err.find("once has finished"), std::string::npos) << answer.err;
  EXPECT_EQ(ask({"stop", "t", "(a"}).status, 64);
  EXPECT_EQ(ask({"stop", "t", ""}).status, 64);
  EXPECT_EQ(ask({"start", "t"}).status, 64);
  EXPECT_EQ(ask({"restart"}).status, 64);
  EXPECT_EQ(run({"kill", "--wait", "0", "t"}).status, 0);
  EXPECT_EQ(runner.wait().status, 2);
}

TEST_F(OrderCommandTest, ARestartOfNoServicesSaysWhatToName) {
  Program runner(thermos({"run", "--task-id", "t", file("t.json", R"({"name": "t", "processes": [
    {"name": "p", "cmdline": "echo $$ >> starts; exec sleep 1000"}]})")}));
  ASSERT_TRUE(started(1));
  const Finished answer = ask({"restart", "t"});
  EXPECT_EQ(answer.status, 66);
  EXPECT_NE(answer.err.find("task t has no daemon"), std::string::npos) << answer.err;
  EXPECT_EQ(run({"kill", "--wait", "0", "t"}).status, 0);
  EXPECT_EQ(runner.wait().status, 2);
}

}  // namespace
}  // namespace thermos::testing
