// `thermos status` and `thermos read` from outside.
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>

#include "terminal.h"
#include "thermos_fixture.h"

namespace thermos::testing {
namespace {

using nlohmann::json;

constexpr std::string_view kRetry = R"({"name": "retry", "processes": [
    {"name": "p", "cmdline": "test -e made || { touch made; exit 7; }", "max_failures": 3,
     "min_duration": 0}]})";
constexpr std::string_view kLong = R"({"processes": [{"name": "p", "cmdline": "sleep 600"}]})";

class StatusAndRead : public ThermosTest {
 protected:
  std::string stream(const std::string& id, const std::string& file) const {
    return root() + "/checkpoints/" + id + "/" + file;
  }
};

// Calls `see` with each key of an object in `value`, but for names that a user gave.
void for_each_key(const json& value, const std::function<void(const std::string&)>& see) {
  if (value.is_array()) {
    for (const json& one : value) for_each_key(one, see);
  }
  if (!value.is_object()) return;
  for (const auto& [key, one] : value.items()) {
    see(key);
    if ((key == "processes" || key == "process_details") && one.is_object()) {
      for (const auto& [name, runs] : one.items()) for_each_key(runs, see);
    } else if (key != "ports") {
      for_each_key(one, see);
    }
  }
}

TEST_F(StatusAndRead, EachKeyIsDocumented) {
  const std::string document = read_text(THERMOS_SOURCE "/reactor/JSON.md");
  ASSERT_EQ(run_task("r", kRetry, {"-P", "web:80"}).status, 0);
  const std::string config = scratch_ / "retry.json";
  write_text(config, kRetry);
  const std::vector<std::vector<std::string>> all = {{"status", "--json", "r"},
                                                     {"inspect", "--task-id", "r", "--json"},
                                                     {"graph", "--json", config},
                                                     {"why", "--json", "r", "p"},
                                                     {"diff", "--json", "r", "r"},
                                                     {"gc", "--json", "--dry-run", "--keep", "9"},
                                                     {"plan", "--json", config},
                                                     {"fsck", "--json", "r"},
                                                     {"read", "--json", stream("r", "runner")}};
  int keys = 0;
  for (const std::vector<std::string>& words : all) {
    const Finished done = run(words);
    ASSERT_EQ(done.status, 0) << words.front() << ": " << done.err;
    for_each_key(json::parse(done.out), [&](const std::string& key) {
      ++keys;
      EXPECT_NE(document.find("`" + key + "`"), std::string::npos)
          << words.front() << " --json prints " << key << ", and JSON.md does not know it";
    });
  }
  EXPECT_GT(keys, 50);
}

TEST_F(StatusAndRead, JsonHasEveryRunAndLeavesOutWhatIsNotKnown) {
  ASSERT_EQ(run_task("r", kRetry, {"-P", "web:80"}).status, 0);
  const json task = status_of("r");
  EXPECT_EQ(task["task_id"], "r");
  EXPECT_EQ(task["state"], "SUCCESS");
  const json& header = task["header"];
  for (const char* key : {"task_id", "sandbox", "log_dir", "hostname", "user"}) {
    EXPECT_TRUE(header.at(key).is_string()) << key;
  }
  EXPECT_TRUE(header.at("uid").is_number_unsigned());
  EXPECT_TRUE(header.at("launch_time_ms").is_number_integer());
  EXPECT_EQ(header.at("ports"), json({{"web", 80}}));
  ASSERT_GE(task["statuses"].size(), 2U);
  for (const json& status : task["statuses"]) {
    EXPECT_TRUE(status.at("state").is_string());
    EXPECT_TRUE(status.at("timestamp_ms").is_number_integer());
    EXPECT_TRUE(status.at("runner_pid").is_number_integer());
    EXPECT_TRUE(status.at("runner_uid").is_number_integer());
  }
  EXPECT_EQ(task["statuses"].front()["state"], "ACTIVE");
  EXPECT_EQ(task["statuses"].back()["state"], "SUCCESS");
  const json& runs = task["processes"]["p"];
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0]["state"], "FAILED");
  EXPECT_EQ(runs[0]["return_code"], 7);
  EXPECT_EQ(runs[0]["seq"], 3);
  EXPECT_EQ(runs[1]["state"], "SUCCESS");
  EXPECT_EQ(runs[1]["return_code"], 0);
  EXPECT_EQ(runs[1]["seq"], 7);
  for (const json& one : runs) {
    EXPECT_GT(one.at("pid").get<int>(), 0);
    EXPECT_GT(one.at("coordinator_pid").get<int>(), 0);
    EXPECT_LE(one.at("fork_time").get<double>(), one.at("start_time").get<double>());
    EXPECT_LE(one.at("start_time").get<double>(), one.at("stop_time").get<double>());
  }
  EXPECT_LE(runs[0]["stop_time"].get<double>(), runs[1]["fork_time"].get<double>());
}

TEST_F(StatusAndRead, ARunUnderWayHasNoEndYet) {
  Program program(thermos({"run", "--task-id", "live", file("t.json", kLong)}));
  ASSERT_TRUE(program.wait_for("RUNNING"));
  const json task = status_of("live");
  EXPECT_EQ(task["state"], "ACTIVE");
  const json one = task["processes"]["p"][0];
  EXPECT_EQ(one["state"], "RUNNING");
  EXPECT_FALSE(one.contains("stop_time"));
  EXPECT_FALSE(one.contains("return_code"));
  EXPECT_NE(run({"status", "--only", "active"}).out.find("live"), std::string::npos);
  EXPECT_EQ(run({"status", "--only", "finished"}).out.find("live"), std::string::npos);
  EXPECT_EQ(run({"status", "--only", "finished", "live"}).status, 66);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait().status, 2);
  EXPECT_EQ(run({"status", "--only", "active", "live"}).status, 66);
}

TEST_F(StatusAndRead, AnExactIdMeansNoOtherTaskThatIsActive) {
  ASSERT_EQ(run_task("build", kRetry).status, 0);
  Program program(thermos({"run", "--task-id", "build-2", file("t.json", kLong)}));
  ASSERT_TRUE(program.wait_for("RUNNING"));
  for (const Words& words : {Words{"status", "--only", "active", "build"},
                             Words{"status", "--only", "active", "build-2", "build"}}) {
    const Finished none = run(words);
    EXPECT_EQ(none.status, 66) << none.out;
    EXPECT_NE(none.err.find("no active task matches 'build'"), std::string::npos) << none.err;
  }
  EXPECT_EQ(run({"status", "--only", "active", "buil"}).status, 0);
  EXPECT_EQ(run({"status", "--only", "finished", "build"}).status, 0);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait().status, 2);
}

TEST_F(StatusAndRead, PatternsMatchFromTheStartAndAnExactIdAlone) {
  for (const std::string id : {"ab", "abc", "xab", "[ab]"}) {
    ASSERT_EQ(run_task(id, kRetry).status, 0) << id;
  }
  const auto ids = [&](const Words& patterns) {
    Words words = {"status", "--json"};
    words.insert(words.end(), patterns.begin(), patterns.end());
    Words found;
    const Finished finished = run(words);
    const json parsed = json::parse(finished.out);
    for (const json& task : parsed["tasks"]) found.push_back(task["task_id"]);
    std::sort(found.begin(), found.end());
    return found;
  };
  EXPECT_EQ(ids({"ab"}), (Words{"ab"}));
  EXPECT_EQ(ids({"a"}), (Words{"ab", "abc"}));
  EXPECT_EQ(ids({".ab"}), (Words{"[ab]", "xab"}));
  EXPECT_EQ(ids({"[ab]"}), (Words{"[ab]"}));
  EXPECT_EQ(ids({"[ax]b*a?"}), (Words{"ab", "abc", "xab"}));
  EXPECT_EQ(ids({"x", "abc"}), (Words{"abc", "xab"}));
  EXPECT_EQ(ids({}), (Words{"[ab]", "ab", "abc", "xab"}));
}

TEST_F(StatusAndRead, ACorruptTaskIsSaidAndTheOthersAreShown) {
  ASSERT_EQ(run_task("good", kRetry).status, 0);
  ASSERT_EQ(run_task("hurt", kRetry).status, 0);
  std::string bytes = read_text(stream("hurt", "runner"));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_text(stream("hurt", "runner"), bytes);
  const Finished all = run({"status", "--json"});
  EXPECT_EQ(all.status, 0);
  std::size_t errors = 0;
  const json parsed = json::parse(all.out);
  for (const json& task : parsed["tasks"]) {
    if (!task.contains("error")) continue;
    ++errors;
    EXPECT_EQ(task["task_id"], "hurt");
    EXPECT_NE(task["error"].get<std::string>().find("offset"), std::string::npos);
  }
  EXPECT_EQ(errors, 1U);
  const Finished table = run({"status"});
  EXPECT_EQ(table.status, 0);
  EXPECT_NE(table.out.find("good"), std::string::npos);
  EXPECT_NE(table.out.find("hurt"), std::string::npos);

  const Finished text = run({"read", stream("hurt", "runner")});
  EXPECT_EQ(text.status, 65);
  EXPECT_NE(text.out.find("header task_id=hurt"), std::string::npos);
  EXPECT_NE(text.err.find("offset"), std::string::npos);
  const Finished as_json = run({"read", "--json", stream("hurt", "runner")});
  EXPECT_EQ(as_json.status, 65);
  EXPECT_EQ(as_json.out, "");
}

TEST_F(StatusAndRead, TablesFitEightyColumns) {
  std::string many = R"({"name": "many", "max_failures": 0, "processes": [)";
  for (int i = 0; i < 8; ++i) {
    many += std::string(i == 0 ? "" : ",") + R"({"name": "process-with-a-rather-long-name-)" +
            std::to_string(i) + R"(", "cmdline": "exit )" + std::to_string(i) + "\"}";
  }
  ASSERT_EQ(
      run_task("an-id-that-is-longer-than-a-column-may-be-20240131-120000.123456", many + "]}")
          .status,
      0);
  ASSERT_EQ(run_task("short", kRetry).status, 0);
  for (const Words& words : {Words{"status"}, Words{"status", "an-id"}}) {
    const Finished table = run(words);
    EXPECT_EQ(table.status, 0);
    for (std::size_t at = 0; at < table.out.size();) {
      const std::size_t end = table.out.find('\n', at);
      EXPECT_LE(end - at, 80U) << table.out.substr(at, end - at);
      at = end + 1;
    }
    EXPECT_NE(table.out.find("an-id-that-is-longer-than-a-column-may-be-20240131-120000.123456"),
              std::string::npos);
  }
}

TEST_F(StatusAndRead, AFailedTaskShowsWhatItPrintedLast) {
  const std::string_view fails = R"({"processes": [
      {"name": "good", "cmdline": "true"},
      {"name": "bad", "cmdline": "seq 20 >&2; exit 3", "max_failures": 1}]})";
  ASSERT_EQ(run_task("well", kRetry).status, 0);
  ASSERT_EQ(run_task("bad", fails).status, 1);
  for (const Words& words : {Words{"status", "bad"}, Words{"status", "--failed"},
                             Words{"status", "--only", "failed"}, Words{"resume", "bad"}}) {
    const Finished shown = run(words);
    EXPECT_EQ(shown.status, words[0] == "resume" ? 1 : 0);
    EXPECT_NE(shown.out.find("  bad FAILED, run 0: exit 3\n"), std::string::npos) << shown.out;
    EXPECT_NE(shown.out.find("/bad/0/stderr:\n      11\n"), std::string::npos) << shown.out;
    EXPECT_NE(shown.out.find("\n      20\n"), std::string::npos) << shown.out;
    EXPECT_EQ(shown.out.find("well"), std::string::npos) << shown.out;
  }
  const Finished all = run({"status"});
  EXPECT_TRUE(all.out.starts_with("2 tasks: 1 FAILED, 1 SUCCESS\n")) << all.out;
  EXPECT_LT(all.out.find("\nbad "), all.out.find("\nwell ")) << all.out;
  EXPECT_EQ(run({"status", "--failed", "well"}).out, "nothing failed\n");
  EXPECT_EQ(json::parse(run({"status", "--failed", "--json"}).out)["tasks"].size(), 1U);
  const Finished other = run({"status", "bad", "nosuch"});
  EXPECT_EQ(other.status, 66);
  EXPECT_NE(other.err.find("no task matches 'nosuch'"), std::string::npos) << other.err;
  EXPECT_EQ(run({"status", "--watch"}).status, 64);
}

TEST_F(StatusAndRead, ATaskWithoutARunnerIsResumedByItsId) {
  const std::string gate = work() + "/gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  Program program(thermos({"run", "--task-id", "left", file("t.json", R"({"processes": [
      {"name": "p", "cmdline": "cat gate"}]})")}));
  ASSERT_TRUE(program.wait_for("RUNNING"));
  EXPECT_EQ(run({"status", "left"}).out.find("no runner"), std::string::npos);
  EXPECT_EQ(run({"resume", "left"}).status, 75);
  program.signal(SIGKILL);
  program.wait();
  const Finished lonely = run({"status", "left"});
  EXPECT_NE(lonely.out.find("no runner: `thermos resume left` goes on with it\n"),
            std::string::npos)
      << lonely.out;
  Invocation elsewhere = thermos({"resume", "left"});
  elsewhere.directory = "/";
  Program resumed(elsewhere);
  ASSERT_TRUE(resumed.wait_for("resumed by pid "));
  write_text(gate, "on\n");
  const Finished ended = resumed.wait();
  EXPECT_EQ(ended.status, 0) << ended.out << ended.err;
  EXPECT_EQ(read_text(root() + "/logs/left/p/0/stdout"), "on\n");
  EXPECT_EQ(status_of("left")["processes"]["p"].size(), 1U);
  const Finished again = run({"resume", "left"});
  EXPECT_EQ(again.status, 0);
  EXPECT_NE(again.out.find(" left SUCCESS in "), std::string::npos) << again.out;
  EXPECT_EQ(run({"resume", "nosuch"}).status, 66);
}

TEST_F(StatusAndRead, WatchShowsWhatChangesUntilCtrlC) {
  ASSERT_EQ(run_task("first", kRetry).status, 0);
  Terminal terminal(thermos({"status", "--watch"}), 80, 10);
  ASSERT_TRUE(terminal.wait_for("first"));
  ASSERT_EQ(run_task("second", kRetry).status, 0);
  ASSERT_TRUE(terminal.wait_for("second"));
  terminal.type("\x03");
  EXPECT_EQ(terminal.wait(), -SIGINT);
}

TEST_F(StatusAndRead, WatchShowsAReasonWhole) {
  ASSERT_EQ(run_task("bad", kRetry).status, 0);
  write_text(stream("bad", "runner"), "these are no records of any kind");
  Terminal terminal(thermos({"status", "--watch"}), 80, 10);
  EXPECT_TRUE(terminal.wait_for("the file is left as it is")) << terminal.written();
  terminal.type("\x03");
  EXPECT_EQ(terminal.wait(), -SIGINT);
}

TEST_F(StatusAndRead, ReadPrintsARunnersStreamInThreeForms) {
  ASSERT_EQ(run_task("r", kRetry).status, 0);
  json from_read = json::parse(run({"read", "--json", stream("r", "runner")}).out);
  EXPECT_EQ(from_read, status_of("r"));
  const Finished text = run({"read", stream("r", "runner")});
  EXPECT_NE(text.out.find(" process p run=0 seq=3 FAILED return_code=7 cpu_user="),
            std::string::npos)
      << text.out;
  const Finished simple = run({"read", "--simple", stream("r", "runner")});
  EXPECT_TRUE(
      simple.out.starts_with("- ACTIVE\n0 WAITING p 0\n1 FORKED p 0\n2 RUNNING p 0\n"
                             "3 FAILED p 0\n4 WAITING p 1\n"))
      << simple.out;
  EXPECT_TRUE(simple.out.ends_with("- SUCCESS\n")) << simple.out;
}

TEST_F(StatusAndRead, ReadPrintsACoordinatorsStream) {
  ASSERT_EQ(run_task("r", kRetry).status, 0);
  const json records = json::parse(run({"read", "--json", stream("r", "coordinator.p")}).out);
  ASSERT_EQ(records.size(), 6U);
  EXPECT_EQ(records[0]["state"], "FORKED");
  EXPECT_EQ(records[2]["return_code"], 7);
  EXPECT_EQ(records[5]["seq"], 7);
  EXPECT_EQ(records[5]["run"], 1);
  EXPECT_EQ(records[5]["process"], "p");
}

TEST_F(StatusAndRead, ATornEndIsSaidAndTheRestPrinted) {
  ASSERT_EQ(run_task("r", kRetry).status, 0);
  const std::string bytes = read_text(stream("r", "runner"));
  const std::string torn = file("torn", bytes.substr(0, bytes.size() - 5));
  const Finished text = run({"read", torn});
  EXPECT_EQ(text.status, 0);
  EXPECT_NE(text.err.find("ends inside a record"), std::string::npos) << text.err;
  const Finished as_json = run({"read", "--json", torn});
  EXPECT_EQ(as_json.status, 0);
  EXPECT_NE(json::parse(as_json.out)["state"], "SUCCESS");
  EXPECT_EQ(run({"read", work()}).status, 65);
  EXPECT_EQ(run({"read", file("junk", "this is no checkpoint, and long enough")}).status, 65);
}

TEST_F(StatusAndRead, WhoHasNotStartedIsNamedWhereAllIsAskedFor) {
  ASSERT_EQ(run_task("t", R"({"processes": [{"name": "a", "cmdline": "false"},
      {"name": "b", "cmdline": ":"}, {"name": "c", "cmdline": ":"}],
      "constraints": [{"order": ["a", "b", "c"]}]})")
                .status,
            1);
  EXPECT_NE(run({"status", "--all", "t"}).out.find("\n  not started: b, c\n"), std::string::npos);
  EXPECT_EQ(run({"status", "t"}).out.find("not started:"), std::string::npos);
  EXPECT_EQ(run({"status", "--all", "--failed", "t"}).out.find("not started:"), std::string::npos);
}

// Where many tasks are only listed, those in which something failed show what it was.
TEST_F(StatusAndRead, FailedShowsWhatFailedOfMoreTasks) {
  constexpr std::string_view kOneFails = R"({"max_failures": 0, "processes": [
      {"name": "good", "cmdline": "true"},
      {"name": "bad", "cmdline": "echo wrong >&2; exit 3"}]})";
  for (int i = 0; i < 6; ++i) run_task("t" + std::to_string(i), kOneFails);
  EXPECT_EQ(run({"status"}).out.find("wrong"), std::string::npos);
  const std::string failed = run({"status", "--failed"}).out;
  std::size_t count = 0;
  for (std::size_t at = 0; (at = failed.find("      wrong\n", at)) != std::string::npos; ++at)
    ++count;
  EXPECT_EQ(count, 6U) << failed;
  EXPECT_EQ(failed.find("good"), std::string::npos) << failed;
}

}  // namespace
}  // namespace thermos::testing
