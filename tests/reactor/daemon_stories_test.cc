// The example stacks under a daemon that is killed again and again: each time when a number of
// records, drawn by a seed, is on record.
#include <unistd.h>

#include <string>

#include "daemon_fixture.h"
#include "free_ports.h"
#include "ledger.h"
#include "task_run.h"

namespace thermos {
namespace {

const thermos::Run* run_of(const History& history, const std::string& process) {
  const auto found = history.find(process);
  return found ? history.process(*found).current() : nullptr;
}

class DaemonStories : public DaemonFixture, public ::testing::WithParamInterface<std::uint32_t> {
 protected:
  // Submits an example, and kills the daemon after each 1 to 5 records, until the task is as
  // `settled` says, which is told the number of kills so far. Returns how often it was killed: a
  // quick machine may be done with a task before the first.
  template <typename Settled>
  int tell(const std::string& example, const real::Words& ports, const Settled& settled) {
    real::Dice dice(GetParam());
    start();
    real::Words words = {THERMOS_BIN "/thermos", "submit",    "--socket",
                         socket_path(),          "--task-id", "t"};
    words.insert(words.end(), ports.begin(), ports.end());
    words.push_back(THERMOS_SOURCE "/reactor/examples/" + example);
    const real::Ended given = real::Command(words, path("submit"), {}).wait();
    EXPECT_EQ(given.code, 0) << given.out << given.err;
    int records = 0;
    for (int kills = 0;; ++kills) {
      records += dice.throw_one(1, 5);
      bool over = false;
      int seen = -1;
      follow("t", [&](const History& history) {
        over = history.header() && settled(history, kills);
        return ++seen >= records || over;
      });
      if (over || HasFailure()) return kills;
      kill_daemon();
      start();
    }
  }
  void expect_one_run_each(const History& history) const {
    for (const ProcessHistory& process : history.processes()) {
      EXPECT_EQ(process.next_run, 1U) << process.name;
    }
  }
};

TEST_P(DaemonStories, AWebStackStartsInItsOrder) {
  const auto over = [](const History& history, int /*kills*/ = 0) {
    return is_terminal(history.state());
  };
  tell("webstack.yaml", real::free_ports({"http", "db"}), over);
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
  const History history = follow("t", over);
  expect_one_run_each(history);
  const std::string stream = paths().runner_stream("t");
  real::expect_in_order(stream, "report database run=0 ready",
                        "process migrate run=0 seq=0 WAITING");
  real::expect_in_order(stream, "process migrate run=0 seq=3 SUCCESS",
                        "process web run=0 seq=0 WAITING");
  real::expect_in_order(stream, "report web run=0 ready", "process worker run=0 seq=0 WAITING");
}

TEST_P(DaemonStories, ContinuousIntegrationRunsEachStepOnce) {
  const auto over = [](const History& history, int /*kills*/ = 0) {
    return is_terminal(history.state());
  };
  tell("ci.yaml", {}, over);
  EXPECT_EQ(state_at_end("t"), "SUCCESS");
  const History history = follow("t", over);
  EXPECT_EQ(history.processes().size(), 9U);
  expect_one_run_each(history);
}

TEST_P(DaemonStories, DaemonsRunOn) {
  // They run for ever, so the first kill always comes.
  const auto all_up = [](const History& history, int kills = 1) {
    const auto runs = [&](const std::string& process) {
      const thermos::Run* run = run_of(history, process);
      return run != nullptr && run->started.has_value();
    };
    const thermos::Run* web = run_of(history, "web");
    return kills > 0 && runs("queue-1") && runs("queue-2") && runs("tidy") && web != nullptr &&
           web->ready;
  };
  EXPECT_GT(tell("daemons.yaml", real::free_ports({"http"}), all_up), 0);
  expect_one_run_each(follow("t", all_up));
}

INSTANTIATE_TEST_SUITE_P(Seeds, DaemonStories, ::testing::Range(1U, 4U));

}  // namespace
}  // namespace thermos
