// What the daemon counts of itself.
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>

#include "daemon_fixture.h"

namespace thermos {
namespace {

class DaemonMetricsTest : public DaemonFixture {
 protected:
  // The samples that the daemon answers with, by name and labels.
  std::map<std::string, double> metrics() const {
    const auto replies = ask(control::AskMetrics{});
    const auto* reply = std::get_if<control::MetricsReply>(&replies.back());
    EXPECT_NE(reply, nullptr);
    std::map<std::string, double> samples;
    if (reply == nullptr) return samples;
    std::istringstream lines(reply->text);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("#")) continue;
      const std::size_t space = line.rfind(' ');
      EXPECT_TRUE(samples.emplace(line.substr(0, space), std::stod(line.substr(space))).second)
          << line;
    }
    return samples;
  }
};

TEST_F(DaemonMetricsTest, TurnsCommitsAndBytes) {
  start();
  const auto before = metrics();
  submit("t", one("true"));
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
  const auto after = metrics();
  const auto rose = [&](const std::string& name) { return after.at(name) - before.at(name); };
  EXPECT_GE(rose("thermos_turn_seconds_count"), 3);
  EXPECT_GE(rose("thermos_commit_seconds_count"), 2);
  EXPECT_GE(rose("thermos_stream_bytes_total"), 500);
  EXPECT_EQ(rose("thermos_torn_tails_total"), 0);
  EXPECT_EQ(rose("thermos_inotify_overflows_total"), 0);
  EXPECT_LE(after.at("thermos_turn_seconds_bucket{le=\"2.0\"}"),
            after.at("thermos_turn_seconds_bucket{le=\"+Inf\"}"));
  EXPECT_EQ(after.at("thermos_turn_seconds_bucket{le=\"+Inf\"}"),
            after.at("thermos_turn_seconds_count"));
  EXPECT_GT(after.at("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(after.at("process_open_fds"), 5);
  EXPECT_LE(after.at("process_open_fds"), after.at("process_max_fds"));
}

TEST_F(DaemonMetricsTest, RequestsByTheirFirstAnswer) {
  start();
  submit("t", one("sleep 600"));
  until_running("t");
  EXPECT_TRUE(refused(control::AskWait{"nobody", -1}));
  EXPECT_TRUE(refused(submission("u", "{")));
  ask(control::AskList{});
  EXPECT_TRUE(refused(control::AskNode{}));  // it is for a task's leader
  const ControlClient idle = connect();
  const auto samples = metrics();
  EXPECT_EQ(samples.at("thermos_requests_total{verb=\"submit\",code=\"ok\"}"), 1);
  EXPECT_EQ(samples.at("thermos_requests_total{verb=\"submit\",code=\"bad_config\"}"), 1);
  EXPECT_EQ(samples.at("thermos_requests_total{verb=\"wait\",code=\"not_found\"}"), 1);
  EXPECT_EQ(samples.at("thermos_requests_total{verb=\"list\",code=\"ok\"}"), 1);
  EXPECT_EQ(samples.at("thermos_requests_total{verb=\"node\",code=\"usage\"}"), 1);
  EXPECT_GE(samples.at("thermos_requests_total{verb=\"subscribe\",code=\"ok\"}"), 1);
  EXPECT_FALSE(samples.contains("thermos_requests_total{verb=\"metrics\",code=\"ok\"}"));
  EXPECT_GE(samples.at("thermos_connections"), 2);
  EXPECT_EQ(metrics().at("thermos_requests_total{verb=\"metrics\",code=\"ok\"}"), 1);
}

// What ran goes on, and what had ended meanwhile is found.
TEST_F(DaemonMetricsTest, RunsThatAreTakenOver) {
  start();
  submit("runs", one("sleep 600"));
  submit("ends",
         one("until [ -e " + path("go") + " ]; do sleep 0.02; done; touch " + path("gone")));
  until_running("runs");
  const History ends = until_running("ends");
  kill_daemon();
  {
    const auto* run = last_run(ends);
    ASSERT_NE(run, nullptr);
    const Descriptor coordinator(
        static_cast<int>(::syscall(SYS_pidfd_open, run->coordinator.pid, 0)));
    ASSERT_TRUE(coordinator);
    std::ofstream(path("go")).flush();
    pollfd dead{coordinator.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&dead, 1, 60'000), 1);
  }
  start();
  EXPECT_EQ(state_at_end("ends"), "SUCCESS");
  until_running("runs");
  const auto samples = metrics();
  EXPECT_EQ(samples.at("thermos_adoptions_total{result=\"running\"}"), 1);
  EXPECT_EQ(samples.at("thermos_adoptions_total{result=\"ended\"}"), 1);
  EXPECT_EQ(samples.at("thermos_adoptions_total{result=\"lost\"}"), 0);
}

TEST_F(DaemonMetricsTest, AreForRootAndTheDaemonsOwnUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
  start();
  as_user(kNobody, [this] {
    const auto error = refused(control::AskMetrics{});
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::NotPermitted);
    EXPECT_EQ(error->message, "only root may see the metrics of this daemon");
  });
}

}  // namespace
}  // namespace thermos
