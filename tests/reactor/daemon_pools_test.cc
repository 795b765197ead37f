// The pools of the daemon, which all its tasks share.
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "daemon_fixture.h"
#include "task_run.h"

namespace thermos {
namespace {

class DaemonPoolsTest : public DaemonFixture {
 protected:
  // A task that uses so much of "gpu" until its file `go` is there, and then writes its id down.
  std::string user_of(const std::string& id, int amount, const std::string& more = "") const {
    return one("until [ -e go ]; do sleep 0.02; done; echo " + id + " >> " + path("order"),
               R"(, "uses": {"gpu": )" + std::to_string(amount) + "}" + more);
  }
  void go(const std::string& id) const {
    std::ofstream(paths().default_sandbox(id) + "/go").flush();
  }
  // Starts when it is its turn, and then ends by itself.
  void submit_short(const std::string& id, int amount) const {
    submit(id, one("echo " + id + " >> " + path("order"),
                   R"(, "uses": {"gpu": )" + std::to_string(amount) + "}"));
  }
  std::string order() const {
    std::ifstream file(path("order"));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  nlohmann::json pools() const {
    nlohmann::json all = nlohmann::json::array();
    for (const control::ReplyBody& reply : ask(control::AskPools{})) {
      if (const auto* pool = std::get_if<control::PoolText>(&reply)) {
        all.push_back(nlohmann::json::parse(pool->json));
      }
    }
    return all;
  }
  // The first pool as "used of size: who has it | who waits".
  std::string pool() const {
    const nlohmann::json json = pools().at(0);
    std::string text = json["used"].dump() + " of " + json["size"].dump() + ":";
    for (const nlohmann::json& share : json["used_by"]) text += " " + share.value("task_id", "?");
    text += " |";
    for (const nlohmann::json& share : json["waiting"]) text += " " + share.value("task_id", "?");
    return text;
  }
  // Asks until the first pool is so. With each answer the daemon has been round its loop, and after
  // a start it asks for its tasks in one of the first rounds.
  ::testing::AssertionResult until_pool(const std::string& expected) const {
    std::string found;
    for (int i = 0; i < 1000 && found != expected; ++i) found = pool();
    if (found == expected) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << found << "\n" << log();
  }
  // Runs one of the programs and returns its output and exit code.
  std::string output_of(real::Words words) {
    words.front() = THERMOS_BIN "/" + words.front();
    real::Surroundings surroundings;
    surroundings.directory = path("");
    const std::string output = path("program" + std::to_string(programs_++));
    const real::Ended ended = real::Command(words, output, surroundings).wait();
    return ended.out + ended.err + "exit " + std::to_string(ended.code);
  }
  std::string pools_command(real::Words more = {}) {
    real::Words words{"thermos", "pools", "--socket", socket_path()};
    words.insert(words.end(), more.begin(), more.end());
    return output_of(std::move(words));
  }

 private:
  int programs_ = 0;
};

TEST_F(DaemonPoolsTest, AreSharedInTheOrderOfAskingAndOverARestart) {
  start({"--pool", "gpu=1"});
  submit("a", user_of("a", 1));
  until_running("a");
  submit_short("z", 1);
  submit_short("b", 1);
  EXPECT_EQ(pool(), "1 of 1: a | z b");
  kill_daemon();
  start({"--pool", "gpu=1"});
  EXPECT_TRUE(until_pool("1 of 1: a | z b")) << "z was launched before b";
  submit_short("c", 1);
  EXPECT_EQ(pool(), "1 of 1: a | z b c");
  go("a");
  EXPECT_EQ(state_at_end("a"), "SUCCESS");
  EXPECT_EQ(state_at_end("c"), "SUCCESS");
  EXPECT_EQ(order(), "a\nz\nb\nc\n");
  EXPECT_EQ(pool(), "0 of 1: |");
}

TEST_F(DaemonPoolsTest, OfAnotherSizeAfterARestartHoldUpOnlyWhoAsksForMore) {
  start({"--pool", "gpu=2"});
  submit("a", user_of("a", 2));
  until_running("a");
  submit_short("b", 2);
  kill_daemon();
  start({"--pool", "gpu=1"});
  EXPECT_TRUE(until_logged("processes[0].uses.gpu: is 2, and the daemon's pool holds 1"));
  EXPECT_TRUE(until_pool("2 of 1: a |")) << "what runs has its share, and b asks in vain";
  submit_short("c", 1);
  EXPECT_EQ(pool(), "2 of 1: a | c");
  go("a");
  EXPECT_EQ(state_at_end("c"), "SUCCESS");
  kill_daemon();
  start();
  EXPECT_EQ(pools(), nlohmann::json::array());
  kill_daemon();
  start({"--pool", "gpu=3"});
  EXPECT_EQ(state_at_end("b"), "SUCCESS");
  EXPECT_EQ(order(), "a\nc\nb\n");
}

TEST_F(DaemonPoolsTest, WhatTheyCannotGiveIsRefusedAndLeavesNothing) {
  start({"--pool", "gpu=2"});
  const auto refusal = [this](const std::string& uses) {
    const auto error = refused(submission("t", one("true", R"(, "uses": )" + uses)));
    EXPECT_TRUE(error && error->code == ErrorCode::BadConfig);
    return error ? error->message : "";
  };
  EXPECT_EQ(refusal(R"({"gpu": 3})"),
            "processes[0].uses.gpu: is 3, and the daemon's pool holds 2: it could never run");
  EXPECT_EQ(refusal(R"({"gpus": 1})"),
            "processes[0].uses.gpus: neither the task nor this daemon has a pool 'gpus', did you "
            "mean 'gpu'?");
  EXPECT_FALSE(std::filesystem::exists(paths().active_task("t")));
  EXPECT_FALSE(std::filesystem::exists(paths().checkpoint_dir("t")));
  EXPECT_FALSE(std::filesystem::exists(paths().default_sandbox("t")));
}

TEST_F(DaemonPoolsTest, ATasksOwnPoolGoesBeforeTheDaemons) {
  start({"--pool", "gpu=1"});
  submit("a", user_of("a", 1));
  until_running("a");
  submit("own", R"({"name": "t", "pools": {"gpu": 5}, "processes": [{"name": "p", "cmdline": )"
                R"("true", "uses": {"gpu": 5}}]})");
  EXPECT_EQ(state_at_end("own"), "SUCCESS");
  go("a");
}

TEST_F(DaemonPoolsTest, WhoEndsOrIsStoppedGivesBackAndLeavesTheLine) {
  start({"--pool", "gpu=1"});
  submit("a", user_of("a", 1));
  until_running("a");
  submit("b", user_of("b", 1));
  submit("c", user_of("c", 1));
  submit("d", user_of("d", 1));
  EXPECT_EQ(pool(), "1 of 1: a | b c d");
  control::AskOrder stop{"b", {}};
  stop.request.process = "p";
  stop.request.verb = Verb::Stop;
  EXPECT_FALSE(refused(stop));
  EXPECT_EQ(pool(), "1 of 1: a | c d");
  control::AskKill kill;
  kill.patterns = {"c"};
  kill.request.wait = 0;
  EXPECT_FALSE(refused(kill));
  EXPECT_EQ(pool(), "1 of 1: a | d");
  kill.patterns = {"a"};
  EXPECT_FALSE(refused(kill));
  until_running("d");
  EXPECT_EQ(pool(), "1 of 1: d |");
  stop.request.verb = Verb::Start;
  EXPECT_FALSE(refused(stop));
  EXPECT_EQ(pool(), "1 of 1: d | b");
  go("d");
  go("b");
  EXPECT_EQ(state_at_end("b"), "SUCCESS");
}

TEST_F(DaemonPoolsTest, TheyAreShown) {
  start({"--pool", "gpu=2", "--pool", "tape=1"});
  submit("a", user_of("a", 1));
  until_running("a");
  submit("b", user_of("b", 2));
  EXPECT_EQ(pools_command(),
            "gpu  1 of 2 used\n  uses 1  a  p\n  waits for 2  b  p\ntape  0 of 1 used\nexit 0");
  EXPECT_NE(pools_command({"--json"}).find("\"waiting\""), std::string::npos);
  go("a");
  go("b");
}

TEST_F(DaemonPoolsTest, OfOthersTasksOnlyTheAmountsAreShown) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to act as another user";
  start({"--pool", "gpu=1"});
  submit("secret", user_of("secret", 1));
  until_running("secret");
  as_user(kNobody, [this] {
    submit("mine", user_of("mine", 1));
    const nlohmann::json json = pools().at(0);
    EXPECT_EQ(json["used_by"], nlohmann::json::parse(R"([{"amount": 1}])"));
    EXPECT_EQ(json["waiting"],
              nlohmann::json::parse(R"([{"amount": 1, "process": "p", "task_id": "mine"}])"));
  });
  go("secret");
  as_user(kNobody, [this] { go("mine"); });
}

TEST_F(DaemonPoolsTest, SettingsDeclareThemUntilTheDaemonStartsAgain) {
  std::ofstream(path("settings")) << "pools: {gpu: 1, tape: 4}\n";
  start({"--config", path("settings"), "--pool", "gpu=3"});
  EXPECT_EQ(pools().size(), 2U);
  EXPECT_EQ(pool(), "0 of 3: |") << "the command line goes before the file";
  std::ofstream(path("settings")) << "pools: {tape: 9}\n";
  signal(SIGHUP);
  EXPECT_TRUE(until_logged("pools stay as they are until the daemon starts again"));
  EXPECT_EQ(pools().size(), 2U);
}

TEST_F(DaemonPoolsTest, WrongOnesAreRefused) {
  const auto refusal = [this](const std::string& option, const std::string& value) {
    return output_of(
        {"thermos-reactor", "--root", path("none"), "--socket", path("none"), option, value});
  };
  EXPECT_EQ(refusal("--pool", "gpu"),
            "thermos-reactor: --pool takes NAME=N, as in gpu=2: 'gpu' has no '='\nexit 64");
  EXPECT_EQ(
      refusal("--pool", "gpu=0"),
      "thermos-reactor: --pool takes NAME=N, as in gpu=2: '0' is not a whole number from 1 to "
      "4294967295\nexit 64");
  EXPECT_EQ(refusal("--pool", "=1"),
            "thermos-reactor: --pool takes NAME=N, as in gpu=2: a name can't be empty\nexit 64");
  std::ofstream(path("settings")) << "pools: {gpu: 0}\n";
  const std::string wrong = refusal("--config", path("settings"));
  EXPECT_NE(wrong.find("pools.gpu: it is a whole number from 1 to 4294967295\nexit 65"),
            std::string::npos)
      << wrong;
  EXPECT_FALSE(std::filesystem::exists(path("none")));
}

}  // namespace
}  // namespace thermos
