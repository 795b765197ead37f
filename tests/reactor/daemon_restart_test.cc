// What holds over the daemon's own end: its tasks, its order of events, what was ordered.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

#include "capnp/codec.h"
#include "daemon_status.h"
#include "reactor/daemon/control_server.h"
#include "reactor/daemon/control_socket.h"
#include "reactor/daemon/daemon.h"
#include "reactor/daemon/event_feed.h"
#include "reactor/daemon/past_events.h"
#include "reactor/daemon/recent_events.h"
#include "reactor/host/reactor.h"
#include "waiting.h"

namespace thermos {
namespace {

class DaemonRestartTest : public DaemonStatusFixture {
 protected:
  // RUNNING is the shell's, and a trap that it sets comes a little later.
  void until_ready(const std::string& id) const {
    ASSERT_TRUE(real::wait_for_file(paths().default_sandbox(id) + "/ready"));
  }
  static std::string spin(int runs) {
    return one("test $(ls -d .logs/p/* | wc -l) -ge " + std::to_string(runs),
               R"(, "max_failures": 0, "min_duration": 0)");
  }
};

TEST_F(DaemonRestartTest, ASocketMayBeNamedWithoutADirectory) {
  socket_word_ = "socket";
  start();
  EXPECT_TRUE(std::filesystem::is_socket(socket_path()));
  EXPECT_FALSE(refused(control::AskVersion{}));
}

TEST_F(DaemonRestartTest, AFileIsNoSocketThatADeadDaemonLeft) {
  std::ofstream(path("file")) << "precious";
  const auto socket = listen_at(path("file"));
  ASSERT_FALSE(socket.ok());
  EXPECT_EQ(socket.error().code, ErrorCode::Usage);
  EXPECT_EQ(socket.error().message, path("file") + ": is there and is no socket");
  EXPECT_EQ(real::read_file(path("file")), "precious");
  EXPECT_TRUE(listen_at(path("socket")).ok());
  EXPECT_TRUE(listen_at(path("socket")).ok()) << "one that nobody listens at is replaced";
}

TEST_F(DaemonRestartTest, AtItsEndADaemonRemovesItsOwnSocketAlone) {
  auto reactor = Reactor::make();
  ASSERT_TRUE(reactor.ok()) << reactor.error().message;
  Daemon daemon(**reactor, paths(), Settings{});
  for (const bool replaced : {false, true}) {
    auto server = ControlServer::listen(**reactor, daemon, path("socket"));
    ASSERT_TRUE(server.ok()) << server.error().message;
    if (replaced) {
      std::ofstream(path("file")) << "precious";
      std::filesystem::rename(path("file"), path("socket"));
    }
    server->reset();
    EXPECT_EQ(std::filesystem::exists(path("socket")), replaced);
  }
}

// This test is the daemon's keeper.
TEST_F(DaemonRestartTest, ADrillFindsWhatRanWithTheNextDaemon) {
  start();
  submit("work", one("sleep 1000"));
  until_running("work");
  const pid_t drill = fork();
  if (drill == 0) {
    const int out = open(path("drill").c_str(), O_WRONLY | O_CREAT, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    const std::string socket = socket_path();
    execl(THERMOS_BIN "/thermos", "thermos", "drill", "--json", "--socket", socket.c_str(),
          static_cast<char*>(nullptr));
    _exit(127);
  }
  EXPECT_EQ(wait_for_daemon(), -SIGKILL);
  start();
  int status = -1;
  EXPECT_EQ(waitpid(drill, &status, 0), drill);
  const std::string said = real::read_file(path("drill"));
  EXPECT_EQ(status, 0) << said;
  const auto report = nlohmann::json::parse(said, nullptr, false);
  ASSERT_TRUE(report.is_object()) << said;
  EXPECT_EQ(report.at("pid"), daemon());
  EXPECT_EQ(report.at("adopted"), 1);
  EXPECT_EQ(report.at("lost"), nlohmann::json::array());
}

// One that waits for a writer would hold up all the others.
TEST_F(DaemonRestartTest, AFifoUnderATasksNameConcernsThatTaskAlone) {
  start();
  const std::vector<std::string> places{paths().active_task("bad0"), paths().runner_stream("bad1"),
                                        paths().coordinator_stream("bad2", "p")};
  for (std::size_t i = 0; i < places.size(); ++i) {
    submit("bad" + std::to_string(i), one("sleep 1000"));
    until_running("bad" + std::to_string(i));
  }
  submit("good", one("touch ready; until [ -e go ]; do sleep 0.02; done"));
  until_ready("good");
  kill_daemon();
  for (const std::string& place : places) {
    std::filesystem::rename(place, place + ".aside");
    ASSERT_EQ(mkfifo(place.c_str(), 0600), 0);
  }
  start();
  std::ofstream(paths().default_sandbox("good") + "/go").flush();
  EXPECT_EQ(state_at_end("good"), "SUCCESS");
  for (const std::string& place : places) EXPECT_NE(log().find(place), std::string::npos) << log();
  kill_daemon();
  for (const std::string& place : places) std::filesystem::rename(place + ".aside", place);
}

// The control groups of a service whose scope is there already, so that no systemd is needed.
class ServiceGroups {
 public:
  ServiceGroups() {
    std::ifstream mounts("/proc/self/mounts");
    for (std::string line; std::getline(mounts, line);) {
      std::istringstream fields(line);
      std::string source, point, type;
      fields >> source >> point >> type;
      if (type == "cgroup2") top_ = point;
    }
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
      if (line.starts_with("0::")) before_ = top_ + line.substr(3);
    }
    slice_ = top_ + "/thermos-test-" + std::to_string(getpid()) + ".slice";
    made_ = !top_.empty() && mkdir(slice_.c_str(), 0755) == 0 &&
            mkdir(service().c_str(), 0755) == 0 && mkdir(scope().c_str(), 0755) == 0 &&
            std::filesystem::exists(scope() + "/cgroup.kill") &&
            setxattr(service().c_str(), "trusted.delegate", "1", 1, 0) == 0;
  }
  ~ServiceGroups() {
    std::ofstream(scope() + "/cgroup.kill") << "1";
    if (!std::filesystem::exists(slice_)) return;
    // A group whose last process has ended tells so by a change of its cgroup.events.
    EXPECT_TRUE(real::wait_until(slice_, [this] {
      remove(slice_);
      return !std::filesystem::exists(slice_);
    }));
  }
  ServiceGroups(const ServiceGroups&) = delete;
  ServiceGroups& operator=(const ServiceGroups&) = delete;

  bool made() const { return made_; }
  // What is started from here on is in the service, until leave().
  void enter() const { std::ofstream(service() + "/cgroup.procs") << "0"; }
  void leave() const { std::ofstream(before_ + "/cgroup.procs") << "0"; }
  std::string scope() const { return slice_ + "/t-processes.scope"; }

 private:
  std::string service() const { return slice_ + "/t.service"; }
  static void remove(const std::string& group) {
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator(group, gone)) {
      if (entry.is_directory(gone)) remove(entry.path());
    }
    rmdir(group.c_str());
  }

  std::string top_;
  std::string before_;
  std::string slice_;
  bool made_ = false;
};

// What it does not see is not what is not there.
TEST_F(DaemonRestartTest, ADaemonThatCannotListItsTasksEndsNoneOfThem) {
  const ServiceGroups groups;
  if (!groups.made()) GTEST_SKIP() << "no control groups can be made here";
  const auto start_in_service = [&] {
    groups.enter();
    start();
    groups.leave();
  };
  start_in_service();
  submit("work", one("sleep 1000"));
  const History history = until_running("work");
  const pid_t process = last_run(history)->process.pid;
  ASSERT_TRUE(std::filesystem::exists(groups.scope() + "/tasks/work/p.0"));
  kill_daemon();
  const std::string aside = paths().active_dir() + ".aside";
  std::filesystem::rename(paths().active_dir(), aside);
  std::ofstream(paths().active_dir()).flush();
  start_in_service();
  EXPECT_TRUE(real::alive(process));
  EXPECT_NE(log().find(paths().active_dir()), std::string::npos) << log();
  std::filesystem::remove(paths().active_dir());
  std::filesystem::rename(aside, paths().active_dir());
  ASSERT_TRUE(until_logged("task work resumed"));
  EXPECT_TRUE(is_running(until_running("work"), 0));
  EXPECT_TRUE(real::alive(process));
  ask(control::AskDrain{0});
  EXPECT_EQ(wait_for_daemon(), 0) << log();
}

TEST_F(DaemonRestartTest, WhoComesBackMissesNothingAndSeesNothingTwice) {
  start();
  submit("work", spin(60));
  std::vector<std::uint64_t> seen;
  std::uint64_t since = 1;
  bool ended = false;
  for (int kills = 0; !ended;) {
    ControlClient client = connect();
    ASSERT_TRUE(client.send(control::Subscribe{{"work"}, since, true}).ok());
    for (int events = 0; !ended; ++events) {
      auto reply = client.receive(60 * kSecond);
      ASSERT_TRUE(reply.ok() && *reply) << log();
      const auto* event = std::get_if<control::Event>(&(*reply)->body);
      ASSERT_NE(event, nullptr);
      EXPECT_GT(event->position, since);
      since = event->position;
      seen.push_back(since);
      std::vector<std::uint64_t> words((event->record.size() + 7) / 8);
      std::memcpy(words.data(), event->record.data(), event->record.size());
      auto record = decode(std::as_bytes(std::span(words)).first(event->record.size()));
      ASSERT_TRUE(record.ok());
      const auto* task = std::get_if<TaskStatus>(&*record);
      ended = task != nullptr && is_terminal(task->state);
      if (events == 20 && kills < 4) {
        ++kills;
        kill_daemon();
        start();
        break;
      }
    }
  }
  std::vector<std::uint64_t> all;
  const Paths root = paths();
  PastEvents past(root, {{"work", 0}}, 0, ~std::uint64_t{0});
  while (!past.done()) {
    if (const auto event = past.step()) all.push_back(event->position);
  }
  EXPECT_EQ(seen, all);
  EXPECT_GT(all.size(), 100U);
}

// Their hosts write their records by turns, and not in the order of the positions.
TEST_F(DaemonRestartTest, WhoFollowsMissesNothingOfTasksThatRecordInOneTurn) {
  start();
  // What is killed by one pattern is told by its id, and written in the order in which it began.
  for (const char* id : {"dd", "cc", "bb", "aa"}) {
    submit(id, one("sleep 1000"));
    until_running(id);
  }
  ControlClient client = connect();
  ASSERT_TRUE(client.send(control::Subscribe{{}, 0, true}).ok());
  std::uint64_t since = 0;
  while (since == 0) {
    auto reply = client.receive(60 * kSecond);
    ASSERT_TRUE(reply.ok() && *reply) << log();
    if (const auto* now = std::get_if<control::Snapshot>(&(*reply)->body)) since = now->position;
  }
  EXPECT_FALSE(refused(control::AskKill{{".*"}, {0, false}}));
  const Paths root = paths();
  PastEvents past(root, {{"aa", 0}, {"bb", 0}, {"cc", 0}, {"dd", 0}}, since, ~std::uint64_t{0});
  int events = 0;
  while (!past.done()) {
    const auto recorded = past.step();
    if (!recorded) continue;
    auto reply = client.receive(60 * kSecond);
    ASSERT_TRUE(reply.ok() && *reply) << log();
    const auto* told = std::get_if<control::Event>(&(*reply)->body);
    ASSERT_NE(told, nullptr);
    ASSERT_EQ(told->position, recorded->position) << "told of " << told->task_id << " instead of "
                                                  << recorded->task_id << " after " << events;
    ++events;
  }
  EXPECT_GE(events, 4 * 3);
}

TEST_F(DaemonRestartTest, EventsOfOneTurnArePublishedByTheirPositions) {
  EventFeed feed(path("position"));
  feed.start_after(0, {});
  const std::uint64_t first = feed.next_position({});
  const std::uint64_t second = feed.next_position({});
  feed.add({{second, "b", {}}, 0});
  feed.add({{first, "a", {}}, 0});
  feed.publish();
  const auto after = [&](std::uint64_t position) {
    const OwnedEvent* const next = feed.log().first_after(position);
    return next == nullptr ? std::string() : next->event.task_id;
  };
  EXPECT_EQ(after(0), "a");
  EXPECT_EQ(after(first), "b");
  EXPECT_EQ(after(second), "");
}

TEST_F(DaemonRestartTest, PositionsRiseWhateverTheClockDoes) {
  const std::string file = path("position");
  std::uint64_t last = 0;
  {
    EventLog log(file);
    log.start_after(0, {5'000'000, 0});
    last = log.next_position({6'000'000, 0});
  }
  {
    EventLog log(file);
    log.start_after(0, {1'000, 0});  // the wall clock was set back
    EXPECT_GT(log.next_position({1'001, 0}), last);
    last = log.next_position({1'002, 0});
    std::filesystem::copy_file(file, file + ".kept");
  }
  std::filesystem::rename(file + ".kept", file);  // as if it had been killed
  EventLog log(file);
  log.start_after(0, {1'000, 0});
  EXPECT_GT(log.next_position({1'001, 0}), last);
}

TEST_F(DaemonRestartTest, WhatWasStoppedStaysStopped) {
  start();
  submit("t", R"({"name": "t", "processes": [
    {"name": "p", "cmdline": "trap 'exit 0' TERM; touch ready; sleep 1000 & wait", "min_duration": 1000},
    {"name": "q", "cmdline": "true"}], "constraints": [{"order": ["p", "q"]}]})");
  until_ready("t");
  EXPECT_FALSE(refused(control::AskOrder{"t", {"p", Verb::Stop, {}}}));
  const auto stopped = [](const History& history) {
    const auto* run = last_run(history);
    return run != nullptr && run->state == ProcessState::Killed;
  };
  History history = follow("t", stopped);
  // It ended well when it was told to, which is not what its dependents wait for.
  EXPECT_EQ(last_run(history)->return_code, 0);
  EXPECT_EQ(last_run(history)->origin, Origin::Ordered);
  EXPECT_TRUE(history.process(*history.find("p")).held);
  kill_daemon();
  start();
  EXPECT_EQ(status("t").at("stopped"), nlohmann::json({"p"}));
  EXPECT_EQ(status("t").at("processes").at("p").size(), 1U);
  EXPECT_FALSE(status("t").at("processes").contains("q"));
  EXPECT_FALSE(refused(control::AskOrder{"t", {"p", Verb::Start, {}}}));
  until_running("t", 1);  // at once, though min_duration is long
  EXPECT_FALSE(refused(control::AskOrder{"t", {"p", Verb::Restart, {}}}));
  history = until_running("t", 2);
  EXPECT_EQ(history.process(*history.find("p")).totals.killed, 2U);
  EXPECT_EQ(history.process(*history.find("p")).totals.failed, 0U);
  EXPECT_EQ(history.state(), TaskState::Active);
}

TEST_F(DaemonRestartTest, WhoIgnoresAStopIsKilledForIt) {
  start();
  submit("t", one("trap '' TERM; touch ready; while true; do sleep 1000; done"));
  until_ready("t");
  EXPECT_FALSE(refused(control::AskOrder{"t", {"p", Verb::Stop, 1000}}));
  EXPECT_EQ(status("t").at("processes").at("p").at(0).at("return_code"), -9);
  // Again is the same, and so is the kill of a task with nothing that runs.
  EXPECT_FALSE(refused(control::AskOrder{"t", {"p", Verb::Stop, 1000}}));
  EXPECT_TRUE(refused(control::AskOrder{"t", {"none", Verb::Stop, 1000}}));
  EXPECT_FALSE(refused(control::AskKill{{"t"}, {{}, false}}));
  EXPECT_EQ(state_at_end("t"), "KILLED");
  EXPECT_EQ(refused(control::AskOrder{"t", {"p", Verb::Start, {}}})->code, ErrorCode::NotFound);
}

TEST_F(DaemonRestartTest, ATaskThatCantBeLedStopsNoOther) {
  start();
  for (const char* id : {"broken", "foreign", "good"}) {
    submit(id, one("sleep 1000"));
    until_running(id);
  }
  kill_daemon();
  std::string bytes;
  {
    std::ifstream file(paths().runner_stream("broken"), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  const std::string whole = bytes;
  bytes[60] = static_cast<char>(bytes[60] ^ 1);
  std::ofstream(paths().runner_stream("broken"), std::ios::binary) << bytes;
  const bool root = geteuid() == 0;
  if (root) {
    ASSERT_EQ(chown(paths().active_task("foreign").c_str(), kSomeone, kSomeone), 0);
  }
  start();
  EXPECT_NE(status("broken").at("error").get<std::string>().find("offset"), std::string::npos);
  if (root) {
    EXPECT_NE(status("foreign").at("error").get<std::string>().find("uid 1"), std::string::npos);
    EXPECT_EQ(refused(control::AskKill{{"foreign"}, {0, false}})->code, ErrorCode::Busy);
  }
  EXPECT_FALSE(status("good").contains("error"));
  EXPECT_FALSE(refused(control::AskKill{{"good"}, {0, false}}));
  // Every byte is as it was; and put right, they go on.
  {
    std::ifstream file(paths().runner_stream("broken"), std::ios::binary);
    EXPECT_EQ(bytes, std::string(std::istreambuf_iterator<char>(file), {}));
  }
  std::ofstream(paths().runner_stream("broken"), std::ios::binary) << whole;
  if (root) {
    ASSERT_EQ(chown(paths().active_task("foreign").c_str(), 0, 0), 0);
  }
  signal(SIGTERM);
  EXPECT_EQ(wait_for_daemon(), 0);
  start();
  EXPECT_EQ(ask(control::AskList{{{}, true, false}}).size(), 3U);
  EXPECT_FALSE(status("broken").contains("error"));
}

TEST_F(DaemonRestartTest, ATermLeavesTasksRunningAndADrainDoesNot) {
  start();
  submit("t", one("sleep 1000"));
  const History before = until_running("t");
  signal(SIGTERM);
  EXPECT_EQ(wait_for_daemon(), 0);
  EXPECT_EQ(::kill(last_run(before)->process.pid, 0), 0);
  start();
  const History after = until_running("t");
  EXPECT_EQ(last_run(before)->process, last_run(after)->process);
  const auto replies = ask(control::AskDrain{});
  EXPECT_EQ(std::get<control::Ended>(replies.front()).state, "KILLED");
  EXPECT_EQ(wait_for_daemon(), 0);
  EXPECT_NE(::kill(last_run(before)->process.pid, 0), 0);
  EXPECT_FALSE(ControlClient::connect(socket_path()).ok());
}

// What its socket does not take at once goes out before the daemon's end.
TEST_F(DaemonRestartTest, ADrainIsAnsweredInFullHoweverLateItIsRead) {
  constexpr std::ptrdiff_t kTasks = 400;
  start({"--sync", "crash"});
  for (std::ptrdiff_t i = 0; i < kTasks; ++i) {
    submit("t" + std::to_string(i),
           R"({"name": "t", "processes": [{"name": "p", "argv": ["sleep", "1000"]}]})");
  }
  ControlClient client = connect();
  ASSERT_TRUE(client.send(control::AskDrain{0}).ok());
  const std::string over = paths().finished_dir();
  ASSERT_TRUE(real::wait_until(over, [&] {
    return std::distance(std::filesystem::directory_iterator(over), {}) == kTasks;
  }));
  std::ptrdiff_t ended = 0;
  for (bool done = false; !done;) {
    const auto reply = client.receive(60 * kSecond);
    ASSERT_TRUE(reply.ok() && *reply) << "after " << ended << " replies\n" << log();
    if (std::holds_alternative<control::Ended>((*reply)->body)) ++ended;
    done = std::holds_alternative<control::Finished>((*reply)->body);
  }
  EXPECT_EQ(ended, kTasks);
  EXPECT_EQ(wait_for_daemon(), 0);
}

TEST_F(DaemonRestartTest, AHangUpReadsTheSettingsAgainOrKeepsThem) {
  std::ofstream(path("config")) << "keep_logs: 7\n";
  start({"--config", path("config")});
  submit("a", one("true"));
  const auto reload = [&] {
    open_notices();
    signal(SIGHUP);
    wait_until_ready();
  };
  std::ofstream(path("config")) << "keep_logs: 9\n";
  reload();
  submit("b", one("true"));
  std::ofstream(path("config")) << "keep_logs: 11\nkeep_loggs: 3\n";
  reload();
  EXPECT_NE(log().find("keep_loggs: no such setting"), std::string::npos) << log();
  submit("c", one("true"));
  const auto kept = [&](const char* id) { return status(id).at("header").at("keep_logs"); };
  EXPECT_EQ(kept("a"), 7);
  EXPECT_EQ(kept("b"), 9);
  EXPECT_EQ(kept("c"), 9);
}

}  // namespace
}  // namespace thermos
