// `thermos metrics` from outside.
#include <algorithm>
#include <csignal>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "thermos_fixture.h"
#include "waiting.h"

namespace thermos::testing {
namespace {

class Metrics : public ThermosTest {
 protected:
  std::string metrics(const Words& more = {}) const {
    Words words = {"metrics"};
    words.insert(words.end(), more.begin(), more.end());
    const Finished done = run(words);
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(done.err, "");
    expect_sound(done.out);
    return done.out;
  }
  // The rules of the text formats that are common to both, and the conventions for names.
  static void expect_sound(const std::string& text) {
    EXPECT_TRUE(text.ends_with("\n# EOF\n"));
    const std::regex sample(
        "([a-z_]+)(\\{[a-z_]+=\"(?:[^\"\\\\]|\\\\.)*\"(?:,[a-z_]+=\"(?:[^\"\\\\]|\\\\.)*\")*\\})? "
        "[0-9]+(?:\\.[0-9]+)?");
    std::string family;
    std::string type;
    std::set<std::string> families;
    std::set<std::string> samples;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line == "# EOF") {
        EXPECT_FALSE(std::getline(lines, line));
        return;
      }
      std::istringstream words(line);
      std::string hash;
      std::string what;
      std::string name;
      if (line.starts_with("# ")) {
        words >> hash >> what >> name;
        if (what == "HELP") {
          EXPECT_TRUE(families.insert(name).second) << "twice: " << name;
          family = name;
          EXPECT_GT(line.size(), name.size() + 8) << line;
        }
        EXPECT_EQ(name, family);
        if (what == "TYPE") words >> type;
        if (what == "UNIT") {
          EXPECT_TRUE(line.ends_with("seconds") || line.ends_with("bytes"));
        }
        continue;
      }
      std::smatch parts;
      ASSERT_TRUE(std::regex_match(line, parts, sample)) << line;
      EXPECT_TRUE(samples.insert(parts[1].str() + parts[2].str()).second) << "twice: " << line;
      const std::string of = parts[1].str();
      if (type == "histogram") {
        EXPECT_TRUE(of == family + "_bucket" || of == family + "_sum" || of == family + "_count");
      } else {
        EXPECT_EQ(of,
                  type == "counter" && !family.ends_with("_total") ? family + "_total" : family);
        EXPECT_EQ(type == "counter", of.ends_with("_total")) << line;
      }
    }
    ADD_FAILURE() << "no end";
  }
  static bool has(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
  }
};

TEST_F(Metrics, OfARootWithEveryProgramDead) {
  EXPECT_TRUE(has(metrics(), "thermos_tasks{state=\"success\"} 0"));
  ASSERT_EQ(run_task("t-1", R"({"name": "nightly", "processes": [
      {"name": "a", "cmdline": ":"}, {"name": "b", "cmdline": "exit 3"}], "max_failures": 2})")
                .status,
            0);
  ASSERT_EQ(run_task("t-2", R"({"name": "nightly", "processes": [
      {"name": "a", "cmdline": "kill -9 $$", "max_kills": 1}]})")
                .status,
            1);
  Program runner(thermos({"run", "--task-id", "t-3", file("t.json", R"({"processes": [
      {"name": "a", "cmdline": "touch begun; sleep 600"}, {"name": "b", "cmdline": ":"}],
      "constraints": [{"order": ["a", "b"]}]})")}));
  ASSERT_TRUE(real::wait_until(work(), [this] { return real::exists(work() + "/begun"); }));
  // On record, too.
  ASSERT_TRUE(runner.wait_for("RUNNING"));
  runner.signal(SIGKILL);
  runner.wait();
  const std::string text = metrics();
  EXPECT_TRUE(has(text, "thermos_tasks{state=\"active\"} 1")) << text;
  EXPECT_TRUE(has(text, "thermos_tasks{state=\"success\"} 1")) << text;
  EXPECT_TRUE(has(text, "thermos_task_ends_total{state=\"failed\"} 1")) << text;
  EXPECT_TRUE(has(text, "thermos_processes{state=\"waiting\"} 1")) << text;
  EXPECT_TRUE(has(text, "thermos_runs_total{result=\"success\",origin=\"recorded\"} 1")) << text;
  EXPECT_TRUE(has(text, "thermos_runs_total{result=\"killed\",origin=\"recorded\"} 1")) << text;
  EXPECT_TRUE(has(text, "thermos_run_duration_seconds_count 3")) << text;
  EXPECT_NE(text.find("thermos_last_success_timestamp_seconds{task=\"nightly\"} "),
            std::string::npos);
  EXPECT_NE(text.find("thermos_task_duration_seconds{task=\"nightly\"} "), std::string::npos);
  for (const char* id : {"t-1", "t-2", "t-3"}) EXPECT_EQ(text.find(id), std::string::npos);
  // A task that can't be read does not hide the others.
  write_text(root() + "/checkpoints/t-1/runner", "this is no stream, but a text");
  EXPECT_TRUE(has(metrics(), "thermos_tasks{state=\"unreadable\"} 1"));
  EXPECT_EQ(run({"kill", "--wait", "0", "t-3"}).status, 0);
}

TEST_F(Metrics, ByTheLetterOfOpenMetrics) {
  const std::string text = metrics({"--openmetrics"});
  EXPECT_NE(text.find("# TYPE thermos_runs counter\n"), std::string::npos);
  EXPECT_EQ(text.find("# TYPE thermos_runs_total"), std::string::npos);
  EXPECT_TRUE(has(text, "thermos_runs_total{result=\"success\",origin=\"recorded\"} 0"));
}

TEST_F(Metrics, OfTheDaemonOfThatRoot) {
  const std::string socket = scratch_ / "socket";
  Program daemon(
      {{built("thermos-reactor"), "--root", root(), "--socket", socket}, {}, work(), {}});
  ASSERT_TRUE(real::wait_until(scratch_.path(), [&] { return real::exists(socket); }));
  const std::string text = metrics({"--socket", socket});
  EXPECT_TRUE(has(text, "thermos_connections 1")) << text;
  EXPECT_NE(text.find("# TYPE process_cpu_seconds_total counter\n"), std::string::npos);
  EXPECT_NE(text.find("thermos_turn_seconds_count "), std::string::npos);
  daemon.signal(SIGTERM);
  daemon.wait();
  const Finished gone = run({"metrics", "--socket", socket});
  EXPECT_EQ(gone.status, 69) << gone.err;
  EXPECT_EQ(std::count(gone.err.begin(), gone.err.end(), '\n'), 1) << gone.err;
  EXPECT_EQ(metrics().find("thermos_turn_seconds"), std::string::npos);
}

TEST_F(Metrics, AFileIsReplacedAtOnce) {
  const std::string file = work() + "/thermos.prom";
  write_text(file, "before");
  EXPECT_EQ(run({"metrics", "-o", "thermos.prom"}).status, 0);
  expect_sound(read_text(file));
  EXPECT_EQ(tree_of(work()), (Words{"thermos.prom"}));
  const Finished nowhere = run({"metrics", "-o", "no/thermos.prom"});
  EXPECT_EQ(nowhere.status, 66) << nowhere.err;
  const Finished more = run({"metrics", "t"});
  EXPECT_EQ(more.status, 64);
  EXPECT_EQ(more.err, "thermos: metrics: unexpected argument 't'\n");
}

}  // namespace
}  // namespace thermos::testing
