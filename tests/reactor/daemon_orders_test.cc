// Orders for the processes of a daemon's task, and how the daemon tells who waits from who has
// failed for good.
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "daemon_status.h"
#include "program.h"

namespace thermos {
namespace {

class DaemonOrdersTest : public DaemonStatusFixture {
 protected:
  // What `thermos status` prints, asked of the daemon, or read from the files.
  std::string printed(bool of_daemon) const {
    return testing::run_program(
               {{std::string(THERMOS_BIN) + "/thermos", "status", of_daemon ? "--socket" : "--root",
                 of_daemon ? socket_path() : path("root"), "t"}})
        .out;
  }
  static std::function<bool(const History&)> ran(const std::string& process, std::uint32_t runs,
                                                 ProcessState state) {
    return [=](const History& history) {
      const auto* run = last_run(history, process);
      return run != nullptr && run->number + 1 == runs && run->state == state;
    };
  }
  static control::AskOrder order(Verb verb, const std::vector<std::string>& processes) {
    return {"t", {"", verb, Microseconds{0}}, processes};
  }
};

TEST_F(DaemonOrdersTest, StatusTellsBackoffFromFatal) {
  start();
  submit("t", R"({"name": "t", "max_failures": 0, "processes": [
    {"name": "waits", "cmdline": "exit 3", "max_failures": 2, "backoff": {"first": 200}},
    {"name": "fails", "cmdline": "exit 4"},
    {"name": "dies", "cmdline": "kill -9 $$", "max_kills": 1},
    {"name": "lives", "cmdline": "exec sleep 1000"}]})");
  for (const char* process : {"waits", "fails"}) follow("t", ran(process, 1, ProcessState::Failed));
  follow("t", ran("dies", 1, ProcessState::Killed));
  const nlohmann::json told = status("t");
  EXPECT_EQ(told.at("fatal"), nlohmann::json({"fails", "dies"})) << told.dump(2);
  ASSERT_EQ(told.at("backoff").size(), 1U) << told.dump(2);
  const double end = told.at("processes").at("waits").back().at("stop_time");
  EXPECT_NEAR(told.at("backoff").at("waits").get<double>(), end + 200, 0.001);
  for (const bool of_daemon : {true, false}) {
    const std::string text = printed(of_daemon);
    EXPECT_NE(text.find("BACKOFF until "), std::string::npos) << text;
    EXPECT_NE(text.find("FATAL"), std::string::npos) << text;
    EXPECT_EQ(text.find("BACKOFF"), text.rfind("BACKOFF")) << text;
  }
}

TEST_F(DaemonOrdersTest, AStartRevivesOverTheDaemonsOwnEnd) {
  start();
  submit("t", R"({"name": "t", "max_failures": 0, "processes": [
    {"name": "p", "cmdline": "test -e good && exec sleep 1000; touch good; exit 3"},
    {"name": "after", "cmdline": "exec sleep 1000", "needs": {"p": "start"}},
    {"name": "q", "cmdline": "exec sleep 1000"}]})");
  follow("t", ran("p", 1, ProcessState::Failed));
  const auto stop = refused(order(Verb::Stop, {"p"}));
  ASSERT_TRUE(stop);
  EXPECT_EQ(stop->code, ErrorCode::Usage);
  kill_daemon();
  start();
  EXPECT_EQ(status("t").at("fatal"), nlohmann::json({"p"}));
  EXPECT_FALSE(refused(order(Verb::Start, {"p"})));
  until_running("t", 1);
  kill_daemon();
  start();
  EXPECT_FALSE(status("t").contains("fatal"));
  EXPECT_FALSE(refused(order(Verb::Stop, {"p"})));
  const History history = follow("t", ran("p", 2, ProcessState::Killed));
  EXPECT_EQ(history.process(*history.find("p")).failures(), 0U);
}

TEST_F(DaemonOrdersTest, AnOrderForSeveralIsDoneWhenAllHaveEnded) {
  start();
  submit("t", R"({"name": "t", "processes": [
    {"name": "a-1", "cmdline": "exec sleep 1000", "daemon": true},
    {"name": "a-2", "cmdline": "exec sleep 1000", "daemon": true},
    {"name": "b", "cmdline": "exec sleep 1000"}]})");
  for (const char* process : {"a-1", "a-2", "b"}) {
    follow("t", ran(process, 1, ProcessState::Running));
  }
  const auto ended = [this](const std::string& process, std::size_t run) {
    return status("t").at("processes").at(process).at(run).contains("stop_time");
  };
  EXPECT_FALSE(refused(order(Verb::Restart, {})));
  for (const char* process : {"a-1", "a-2"}) {
    EXPECT_TRUE(ended(process, 0));
    follow("t", ran(process, 2, ProcessState::Running));
  }
  EXPECT_FALSE(ended("b", 0)) << "it is no service";
  EXPECT_FALSE(refused(order(Verb::Stop, {"a", "b"})));
  EXPECT_TRUE(ended("a-1", 1) && ended("a-2", 1) && ended("b", 0));
  EXPECT_EQ(status("t").at("stopped"), nlohmann::json({"a-1", "a-2", "b"}));
  EXPECT_EQ(refused(order(Verb::Start, {"c"}))->code, ErrorCode::NotFound);
  EXPECT_EQ(refused(order(Verb::Start, {}))->code, ErrorCode::Usage);
}

}  // namespace
}  // namespace thermos
