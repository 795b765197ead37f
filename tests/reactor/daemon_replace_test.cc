// `submit --replace`: a running task goes on with another configuration.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "daemon_status.h"
#include "waiting.h"

namespace thermos {
namespace {

using nlohmann::json;

class DaemonReplaceTest : public DaemonStatusFixture {
 protected:
  // Appends its name and a mark to the ledger, and runs until there is a file "go".
  static json service(const std::string& name, const std::string& mark = "") {
    return {{"name", name},
            {"cmdline", "echo " + name + mark + " >> ledger; touch up-" + name + mark +
                            "; until [ -e go ]; do sleep 0.02; done"},
            {"min_duration", 0}};
  }
  static std::string task(const std::vector<json>& processes, const json& more = json::object()) {
    json task{{"name", "t"}, {"processes", processes}, {"max_failures", 0}};
    task.update(more);
    return task.dump();
  }
  static control::Submit replacing(const std::string& config, const std::string& id = "t") {
    control::Submit submit = submission(id, config);
    submit.replace = true;
    return submit;
  }
  void replace(const std::string& config) const {
    const auto why = refused(replacing(config));
    EXPECT_FALSE(why) << why->message << "\n" << log();
  }
  std::string sandbox() const { return paths().default_sandbox("t"); }
  ::testing::AssertionResult up(const std::string& name) const {
    return real::wait_for_file(sandbox() + "/up-" + name);
  }
  std::string ledger() const {
    std::ifstream in(sandbox() + "/ledger");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void let_go() const { std::ofstream(sandbox() + "/go").flush(); }
  json one_status() const { return status("t"); }
  std::size_t runs(const std::string& name) const {
    const json known = one_status()["processes"];
    return known.contains(name) ? known[name].size() : 0;
  }
};

TEST_F(DaemonReplaceTest, WhatIsAsBeforeIsNotTouched) {
  start();
  submit("t", task({service("keep"), service("change"), service("drop")}));
  ASSERT_TRUE(up("keep") && up("change") && up("drop"));
  const json before = one_status()["processes"]["keep"];
  replace(task({service("keep"), service("change", "2"), service("new")}));
  ASSERT_TRUE(up("change2") && up("new"));
  const json after = one_status();
  EXPECT_EQ(after["processes"]["keep"], before);
  EXPECT_EQ(after["processes"]["change"].size(), 2U);
  EXPECT_EQ(after["processes"]["change"][0]["state"], "KILLED");
  EXPECT_EQ(after["processes"]["drop"][0]["state"], "KILLED");
  EXPECT_EQ(after["removed"], json::array({"drop"}));
  EXPECT_FALSE(after.contains("stopped"));
  ASSERT_EQ(after["replacements"].size(), 1U);
  const json& record = after["replacements"][0];
  EXPECT_EQ(record["changed"], json::array({"change"}));
  EXPECT_EQ(record["added"], json::array({"new"}));
  EXPECT_EQ(record["removed"], json::array({"drop"}));
  EXPECT_NE(record["reason"].get<std::string>().find("uid 0"), std::string::npos) << record;
  let_go();
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
}

TEST_F(DaemonReplaceTest, TheSameAgainChangesNothingAndOneThatIsNotThereIsMade) {
  start();
  const std::string config = task({service("a")});
  replace(config);
  ASSERT_TRUE(up("a"));
  replace(config);
  EXPECT_FALSE(one_status().contains("replacements"));
  EXPECT_EQ(ledger(), "a\n");
  let_go();
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
  const auto ended = refused(replacing(config));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, ErrorCode::Usage);
}

TEST_F(DaemonReplaceTest, WhatCannotBeReplacedIsRefusedAndChangesNothing) {
  start();
  submit("t", task({service("a")}));
  ASSERT_TRUE(up("a"));
  control::Submit other = replacing(task({service("a", "2")}));
  other.ports = {{"http", 80}};
  auto why = refused(other);
  ASSERT_TRUE(why);
  EXPECT_EQ(why->message,
            "task t runs with what can't be replaced: the ports differ; give the same, or another "
            "--task-id");
  other = replacing(task({service("a", "2")}));
  other.sandbox = "/tmp";
  why = refused(other);
  ASSERT_TRUE(why);
  EXPECT_NE(why->message.find("sandbox: "), std::string::npos) << why->message;
  why = refused(replacing(R"({"name": "t", "processes": []})"));
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code, ErrorCode::BadConfig);
  why = refused(submission("t", task({service("a", "2")})));
  ASSERT_TRUE(why);
  EXPECT_NE(why->message.find("or replace it with --replace"), std::string::npos) << why->message;
  EXPECT_EQ(ledger(), "a\n");
  EXPECT_FALSE(std::filesystem::exists(paths().replacement("t", 1)));
  let_go();
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
}

TEST_F(DaemonReplaceTest, ItComesAgainAndAgain) {
  start();
  submit("t", task({service("keep"), service("s", "0")}));
  ASSERT_TRUE(up("keep") && up("s0"));
  for (int number = 1; number <= 8; ++number) {
    const std::string mark = std::to_string(number);
    replace(task({service("keep"), service("s", mark)}));
    ASSERT_TRUE(up("s" + mark));
  }
  EXPECT_EQ(one_status()["replacements"].size(), 8U);
  EXPECT_EQ(runs("s"), 9U);
  EXPECT_EQ(runs("keep"), 1U);
  kill_daemon();
  start();
  EXPECT_EQ(runs("s"), 9U);
  let_go();
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
}

// The changed one ends late, and meanwhile the daemon dies.
TEST_F(DaemonReplaceTest, ADaemonThatDiesInTheMiddleGoesOnWithIt) {
  start();
  json slow = service("slow");
  slow["cmdline"] =
      "trap '' TERM; echo slow >> ledger; touch up-slow; "
      "until [ -e let-it-end ]; do sleep 0.02; done; exit 3";
  slow["stop_wait"] = 600;
  submit("t", task({service("keep"), slow}));
  ASSERT_TRUE(up("keep") && up("slow"));
  ControlClient client = connect();
  ASSERT_TRUE(client.send(replacing(task({service("keep"), service("slow", "2")}))).ok());
  follow("t", [](const History& history) {
    const auto index = history.find("slow");
    return index && history.process(*index).held;
  });
  const auto busy = refused(replacing(task({service("keep")})));
  ASSERT_TRUE(busy);
  EXPECT_EQ(busy->code, ErrorCode::Busy);
  EXPECT_TRUE(std::filesystem::exists(paths().replacement("t", 1)));
  for (int kills = 0; kills < 2; ++kills) {
    kill_daemon();
    start();
    EXPECT_EQ(runs("slow"), 1U);
  }
  std::ofstream(sandbox() + "/let-it-end").flush();
  ASSERT_TRUE(up("slow2"));
  EXPECT_EQ(one_status()["replacements"].size(), 1U);
  EXPECT_EQ(one_status()["processes"]["slow"][0]["state"], "KILLED");
  EXPECT_EQ(runs("keep"), 1U);
  EXPECT_FALSE(std::filesystem::exists(paths().replacement("t", 1)));
  let_go();
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
  EXPECT_EQ(ledger().find("slow2"), ledger().rfind("slow2")) << "it ran once";
}

// A loss of power may leave the task's file as the replacement has it, and a process that ran
// before on record as running: what the replacement adds begins under the daemon that finds this.
TEST_F(DaemonReplaceTest, WhatIsAddedMayRunBeforeTheReplacementIsOnRecord) {
  start();
  json slow = service("slow");
  slow["cmdline"] =
      "trap '' TERM; touch up-slow; until [ -e let-it-end ]; do sleep 0.02; done; exit 3";
  slow["stop_wait"] = 600;
  submit("t", task({service("keep"), slow}));
  ASSERT_TRUE(up("keep") && up("slow"));
  ControlClient client = connect();
  ASSERT_TRUE(
      client.send(replacing(task({service("keep"), service("slow", "2"), service("new")}))).ok());
  follow("t", [](const History& history) {
    const auto index = history.find("slow");
    return index && history.process(*index).held;
  });
  kill_daemon();
  {
    std::ifstream pending(paths().replacement("t", 1));
    std::ofstream(paths().active_task("t"))
        << json::parse(pending)["task"].get<std::string>() << std::flush;
  }
  start();
  follow("t", [](const History& history) {
    const auto index = history.find("new");
    if (!index) return false;
    const ProcessHistory& added = history.process(*index);
    return added.held || (added.live() && added.current()->state == ProcessState::Running);
  });
  std::ofstream(sandbox() + "/let-it-end").flush();
  ASSERT_TRUE(up("slow2") && up("new")) << log();
  EXPECT_EQ(one_status()["replacements"].size(), 1U);
  EXPECT_EQ(runs("keep"), 1U);
  EXPECT_FALSE(std::filesystem::exists(paths().replacement("t", 1)));
  let_go();
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
}

// Killed at each of its records in turn: whatever is on the disk, the task ends as the new
// configuration says, and what is as before ran once.
TEST_F(DaemonReplaceTest, ADaemonThatDiesAtAnyMomentLosesNothing) {
  for (int after = 1; after <= 9; ++after) {
    SCOPED_TRACE(after);
    start();
    const std::string id = "t" + std::to_string(after);
    submit(id, task({service("keep"), service("change"), service("drop")}));
    const std::string place = paths().default_sandbox(id);
    for (const char* name : {"keep", "change", "drop"}) {
      ASSERT_TRUE(real::wait_for_file(place + "/up-" + name));
    }
    ControlClient watch = connect();
    ASSERT_TRUE(watch.send(control::Subscribe{{id}, 1, true}).ok());
    // What the task has recorded so far: the header, ACTIVE, and three records of each.
    for (int seen = 0; seen < 11; ++seen) ASSERT_TRUE(watch.receive(60 * kSecond).ok());
    ControlClient client = connect();
    ASSERT_TRUE(
        client.send(replacing(task({service("keep"), service("change", "2"), service("new")}), id))
            .ok());
    for (int seen = 0; seen < after; ++seen) ASSERT_TRUE(watch.receive(60 * kSecond).ok());
    kill_daemon();
    start();
    // Asked for again, as a client does that lost the connection.
    for (;;) {
      const auto why =
          refused(replacing(task({service("keep"), service("change", "2"), service("new")}), id));
      if (!why) break;
      ASSERT_EQ(why->code, ErrorCode::Busy) << why->message;
    }
    for (const char* name : {"change2", "new"}) {
      ASSERT_TRUE(real::wait_for_file(place + "/up-" + name));
    }
    std::ofstream(place + "/go").flush();
    EXPECT_EQ(state_at_end(id), "SUCCESS");
    const json known = status(id);
    EXPECT_EQ(known["processes"]["keep"].size(), 1U);
    EXPECT_EQ(known["replacements"].size(), 1U);
    EXPECT_EQ(known["removed"], json::array({"drop"}));
    kill_daemon();
  }
}

TEST_F(DaemonReplaceTest, AKillMeanwhileEndsTheTaskAsItWas) {
  start();
  json slow = service("slow");
  slow["cmdline"] = "trap '' TERM; touch up-slow; until [ -e never ]; do sleep 0.02; done";
  slow["stop_wait"] = 600;
  submit("t", task({slow}));
  ASSERT_TRUE(up("slow"));
  ControlClient client = connect();
  ASSERT_TRUE(client.send(replacing(task({service("slow")}))).ok());
  follow("t", [](const History& history) {
    const auto index = history.find("slow");
    return index && history.process(*index).held;
  });
  control::AskKill kill;
  kill.patterns = {"t"};
  kill.request.wait = 0;
  EXPECT_FALSE(refused(kill));
  EXPECT_EQ(state_at_end("t"), "KILLED");
  const auto reply = client.receive(60 * kSecond);
  ASSERT_TRUE(reply.ok() && *reply);
  const auto* why = std::get_if<Error>(&(*reply)->body);
  ASSERT_NE(why, nullptr);
  EXPECT_EQ(why->message, "task t is ending; its configuration stays as it is");
  EXPECT_FALSE(std::filesystem::exists(paths().replacement("t", 1)));
}

// What runs has its share of the daemon's pool all the while.
TEST_F(DaemonReplaceTest, APoolOfTheDaemonIsNeverOverdrawn) {
  start({"--pool", "seats=1"});
  json keep = service("keep");
  keep["uses"] = {{"seats", 1}};
  submit("t", task({keep, service("other")}));
  ASSERT_TRUE(up("keep") && up("other"));
  json waits = service("waits");
  waits["uses"] = {{"seats", 1}};
  submit("u", task({waits}));
  replace(task({keep, service("other", "2")}));
  ASSERT_TRUE(up("other2"));
  EXPECT_FALSE(std::filesystem::exists(paths().default_sandbox("u") + "/up-waits"));
  EXPECT_EQ(runs("keep"), 1U);
  let_go();
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
  ASSERT_TRUE(real::wait_for_file(paths().default_sandbox("u") + "/up-waits"));
  std::ofstream(paths().default_sandbox("u") + "/go").flush();
  EXPECT_EQ(state_at_end("u"), "SUCCESS");
}

// Many short processes come and go while others are replaced: launches are under way at any moment.
TEST_F(DaemonReplaceTest, LaunchesUnderWayAreNotLost) {
  start();
  std::vector<json> busy;
  for (int i = 0; i < 60; ++i) {
    const std::string name = "short" + std::to_string(i);
    busy.push_back({{"name", name}, {"cmdline", "echo " + name + " >> ledger"}});
  }
  const auto with = [&busy](int number) {
    std::vector<json> all = busy;
    all.push_back(service("s", std::to_string(number)));
    return task(all, {{"max_concurrency", 4}});
  };
  submit("t", with(0));
  for (int number = 1; number <= 10; ++number) replace(with(number));
  ASSERT_TRUE(up("s10"));
  let_go();
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
  const std::string all = ledger();
  for (int i = 0; i < 60; ++i) {
    const std::string line = "short" + std::to_string(i) + "\n";
    EXPECT_NE(all.find(line), std::string::npos) << line;
    EXPECT_EQ(runs("short" + std::to_string(i)), 1U);
  }
}

}  // namespace
}  // namespace thermos
