// What a process may be asked: addresses, URLs, and what is refused of them.
#include "core/task/probe_question.h"

#include <gtest/gtest.h>

#include "core/task/check_task.h"

namespace thermos {
namespace {

// A question of that kind, and no other.
Ready asking(std::string Ready::*question, const std::string& text) {
  Ready ready;
  ready.*question = text;
  return ready;
}

Ready with(Microseconds Ready::*time, Microseconds value) {
  Ready ready = asking(&Ready::file, "x");
  ready.*time = value;
  return ready;
}

std::string complaint_about_ready(const Ready& ready) {
  TaskConfig task;
  task.name = "t";
  task.processes.resize(1);
  task.processes[0].name = "a";
  task.processes[0].cmdline = "true";
  task.processes[0].ready = ready;
  const auto checked = check_task(task);
  return checked ? "" : checked.error().message;
}

TEST(Question, ReadsHostAndPort) {
  EXPECT_EQ(read_host_port("127.0.0.1:80"), (HostPort{"127.0.0.1", 80}));
  EXPECT_EQ(read_host_port("localhost:65535"), (HostPort{"localhost", 65535}));
  EXPECT_EQ(read_host_port("[::1]:1"), (HostPort{"::1", 1}));
  EXPECT_EQ(read_host_port("[::ffff:10.0.0.1]:1"), (HostPort{"::ffff:10.0.0.1", 1}));
  for (const char* bad : {"",
                          ":",
                          "80",
                          ":80",
                          "127.0.0.1",
                          "127.0.0.1:",
                          "127.0.0.1:0",
                          "127.0.0.1:65536",
                          "127.0.0.1:80x",
                          "127.0.0.1:-1",
                          "127.0.0.1: 80",
                          "1.2.3:80",
                          "1.2.3.4.5:80",
                          "1.2.3.256:80",
                          "1.2.3.:80",
                          "1.2.3x.4:80",
                          "::1:80",
                          "[::1:80",
                          "[]:80",
                          "[1]:80",
                          "example.org:80",
                          "[::g]:80"}) {
    EXPECT_EQ(read_host_port(bad), std::nullopt) << bad;
  }
}

TEST(Question, ReadsUrls) {
  EXPECT_EQ(read_http_url("http://localhost"), (HttpUrl{{"localhost", 80}, "localhost", "/"}));
  EXPECT_EQ(read_http_url("http://127.0.0.1:8080/health?deep=1#top"),
            (HttpUrl{{"127.0.0.1", 8080}, "127.0.0.1:8080", "/health?deep=1"}));
  EXPECT_EQ(read_http_url("http://[::1]:8080?x"), (HttpUrl{{"::1", 8080}, "[::1]:8080", "/?x"}));
  EXPECT_EQ(read_http_url("http://[::1]/"), (HttpUrl{{"::1", 80}, "[::1]", "/"}));
  for (const char* bad :
       {"", "localhost", "https://localhost", "http://", "http:///x", "http://user@localhost/",
        "http://localhost:0/", "http://localhost/a b", "http://localhost/\r\nX: y",
        "http://localhost/\x7f", "http://example.org/"}) {
    EXPECT_EQ(read_http_url(bad), std::nullopt) << bad;
  }
}

TEST(Question, ExactlyOneIsGiven) {
  EXPECT_EQ(complaint_about_ready(asking(&Ready::file, "x")), "");
  EXPECT_TRUE(complaint_about_ready({}).starts_with("processes[0].ready: needs one of "))
      << complaint_about_ready({});
  Ready two = asking(&Ready::file, "x");
  two.tcp = "127.0.0.1:1";
  EXPECT_EQ(complaint_about_ready(two),
            "processes[0].ready: has both tcp and file: give one of them");
}

TEST(Question, BadOnesAreRefusedWithTheirPlace) {
  EXPECT_EQ(
      complaint_about_ready(asking(&Ready::tcp, "here:1")),
      "processes[0].ready.tcp: 'here:1' is not HOST:PORT: HOST is an IP address or localhost, "
      "and PORT 1 to 65535");
  EXPECT_EQ(
      complaint_about_ready(asking(&Ready::http, "https://localhost/")),
      "processes[0].ready.http: 'https://localhost/' is not http://HOST[:PORT][/PATH]: HOST is "
      "an IP address or localhost");
  EXPECT_EQ(complaint_about_ready(asking(&Ready::file, std::string(4096, 'x'))),
            "processes[0].ready.file: is 4096 bytes long: at most 4095 can be asked for");
  EXPECT_EQ(complaint_about_ready(asking(&Ready::unix_socket, std::string("a\0b", 3))),
            "processes[0].ready.unix: holds a NUL byte");
  EXPECT_EQ(complaint_about_ready(asking(&Ready::file, "a\xff")),
            "processes[0].ready.file: is not UTF-8");
  EXPECT_TRUE(complaint_about_ready(asking(&Ready::cmd, std::string("a\0b", 3)))
                  .starts_with("processes[0].ready.cmd: holds a NUL byte"));
  EXPECT_EQ(complaint_about_ready(with(&Ready::interval, 0)),
            "processes[0].ready.interval: is too short: 0.01 seconds at least");
  EXPECT_EQ(complaint_about_ready(with(&Ready::timeout, kSecond / 1000)),
            "processes[0].ready.timeout: is too short: 0.01 seconds at least");
  EXPECT_EQ(complaint_about_ready(with(&Ready::within, -1)),
            "processes[0].ready.within: is out of range: 0 to 1000000000 seconds");
  EXPECT_EQ(complaint_about_ready(with(&Ready::within, 0)), "");
}

TEST(Question, IsShownAsItIsGiven) {
  EXPECT_EQ(text_of(question_of(asking(&Ready::tcp, "[::1]:1"))), "tcp [::1]:1");
  EXPECT_EQ(text_of(question_of(asking(&Ready::unix_socket, "run/s"))), "unix run/s");
  EXPECT_EQ(text_of(Question{QuestionKind::Notify, ""}), "notify");
}

TEST(Question, ALogIsReadFromFiles) {
  TaskConfig task;
  task.name = "t";
  ProcessConfig& process = task.processes.emplace_back();
  process.name = "a";
  process.cmdline = "true";
  process.ready = asking(&Ready::log, "up");
  const auto with_destination = [&](LogDestination destination) {
    process.logger.emplace().destination = destination;
    const auto checked = check_task(task);
    return checked ? "" : checked.error().message;
  };
  const std::string refusal =
      "processes[0].ready.log: needs files to read: the process's logger has the destination ";
  EXPECT_EQ(with_destination(LogDestination::File), "");
  EXPECT_EQ(with_destination(LogDestination::Both), "");
  EXPECT_EQ(with_destination(LogDestination::None), refusal + "'none'");
  EXPECT_EQ(with_destination(LogDestination::Console), refusal + "'console'");
}

}  // namespace
}  // namespace thermos
