// `thermos observe` from outside, with real tasks.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "observing.h"
#include "task_run.h"
#include "waiting.h"

namespace thermos::observe {
namespace {

using real::process;
using real::task;

// The numbers of one event stream, and what the events say.
struct Event {
  std::string kind;
  std::string id;
  real::Json data;
};

std::vector<Event> events_in(const std::string& text) {
  std::vector<Event> events;
  std::size_t from = 0;
  for (std::size_t end = 0; (end = text.find("\n\n", from)) != std::string::npos; from = end + 2) {
    Event event;
    std::string data;
    std::size_t at = from;
    while (at < end) {
      const std::size_t line_end = std::min(text.find('\n', at), end);
      const std::string line = text.substr(at, line_end - at);
      if (line.starts_with("event: ")) event.kind = line.substr(7);
      if (line.starts_with("id: ")) event.id = line.substr(4);
      if (line.starts_with("data: ")) data += line.substr(6);
      at = line_end + 1;
    }
    event.data = real::Json::parse(data, nullptr, false);
    EXPECT_FALSE(event.data.is_discarded()) << data;
    events.push_back(event);
  }
  return events;
}

// The events up to the one that has `text` in it.
std::vector<Event> told_until(Connection& stream, const std::string& text) {
  const std::string& all = stream.read_until(text, "\n\n");
  const std::size_t at = all.find(text);
  if (at == std::string::npos) return {};
  return events_in(all.substr(0, all.find("\n\n", at) + 2));
}

// The states of a process, in the order in which events told them.
std::string states_told(const std::vector<Event>& events, const std::string& name) {
  std::string states;
  for (const Event& event : events) {
    if (event.kind != "task") continue;
    for (const real::Json& record : event.data.at("records")) {
      if (record.value("process", "") != name || record["kind"] != "process") continue;
      states += (states.empty() ? "" : " ") + record.at("state").get<std::string>();
    }
  }
  return states;
}

class Observer : public ::testing::Test {
 protected:
  // Of the process p, which has printed "one" first.
  static Connection follow_from_one(const Observing& observing) {
    Connection reader = observing.connect();
    reader.ask("/api/tasks/t/processes/p/runs/0/stdout?follow");
    EXPECT_EQ(reader.head().status, 200);
    EXPECT_EQ(reader.read_until("one\n"), "one\n");
    return reader;
  }
  static void damage(const std::string& stream) {
    std::fstream file(stream, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(stream) / 2));
    file.put('\x5a');
    file.put('\x5b');
  }
  real::Site site;
};

TEST_F(Observer, ListensAtASocketOfItsOwnAndRemovesIt) {
  Observing observing(site);
  EXPECT_EQ(observing.url(), "unix:" + observing.socket());
  struct stat info {};
  ASSERT_EQ(::stat(observing.socket().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  const real::Json tasks = observing.json("/api/tasks");
  EXPECT_TRUE(tasks.at("tasks").empty());
  // Another one does not take its place.
  const real::Ended second = site.thermos({"observe", "--listen", "unix:" + observing.socket()});
  EXPECT_EQ(second.code, 75) << second.err;
  // Whoever listens is let go.
  Connection stream = observing.connect();
  stream.ask("/events");
  EXPECT_EQ(stream.head().status, 200);
  stream.read_until("\n\n");
  observing.program().signal(SIGTERM);
  const real::Ended ended = observing.program().wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  EXPECT_TRUE(stream.closes());
  EXPECT_FALSE(real::exists(observing.socket()));
}

TEST_F(Observer, TakesThePlaceOfADeadOneAndOfNothingElse) {
  {
    Observing killed(site);
    killed.program().destroy();
    ASSERT_TRUE(real::exists(killed.socket()));
    Observing next(site);
    EXPECT_EQ(next.get("/api/tasks").status, 200);
  }
  const std::string file = site.path() + "/file";
  std::ofstream(file) << "kept";
  EXPECT_EQ(site.thermos({"observe", "--listen", "unix:" + file}).code, 64);
  EXPECT_EQ(real::read_file(file), "kept");
}

TEST_F(Observer, ListensAtNoOtherHost) {
  for (const char* listen : {"0.0.0.0:0", "127.0.0.2:0", ":0", "8000", "localhost:0", "[::]:0",
                             "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:-1", "unix:"}) {
    const real::Ended ended = site.thermos({"observe", "--listen", listen});
    EXPECT_EQ(ended.code, 64) << listen;
    EXPECT_NE(ended.err.find("unix:PATH or 127.0.0.1:PORT"), std::string::npos) << ended.err;
  }
}

TEST_F(Observer, SaysOfATaskWhatStatusAndWhySay) {
  site.run(task({process("good", "echo out; echo err >&2"), process("bad", "echo no >&2; exit 3"),
                 process("never", "true")},
                {{"bad", "never"}}, {{"max_failures", 0}}),
           "t");
  Observing observing(site);
  real::Json told = observing.json("/api/tasks/t");
  ASSERT_TRUE(told.contains("position"));
  told.erase("position");
  EXPECT_EQ(told, site.status("t"));

  const real::Json row = observing.json("/api/tasks").at("tasks").at(0);
  EXPECT_EQ(row["task_id"], "t");
  EXPECT_EQ(row["state"], told["state"]);
  EXPECT_EQ(row["header"], told["header"]);
  EXPECT_EQ(row["shelf"], "finished");
  EXPECT_EQ(row["first_failed"], "bad");
  EXPECT_EQ(row["progress"]["processes"], 3);
  EXPECT_EQ(row["progress"]["not_started"], 1);
  EXPECT_EQ(row["progress"]["SUCCESS"], 1);
  EXPECT_EQ(row["progress"]["FAILED"], 1);

  const std::string at = std::to_string(row["end_time"].get<double>() + 0.001);
  const real::Ended why = site.thermos({"why", "--json", "--at", at, "t", "never"});
  ASSERT_EQ(why.code, 0) << why.err;
  EXPECT_EQ(observing.json("/api/tasks/t/why?process=never&at=" + at), real::Json::parse(why.out));
  const real::Ended of_task = site.thermos({"why", "--json", "--at", at, "t"});
  EXPECT_EQ(observing.json("/api/tasks/t/why?at=" + at), real::Json::parse(of_task.out));

  const real::Ended then = site.thermos({"status", "--json", "--at", at, "t"});
  EXPECT_EQ(observing.json("/api/tasks/t?at=" + at), real::Json::parse(then.out).at("tasks").at(0));
  EXPECT_EQ(observing.get("/api/tasks/t?at=1").status, 404);
  EXPECT_EQ(observing.get("/api/tasks/t?at=noon").status, 400);
  EXPECT_EQ(observing.get("/api/tasks/t/why?process=nobody").status, 404);
  EXPECT_EQ(observing.get("/api/tasks/other").status, 404);
}

TEST_F(Observer, DrawsTheGraph) {
  site.run(task({process("first", "true"), process("a", "true"), process("b", "true"),
                 process("last", "true"), process("clean", "true", {{"final", true}})},
                {{"first", "a", "last"}, {"first", "b", "last"}}),
           "t");
  Observing observing(site);
  const real::Json graph = observing.json("/api/tasks/t/graph");
  EXPECT_EQ(graph["layers"], 4);
  ASSERT_EQ(graph["nodes"].size(), 4U);
  EXPECT_EQ(graph["nodes"][0]["processes"], real::Json::parse(R"(["first"])"));
  EXPECT_EQ(graph["nodes"][1]["processes"], real::Json::parse(R"(["a", "b"])"));
  EXPECT_EQ(graph["nodes"][3]["final"], true);
  EXPECT_EQ(graph["edges"], real::Json::parse(R"([{"from": 0, "to": 1}, {"from": 1, "to": 2}])"));
}

TEST_F(Observer, TellsWhatIsSetOfAProcess) {
  site.run(task({process("a b", "true", {{"env", {{"A", "{{&x}}"}}}, {"timeout", "2m"}}),
                 process("c", "true", {{"needs", {"a b"}}})},
                {}, {{"env", {{"T", "1"}}}, {"max_concurrency", 2}}),
           "t");
  Observing observing(site);
  real::Json told = observing.json("/api/tasks/t/processes/a%20b");
  EXPECT_EQ(told["task_id"], "t");
  EXPECT_EQ(told["process"], "a b");
  EXPECT_EQ(told["config"], real::Json::parse(R"({"name": "a b", "cmdline": "true", "timeout": 120,
                                            "env": {"A": "{{&x}}"}})"));
  told["task"].erase("name");
  EXPECT_EQ(told["task"], real::Json::parse(R"({"env": {"T": "1"}, "max_concurrency": 2})"));
  EXPECT_EQ(observing.json("/api/tasks/t/processes/c")["config"]["needs"]["a b"], "success");
  EXPECT_EQ(observing.get("/api/tasks/t/processes/d").status, 404);
  // A configuration of its own as any other.
  std::ofstream(site.root() + "/tasks/finished/t") << "{";
  EXPECT_EQ(observing.get("/api/tasks/t/processes/c").status, 500);
}

TEST_F(Observer, TellsHowLongATaskTakesYet) {
  const std::string gate = site.path() + "/gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  const real::Json config =
      task({process("p", "read -r word <" + gate), process("q", "true")}, {{"p", "q"}});
  const std::string path = site.write_config(config);
  const auto open_gate = [&] { std::ofstream(gate) << "go\n"; };
  real::Command first = site.start_run(path, "first");
  ASSERT_TRUE(site.reaches("ACTIVE", "first"));
  open_gate();
  EXPECT_EQ(first.wait().code, 0);
  real::Command second = site.start_run(path, "second");
  ASSERT_NE(site.run_in_state("p", "RUNNING", "second"), real::Json());
  Observing observing(site);
  const real::Json told = observing.json("/api/tasks/second");
  ASSERT_TRUE(told.contains("time_left"));
  EXPECT_GE(told["time_left"], 0.0);
  EXPECT_FALSE(observing.json("/api/tasks/first").contains("time_left"));
  open_gate();
  EXPECT_EQ(second.wait().code, 0);
}

TEST_F(Observer, FiltersTasks) {
  site.run(task({process("p", "true")}), "good");
  site.run(task({process("p", "exit 1")}), "bad");
  Observing observing(site);
  const auto ids = [&](const std::string& query) {
    std::string text;
    const real::Json told = observing.json("/api/tasks" + query);
    for (const real::Json& row : told.at("tasks")) {
      text += row.at("task_id").get<std::string>() + " ";
    }
    return text;
  };
  EXPECT_EQ(ids(""), "bad good ");  // the latest first
  EXPECT_EQ(ids("?only=failed"), "bad ");
  EXPECT_EQ(ids("?only=active"), "");
  EXPECT_EQ(ids("?limit=1"), "bad ");
  EXPECT_EQ(ids("?limit=0"), "");
  EXPECT_EQ(ids("?only=finished&limit=9"), "bad good ");
}

TEST_F(Observer, GivesOutputAsTextAndItsParts) {
  site.run(task({process("p q", "printf 0123456789; echo '<script>' >&2")}), "t");
  Observing observing(site);
  const std::string path = "/api/tasks/t/processes/p%20q/runs/0/";
  const Response whole = observing.get(path + "stdout");
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, "0123456789");
  EXPECT_EQ(whole.headers.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(whole.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(whole.headers.at("accept-ranges"), "bytes");
  EXPECT_EQ(observing.get(path + "stderr").body, "<script>\n");

  const Response part = observing.get(path + "stdout", {{"Range", "bytes=-3"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "789");
  EXPECT_EQ(part.headers.at("content-range"), "bytes 7-9/10");
  const Response none = observing.get(path + "stdout", {{"Range", "bytes=10-"}});
  EXPECT_EQ(none.status, 416);
  EXPECT_EQ(none.headers.at("content-range"), "bytes */10");
  const Response head = observing.get(path + "stdout", {}, "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "10");

  EXPECT_EQ(observing.get("/api/tasks/t/processes/p%20q/runs/1/stdout").status, 404);
  EXPECT_EQ(observing.get("/api/tasks/t/processes/r/runs/0/stdout").status, 404);
  EXPECT_EQ(observing.get(path + "stdout?follow").body, "0123456789");
}

TEST_F(Observer, FollowsOutputToItsEnd) {
  // Two: who opens one again may meet the writer that it has read from.
  const std::string first = site.path() + "/first";
  const std::string second_gate = site.path() + "/second";
  for (const std::string& gate : {first, second_gate}) {
    ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  }
  real::Command run = site.start_run(
      site.write_config(task({process("p", "echo one; read x <" + first + "; echo two; read x <" +
                                               second_gate + "; printf three")})));
  ASSERT_FALSE(site.run_in_state("p", "RUNNING").is_null());
  Observing observing(site);
  Connection reader = follow_from_one(observing);
  std::ofstream(first) << "\n";
  EXPECT_EQ(reader.read_until("two\n"), "one\ntwo\n");
  // Another one that joins later, behind the first line.
  Connection second = observing.connect();
  second.ask("/api/tasks/t/processes/p/runs/0/stdout?follow&from=4");
  EXPECT_EQ(second.head().status, 200);
  EXPECT_EQ(second.read_until("two\n"), "two\n");
  std::ofstream(second_gate) << "\n";
  EXPECT_EQ(reader.read_all(), "one\ntwo\nthree");
  EXPECT_EQ(second.read_all(), "two\nthree");
  EXPECT_EQ(run.wait().code, 0);
}

TEST_F(Observer, FollowsOutputWhoseRecordCannotBeRead) {
  const std::string gate = site.path() + "/gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  // What it reads opens the pipe anew for each line.
  real::Command run = site.start_run(
      site.write_config(task({process("p", "echo one; read x <" + gate + "; echo $x; exec 3<>" +
                                               gate + "; read x <&3; echo $x")})));
  ASSERT_FALSE(site.run_in_state("p", "RUNNING").is_null());
  Observing observing(site);
  Connection reader = follow_from_one(observing);
  Connection stream = observing.connect();
  stream.ask("/events");
  stream.read_until("\n\n");
  run.destroy();
  const std::string record = site.checkpoint("t") + "/runner";
  std::filesystem::copy(record, record + ".damaged");
  damage(record + ".damaged");
  std::filesystem::rename(record + ".damaged", record);
  stream.read_until("\"error\":", "\n\n");
  std::ofstream(gate) << "two\n";
  EXPECT_EQ(reader.read_until("two\n"), "one\ntwo\n");
  std::ofstream(gate) << "three\n";
  EXPECT_EQ(reader.read_until("three\n"), "one\ntwo\nthree\n");
}

TEST_F(Observer, TellsEachChangeOnce) {
  Observing observing(site);
  Connection stream = observing.connect();
  stream.ask("/events");
  const Response head = stream.head();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-type"), "text/event-stream");
  stream.read_until("\n\n");
  // The root does not exist yet.
  site.run(task({process("p", "true"), process("q", "exit 1")}, {{"p", "q"}}), "t");
  const auto told = told_until(stream, "\"shelf\":\"finished\",\"state\":\"FAILED\"");
  ASSERT_GE(told.size(), 2U);
  EXPECT_EQ(told.front().kind, "hello");
  EXPECT_EQ(states_told(told, "p"), "WAITING FORKED RUNNING SUCCESS");
  EXPECT_EQ(states_told(told, "q"), "WAITING FORKED RUNNING FAILED");

  // Who comes back is told what it missed, and nothing twice.
  const auto& middle = told[told.size() / 2];
  Connection again = observing.connect();
  again.ask("/events", {{"Last-Event-ID", middle.id}});
  EXPECT_EQ(again.head().status, 200);
  const auto rest = told_until(again, "\"shelf\":\"finished\",\"state\":\"FAILED\"");
  ASSERT_EQ(rest.size(), told.size() - told.size() / 2);
  EXPECT_EQ(rest.front().kind, "hello");
  for (std::size_t i = 1; i < rest.size(); ++i) {
    EXPECT_EQ(rest[i].id, told[told.size() / 2 + i].id);
    EXPECT_EQ(rest[i].data, told[told.size() / 2 + i].data);
  }
  // The list is as the last event said.
  const real::Json tasks = observing.json("/api/tasks");
  EXPECT_EQ(tasks["position"], told.back().id);
  EXPECT_EQ(tasks["tasks"][0], told.back().data["task"]);

  // A position of another program's tells nothing.
  Connection lost = observing.connect();
  lost.ask("/events?since=0123456789ab-1");
  EXPECT_EQ(lost.head().status, 200);
  EXPECT_EQ(events_in(lost.read_until("\n\n")).front().kind, "reset");

  std::filesystem::remove(site.root() + "/tasks/finished/t");
  const auto removed = events_in(stream.read_until("event: removed", "\n\n"));
  EXPECT_EQ(removed.back().kind, "removed");
  EXPECT_EQ(removed.back().data["task_id"], "t");
  EXPECT_TRUE(observing.json("/api/tasks").at("tasks").empty());
}

TEST_F(Observer, ATaskOfTheSameIdHasAPastOfItsOwn) {
  site.run(task({process("before", "true")}), "t");
  Observing observing(site);
  EXPECT_TRUE(observing.json("/api/tasks/t").at("processes").contains("before"));
  Connection stream = observing.connect();
  stream.ask("/events");
  std::filesystem::remove(site.root() + "/tasks/finished/t");
  std::filesystem::remove_all(site.checkpoint("t"));
  stream.read_until("event: removed", "\n\n");
  site.run(task({process("after", "true")}), "t");
  stream.read_until("\"shelf\":\"finished\",\"state\":\"SUCCESS\"", "\n\n");
  const real::Json processes = observing.json("/api/tasks/t").at("processes");
  EXPECT_TRUE(processes.contains("after")) << processes;
  EXPECT_FALSE(processes.contains("before")) << processes;
}

TEST_F(Observer, FollowsATaskThatWasThereBefore) {
  ASSERT_EQ(::mkfifo((site.path() + "/go").c_str(), 0600), 0);
  real::Command run =
      site.start_run(site.write_config(task({process("p", "read x <" + site.path() + "/go")})));
  ASSERT_FALSE(site.run_in_state("p", "RUNNING").is_null());
  Observing observing(site);
  Connection stream = observing.connect();
  stream.ask("/events");
  EXPECT_EQ(stream.head().status, 200);
  stream.read_until("\n\n");
  EXPECT_EQ(observing.json("/api/tasks").at("tasks").at(0).at("progress").at("RUNNING"), 1);
  std::ofstream(site.path() + "/go") << "\n";
  const auto told = told_until(stream, "\"shelf\":\"finished\",\"state\":\"SUCCESS\"");
  EXPECT_EQ(states_told(told, "p"), "SUCCESS");
  EXPECT_EQ(run.wait().code, 0);
}

TEST_F(Observer, ShowsFilesAndFollowsNoLink) {
  site.run(task({process("p",
                         "mkdir -p d; printf data >d/f; ln -s /etc/passwd link; ln -s d dl; "
                         "mkfifo fifo; printf x >'a <b>&?#%'")}),
           "t");
  Observing observing(site);
  const real::Json listing = observing.json("/api/tasks/t/files");
  EXPECT_EQ(listing["path"], "");
  const auto kind_of = [&](const std::string& name) {
    for (const real::Json& entry : listing["entries"]) {
      if (entry["name"] == name) return entry["kind"].get<std::string>();
    }
    return std::string("none");
  };
  EXPECT_EQ(kind_of("d"), "directory");
  EXPECT_EQ(kind_of("link"), "link");
  EXPECT_EQ(kind_of("fifo"), "fifo");
  const real::Json below = observing.json("/api/tasks/t/files/d/");
  EXPECT_EQ(below["path"], "d");
  EXPECT_EQ(below["entries"][0]["size"], 4);

  const Response file = observing.get("/api/tasks/t/files/d/f", {{"Range", "bytes=1-2"}});
  EXPECT_EQ(file.status, 206);
  EXPECT_EQ(file.body, "at");
  EXPECT_EQ(file.headers.at("content-type"), "application/octet-stream");
  EXPECT_EQ(file.headers.at("content-disposition"), "attachment");
  for (const real::Json& entry : listing["entries"]) {
    if (entry["name"] != "a <b>&?#%") continue;
    const std::string href = entry["href"].get<std::string>();
    EXPECT_EQ(observing.get("/api/tasks/t/files/" + href).body, "x");
  }

  for (const char* path : {"link", "dl", "dl/f", "fifo", "d/f/x"}) {
    const int status = observing.get(std::string("/api/tasks/t/files/") + path).status;
    EXPECT_TRUE(status == 403 || status == 404) << path << ": " << status;
  }
  EXPECT_EQ(observing.get("/api/tasks/t/files/link").status, 403);
  EXPECT_EQ(observing.get("/api/tasks/t/files/dl/f").status, 403);
  EXPECT_EQ(observing.get("/api/tasks/t/files/none").status, 404);
  for (const char* path : {"..", "../x", "%2e%2e/x", "d/../../x", "a%2fb"}) {
    EXPECT_EQ(observing.get(std::string("/api/tasks/t/files/") + path).status, 400) << path;
  }
}

TEST_F(Observer, ShowsADamagedTaskAsFsckDoes) {
  site.run(task({process("p", "true")}), "good");
  site.run(task({process("p", "true")}), "damaged");
  damage(site.checkpoint("damaged") + "/runner");
  const real::Ended fsck = site.thermos({"fsck", "--json", "damaged"});
  const real::Json finding = real::Json::parse(fsck.out).at("findings").at(0);
  Observing observing(site);
  const real::Json rows = observing.json("/api/tasks").at("tasks");
  ASSERT_EQ(rows.size(), 2U);
  for (const real::Json& row : rows) {
    EXPECT_EQ(row.contains("error"), row["task_id"] == "damaged") << row;
    if (!row.contains("error")) continue;
    EXPECT_NE(row["error"].get<std::string>().find(finding["what"].get<std::string>()),
              std::string::npos)
        << row;
  }
  const real::Json damaged = observing.json("/api/tasks/damaged");
  EXPECT_EQ(damaged["findings"][0]["what"], finding["what"]);
  EXPECT_EQ(damaged["findings"][0]["offset"], finding["offset"]);
  EXPECT_EQ(observing.json("/api/tasks/good").at("state"), "SUCCESS");
  EXPECT_EQ(observing.get("/api/tasks/damaged/why").status, 500);
}

TEST_F(Observer, GivesTheMetricsOfTheRoot) {
  site.run(task({process("p", "true")}), "t");
  Observing observing(site);
  const Response metrics = observing.get("/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_NE(metrics.body.find("thermos_tasks{state=\"success\"} 1\n"), std::string::npos)
      << metrics.body;
  EXPECT_TRUE(metrics.body.ends_with("# EOF\n"));
}

TEST_F(Observer, HasThePageInItself) {
  Observing observing(site);
  const Response root = observing.get("/");
  EXPECT_EQ(root.status, 200);
  EXPECT_EQ(root.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(root.body, observing.get("/page/index.html").body);
  // What the policy forbids would only be missing, without a word.
  for (const char* inline_part :
       {"<script>", "<style", "style=\"", "onclick=", "http:", "https:"}) {
    EXPECT_EQ(root.body.find(inline_part), std::string::npos) << inline_part;
  }
  // Each file that one of them names is there, from the first on.
  std::set<std::string> known{"/page/index.html"};
  std::vector<std::string> wanted{"/page/index.html"};
  std::size_t packed = 0;
  while (!wanted.empty()) {
    const std::string file = wanted.back();
    wanted.pop_back();
    const Response plain = observing.get(file);
    ASSERT_EQ(plain.status, 200) << file;
    const Response small = observing.get(file, {{"Accept-Encoding", "br, gzip"}});
    EXPECT_EQ(small.headers.at("content-encoding"), "gzip") << file;
    packed += small.body.size();
    const std::regex name("\"(?:/page|\\.)/([a-z_]+\\.[a-z]+)\"");
    for (std::sregex_iterator it(plain.body.begin(), plain.body.end(), name), end; it != end;
         ++it) {
      const std::string next = "/page/" + (*it)[1].str();
      if (known.insert(next).second) wanted.push_back(next);
    }
  }
  EXPECT_GT(known.size(), 10U);
  EXPECT_LT(packed, 80'000U);
  EXPECT_EQ(observing.get("/page/none.js").status, 404);
  EXPECT_EQ(observing.get("/page/../index.html").status, 404);
  EXPECT_EQ(observing.get("/none").status, 404);
}

TEST_F(Observer, SavesTasksAsOnePage) {
  const std::string hostile = "echo '</script><script>alert(1)</script>' >&2; exit 3";
  site.run(task({process("p", "echo out"), process("b q", hostile)}), "t");
  const std::string file = site.path() + "/page.html";
  EXPECT_EQ(site.thermos({"observe", "--static", file, "t"}).code, 0);
  const std::string page = real::read_file(file);
  const std::string before = "id=\"saved\">";
  const std::size_t begin = page.find(before) + before.size();
  const std::size_t end = page.find("</script>");
  ASSERT_LT(begin, end);
  const real::Json saved = real::Json::parse(page.substr(begin, end - begin));
  EXPECT_EQ(saved["answers"]["/api/tasks"]["tasks"].size(), 1U);
  EXPECT_EQ(saved["answers"]["/api/tasks/t"]["state"], "FAILED");
  EXPECT_EQ(saved["answers"]["/api/tasks/t/graph"]["layers"], 1);
  EXPECT_NE(saved["answers"]["/api/tasks/t/why?process=b%20q"]["answer"], real::Json());
  const real::Json& log = saved["logs"]["/api/tasks/t/processes/b%20q/runs/0/stderr"];
  EXPECT_EQ(log["text"], "</script><script>alert(1)</script>\n");
  EXPECT_EQ(log["size"], 35);
  // What a task says ends no script: there are the two of the page.
  std::size_t scripts = 0;
  for (std::size_t at = 0; (at = page.find("</script", at)) != std::string::npos; ++at) ++scripts;
  EXPECT_EQ(scripts, 2U);
  // The modules are one now: none may need another file, or a name that another has.
  std::set<std::string> names;
  const std::regex top("\n(import|export|(?:const|let|class|async function|function) ([A-Za-z]+))");
  for (std::sregex_iterator it(page.begin(), page.end(), top), none; it != none; ++it) {
    EXPECT_TRUE((*it)[2].matched) << (*it)[0];
    EXPECT_TRUE(names.insert((*it)[2].str()).second) << (*it)[2];
  }
  EXPECT_GT(names.size(), 50U);
}

TEST_F(Observer, SavesTheTasksThatAPatternMatches) {
  for (const char* id : {"night-1", "night-2", "day-1"}) site.run(task({process("p", "true")}), id);
  const real::Ended saved = site.thermos({"observe", "--static", "-", "night-.*"});
  EXPECT_EQ(saved.code, 0) << saved.err;
  for (const char* id : {"night-1", "night-2"}) {
    const std::string answer = "\"/api/tasks/" + std::string(id) + "/processes/p\":";
    EXPECT_NE(saved.out.find(answer), std::string::npos) << id;
  }
  EXPECT_EQ(saved.out.find("day-1"), std::string::npos);
}

TEST_F(Observer, SavesNoTaskThatIsNotThere) {
  site.run(task({process("p", "true")}), "t");
  const std::string file = site.path() + "/page.html";
  const real::Ended none = site.thermos({"observe", "--static", file, "t", "nosuch"});
  EXPECT_EQ(none.code, 66) << none.err;
  EXPECT_NE(none.err.find("no task matches 'nosuch'"), std::string::npos) << none.err;
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_EQ(site.thermos({"observe", "--static", file}).code, 64);
  EXPECT_EQ(site.thermos({"observe", "t"}).code, 64);
}

}  // namespace
}  // namespace thermos::observe
