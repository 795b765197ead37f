// Processes that say when they are ready, with real servers.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "program.h"
#include "task_run.h"

namespace thermos::real {
namespace {

constexpr const char* kWaits = "; until [ -e go ]; do sleep 0.02; done";

// A process that serves until the file `go` is there, and the Python that serves.
Json server(const std::string& cmdline, const Json& ready) {
  Json all = ready;
  if (!ready.contains("interval")) all["interval"] = 0.05;
  return process("s", cmdline, {{"ready", all}});
}

// A port that nobody listened on a moment ago.
int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

// Waits until the latest run of "s" is ready on record, and returns it.
Json ready_run(Site& site) {
  Json run;
  EXPECT_TRUE(wait_until(site.checkpoint("t"), [&] {
    const Json status = site.status();
    if (!status.is_object() || !status["processes"].contains("s")) return false;
    run = status["processes"]["s"].back();
    return run.contains("ready_time");
  })) << site.status().dump(2);
  return run;
}

// The server comes up when the file `up` is there. Before, it must not be ready.
void expect_ready_when_up(Site& site, const Json& server) {
  Command runner = site.start_run(site.write_config(task({server})));
  const Json before = site.run_in_state("s", "RUNNING");
  EXPECT_FALSE(before.contains("ready_time")) << before.dump(2);
  write_file(site.in_sandbox("up"), "");
  const Json run = ready_run(site);
  EXPECT_GE(run["ready_time"], run["start_time"]);
  write_file(site.in_sandbox("go"), "");
  const Ended ended = runner.wait();
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_NE(ended.out.find("ready"), std::string::npos) << ended.out;
}

std::string python(const std::string& program) {
  return "until [ -e up ]; do sleep 0.02; done; python3 -c '" + program + "' &" +
         std::string(kWaits).substr(1) + "; kill $!";
}

std::string http_server(int port, const std::string& status) {
  return python(
      "from http.server import *\n"
      "class H(BaseHTTPRequestHandler):\n"
      "  def do_GET(self): self.send_response(" +
      status +
      "); self.end_headers(); self.wfile.write(b\"x\")\n"
      "HTTPServer((\"127.0.0.1\", " +
      std::to_string(port) + "), H).serve_forever()");
}

TEST(Ready, WhenAPortTakesConnections) {
  Site site;
  const int port = free_port();
  expect_ready_when_up(
      site, server(http_server(port, "200"), {{"tcp", "localhost:" + std::to_string(port)}}));
}

TEST(Ready, WhenASocketTakesConnections) {
  Site site;
  expect_ready_when_up(site, server(python("import socket, time\n"
                                           "s = socket.socket(socket.AF_UNIX)\n"
                                           "s.bind(\"run.sock\"); s.listen()\n"
                                           "while True: s.accept()"),
                                    {{"unix", "run.sock"}}));
}

TEST(Ready, WhenAServerAnswersWell) {
  Site site;
  const int port = free_port();
  expect_ready_when_up(site,
                       server(http_server(port, "204"),
                              {{"http", "http://127.0.0.1:" + std::to_string(port) + "/health"}}));
}

TEST(Ready, WhenAFileIsThere) {
  Site site;
  expect_ready_when_up(site, server(std::string("true") + kWaits, {{"file", "up"}}));
}

// Relative paths begin where the process does.
TEST(Ready, WhenAFileIsThereInItsDirectory) {
  Site site;
  Json in_deep = server(std::string("until [ -e ../../up ]; do sleep 0.02; done; touch here") +
                            "; until [ -e ../../go ]; do sleep 0.02; done",
                        {{"file", "here"}});
  in_deep["cwd"] = "deep/er";
  expect_ready_when_up(site, in_deep);
}

TEST(Ready, WhenASocketTakesConnectionsInItsDirectory) {
  Site site;
  Json in_deep = server(
      "until [ -e ../up ]; do sleep 0.02; done; python3 -c '"
      "import socket, time\n"
      "s = socket.socket(socket.AF_UNIX)\n"
      "s.bind(\"run.sock\"); s.listen()\n"
      "while True: s.accept()' & until [ -e ../go ]; do sleep 0.02; done; kill $!",
      {{"unix", "run.sock"}});
  in_deep["cwd"] = "deep";
  expect_ready_when_up(site, in_deep);
}

// What is asked is what the process sees, in a root that has no more than a shell.
TEST(Ready, InsideOfARoot) {
  if (getuid() != 0) GTEST_SKIP() << "only root may change its root";
  const std::vector<Json> all = {
      Json::object({{"file", "/in/up"}}),
      Json::object({{"file", "up"}}),
      Json::object({{"cmd", "[ -e up -a ! -e /etc ]"}}),
  };
  for (const Json& ready : all) {
    Site site;
    const std::string copy = "mkdir -p " + site.sandbox() + " && cd " + site.sandbox() +
                             " && mkdir -p bin in && cp /bin/bash /bin/sleep bin && "
                             "for lib in $( (ldd /bin/bash; ldd /bin/sleep) | grep -o '/[^ ]*'); "
                             "do mkdir -p .$(dirname $lib) && cp $lib .$lib || exit 1; done";
    ASSERT_EQ(testing::run_program({{"/bin/bash", "-c", copy}}).status, 0);
    Json inside = server("until [ -e /go ]; do sleep 0.02; done", ready);
    inside["cwd"] = "in";
    Command runner = site.start_run(site.write_config(task({inside})), "t", {"--chroot"});
    EXPECT_FALSE(site.run_in_state("s", "RUNNING").contains("ready_time"));
    write_file(site.in_sandbox("in/up"), "");
    ready_run(site);
    write_file(site.in_sandbox("go"), "");
    const Ended ended = runner.wait();
    EXPECT_EQ(ended.code, 0) << ready << ended.out << ended.err;
  }
}

TEST(Ready, WhenALineIsWritten) {
  Site site;
  expect_ready_when_up(site,
                       server("until [ -e up ]; do sleep 0.02; done; echo 'listening on 80' >&2" +
                                  std::string(kWaits),
                              {{"log", "^listening on \\d+$"}}));
}

TEST(Ready, WhenALineIsWrittenToARotatedLog) {
  Site site;
  Json rotated = server(
      "for i in {1..300}; do echo $i; done; until [ -e up ]; do sleep 0.02; done; "
      "echo is up; for i in {1..100}; do echo $i; done" +
          std::string(kWaits),
      {{"log", "^is up$"}});
  rotated["logger"] = {{"mode", "rotate"}, {"rotate", {{"log_size", 1024}, {"backups", 9}}}};
  expect_ready_when_up(site, rotated);
}

TEST(Ready, WhenACommandSaysSo) {
  Site site;
  expect_ready_when_up(site, server(std::string("true") + kWaits,
                                    {{"cmd", "[ -e up ] || { echo not yet; false; }"}}));
}

// Whoever is not ready in time has failed, with what it was told last.
void expect_failure(const Json& ready, const std::string& reason) {
  Site site;
  Json all = ready;
  all["within"] = 0.3;
  all["interval"] = 0.1;
  const Ended ended = site.run(task({process("s", "exec sleep 1000", {{"ready", all}})}));
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json run = runs(site.status(), "s").back();
  EXPECT_EQ(run["state"], "FAILED");
  EXPECT_EQ(run["origin"], "ended by the runner");
  EXPECT_EQ(run["reason"], "not ready within 0.3 s: " + reason);
  EXPECT_FALSE(run.contains("ready_time"));
}

TEST(Ready, WhoIsNotInTimeHasFailed) {
  const std::string port = std::to_string(free_port());
  expect_failure({{"file", "up"}}, "file up: No such file or directory");
  expect_failure({{"tcp", "127.0.0.1:" + port}}, "tcp 127.0.0.1:" + port + ": Connection refused");
  expect_failure({{"unix", "s"}}, "unix s: No such file or directory");
  expect_failure({{"log", "never"}}, "log never: no line matches");
  expect_failure({{"cmd", "echo no; exit 3"}}, "cmd echo no; exit 3: exit 3, no");
}

// A server that takes connections and never answers, and a command that never ends.
TEST(Ready, AProbeThatHangsHoldsNobody) {
  Site site;
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ASSERT_EQ(listen(listener, 10), 0);
  const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  const auto never = [](const std::string& name, Json ready) {
    ready.update({{"within", 1000}, {"timeout", 0.1}, {"interval", 0.1}});
    return process(name, "exec sleep 1000", {{"ready", ready}, {"ephemeral", true}});
  };
  const Ended ended = site.run(
      task({never("a", {{"http", url}}), never("b", {{"cmd", "echo $$ >> asked; exec sleep 1000"}}),
            process("main", "until [ $(wc -l < asked) -ge 3 ]; do sleep 0.02; done")}));
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  for (const pid_t pid : pids_in(site.in_sandbox("asked"), 3)) EXPECT_TRUE(ends(pid));
  close(listener);
}

#ifdef SYS_pidfd_getfd
// The fork server dies with a command that it has not looked at: nobody hears of that one any more,
// and the process is asked again.
TEST(Ready, ACommandThatIsLostWithTheForkServerHoldsNobody) {
  Site site;
  Command runner = site.start_run(site.write_config(
      task({server(std::string("true") + kWaits, {{"cmd", "[ -e up ]"}, {"timeout", 0.3}})})));
  ASSERT_FALSE(site.run_in_state("s", "RUNNING").is_null());
  pid_t forks = 0;
  for (const pid_t child : children_of(runner.pid())) {
    if (command_name(child) == "thermos-forks") forks = child;
  }
  ASSERT_GT(forks, 0);
  const Watched watched(forks);
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, forks, 0));
  const int launches = static_cast<int>(syscall(SYS_pidfd_getfd, pidfd, 3, 0));
  close(pidfd);
  if (launches < 0) GTEST_SKIP() << "the fork server's socket can't be looked at";
  // One that is stopped with a command in its hands is asked for no other: it goes on, and is
  // stopped again.
  int is_asked = 0;
  for (int i = 0; i < 30 && is_asked == 0; ++i) {
    EXPECT_TRUE(watched.signal(SIGSTOP));
    ASSERT_TRUE(stops(forks));
    pollfd asked{launches, POLLIN, 0};
    is_asked = poll(&asked, 1, 3000);
    if (is_asked == 0) {
      EXPECT_TRUE(watched.signal(SIGCONT));
    }
  }
  EXPECT_EQ(is_asked, 1);
  close(launches);
  EXPECT_TRUE(watched.signal(SIGKILL));
  write_file(site.in_sandbox("up"), "");
  ready_run(site);
  write_file(site.in_sandbox("go"), "");
  EXPECT_EQ(runner.wait().code, 0);
}
#endif

TEST(Ready, AServerThatAnswersBadlyIsNotReady) {
  Site site;
  const int port = free_port();
  const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/";
  const Json slow = {{"http", url}, {"within", 20}, {"interval", 0.05}};
  Command runner = site.start_run(site.write_config(
      task({process("s", "touch up; " + http_server(port, "503"), {{"ready", slow}})})));
  // It is asked, and says no.
  ASSERT_TRUE(wait_for_text(site.in_sandbox(".logs/s/0/stderr"), "GET / HTTP/1.1\" 503"));
  write_file(site.in_sandbox("go"), "");
  EXPECT_EQ(runner.wait().code, 0);
  EXPECT_FALSE(runs(site.status(), "s").back().contains("ready_time"));
}

// ---- over runners ------------------------------------------------------------------------------

TEST(Ready, IsFoundByTheNextRunner) {
  Site site;
  const std::string config =
      site.write_config(task({server(std::string("true") + kWaits, {{"file", "up"}})}));
  Command first = site.start_run(config);
  const Json before = site.run_in_state("s", "RUNNING");
  first.destroy();
  write_file(site.in_sandbox("up"), "");
  Command second = site.start_run(config);
  const Json run = ready_run(site);
  EXPECT_EQ(run["pid"], before["pid"]);
  write_file(site.in_sandbox("go"), "");
  EXPECT_EQ(second.wait().code, 0);
}

TEST(Ready, IsNotAskedAgainByTheNextRunner) {
  Site site;
  const std::string config = site.write_config(
      task({server(std::string("true") + kWaits, {{"cmd", "echo asked >> asked"}})}));
  Command first = site.start_run(config);
  const Json run = ready_run(site);
  first.destroy();
  Command second = site.start_run(config);
  ASSERT_TRUE(site.leads(second));
  write_file(site.in_sandbox("go"), "");
  EXPECT_EQ(second.wait().code, 0);
  EXPECT_EQ(read_file(site.in_sandbox("asked")), "asked\n");
  EXPECT_EQ(runs(site.status(), "s").back()["ready_time"], run["ready_time"]);
}

TEST(Ready, TheTimeLeftOutlivesTheRunner) {
  Site site;
  const std::string config = site.write_config(task({process(
      "s", "exec sleep 1000", {{"ready", {{"file", "up"}, {"within", 1}, {"interval", 0.1}}}})}));
  Command first = site.start_run(config);
  const Json before = site.run_in_state("s", "RUNNING");
  first.destroy();
  const Ended ended = site.start_run(config).wait();
  EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
  const Json run = runs(site.status(), "s").back();
  EXPECT_EQ(run["pid"], before["pid"]);
  EXPECT_EQ(run["state"], "FAILED");
  EXPECT_GE(run["stop_time"].get<double>(), before["start_time"].get<double>() + 1);
}

// Of a runner that is killed, nothing remains that it asked.
TEST(Ready, ACommandEndsWithItsRunner) {
  Site site;
  const std::string config = site.write_config(
      task({server(std::string("true") + kWaits,
                   {{"cmd", "echo $$ > asked; exec sleep 1000"}, {"timeout", 1000}})}));
  Command first = site.start_run(config);
  const pid_t asking = pid_in(site.in_sandbox("asked"));
  first.destroy();
  EXPECT_TRUE(ends(asking));
  write_file(site.in_sandbox("go"), "");
  EXPECT_EQ(site.start_run(config).wait().code, 0);
}

}  // namespace
}  // namespace thermos::real
