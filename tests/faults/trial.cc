#include "trial.h"

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstring>
#include <set>

#include "error_table.h"
#include "ledger.h"
#include "workload.h"

namespace thermos::faults {
namespace {

using real::Ended;
using real::Json;

constexpr int kSuccess = 0;
constexpr int kFailed = 1;
constexpr int kRefused = 64;
// Another choice than that of the parts of a sweep.
constexpr std::uint32_t kLate = 1;

// Those of the README's table of exit statuses that a fault may lead to.
bool is_documented(int code) {
  static const std::set<int> all = {0, 1, 2, 3, 64, 65, 66, 69, 71, 75, 77};
  return all.contains(code);
}

bool may_abort(const Point& point) {
  const auto& calls = libuv_aborts();
  return point.fault.kind == Fault::Kind::Error && calls.contains(point.place.call);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Whether what a person reads names the cause. libuv and we have words of our own for some.
bool names_cause(std::string text, const Point& point) {
  static const std::map<int, std::string> other_words = {{ENFILE, "file table overflow"},
                                                         {ENOMEM, "not enough memory"},
                                                         {EIO, "i/o error"},
                                                         {EPIPE, "closed the connection"},
                                                         {ECONNRESET, "closed the connection"}};
  const auto lower = [](std::string words) {
    for (char& c : words) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return words;
  };
  text = lower(std::move(text));
  const auto other = other_words.find(point.fault.error);
  return has(text, lower(std::strerror(point.fault.error))) ||
         (other != other_words.end() && has(text, other->second));
}

// How the program that met the fault ended, and what it said.
void expect_honest_end(const Point& point, const Workload::First& first) {
  const Ended& ended = first.traced.ended;
  if (first.traced.seen.root_killed) {
    EXPECT_EQ(ended.code, -SIGKILL);
    return;
  }
  if (first.traced.hung || ended.code == kSuccess) return;
  if (ended.code == -SIGABRT && may_abort(point)) return;
  if (!is_documented(ended.code)) {
    ADD_FAILURE() << "it ended with " << ended.code << ": " << ended.err;
    return;
  }
  if (point.place.call.ends_with(kOutput)) return;  // nobody can be told
  EXPECT_NE(ended.err, "") << "it ended with " << ended.code << " and did not say why";
  if (point.fault.kind == Fault::Kind::Error) {
    EXPECT_TRUE(names_cause(ended.err, point))
        << "it ended with " << ended.code << " and named another cause: " << ended.err;
  }
}

// A process may fail for good by what does not pass by itself; then its record names that.
bool failed_by_fault(const Point& point, const Json& runs) {
  if (point.fault.kind != Fault::Kind::Error) return false;
  if (is_passing(point.fault.error)) return false;
  return !runs.empty() && runs.back()["state"] == "FAILED" &&
         names_cause(runs.back().value("reason", ""), point);
}

// "a SUCCESS, c FAILED (cannot enter ...)"
std::string outline(const Json& status) {
  std::string text = status.value("state", "?");
  for (const auto& [name, runs] : status["processes"].items()) {
    for (const Json& run : runs) {
      text += "\n  " + name + " " + run.value("state", "?") + " " + run.value("reason", "");
    }
  }
  return text;
}

void expect_failure_explained(const Point& point, Workload& work, const Json& status) {
  const std::vector<std::string> names = real::names_in(work.task());
  const auto failed = [&](const std::string& name) {
    return failed_by_fault(point, real::runs(status, name));
  };
  if (std::none_of(names.begin(), names.end(), failed)) {
    ADD_FAILURE() << "it failed, and should not have: " << outline(status);
    return;
  }
  std::map<std::string, int> ledger = real::count_lines(work.site().in_sandbox("ledger"));
  for (const std::string& name : names) {
    const Json& runs = real::runs(status, name);
    EXPECT_LE(ledger[name], static_cast<int>(runs.size())) << name << " " << runs.dump();
    if (runs.empty() || failed(name)) continue;
    // What was under way when the other one failed has been ended.
    const std::string state = runs.back()["state"];
    EXPECT_TRUE(state == "SUCCESS" || state == "KILLED") << name << " " << runs.dump();
    if (state == "SUCCESS") {
      EXPECT_GE(ledger[name], 1) << name << " " << runs.dump();
    }
  }
}

void expect_finalizer_last(const Json& status) {
  const Json& last = real::runs(status, "f");
  if (last.empty()) return;
  for (const std::string name : {"a", "b", "c"}) {
    EXPECT_GE(last.front().value("fork_time", 0.0), real::stop_time(status, name)) << name;
  }
}

void judge(const Point& point, Workload& work, int code) {
  const Json status = work.site().status();
  if (status.is_null()) {
    ADD_FAILURE() << "there is no such task";
    return;
  }
  const std::string state = status.value("state", "");
  if (state == "FAILED") {
    expect_failure_explained(point, work, status);
    EXPECT_EQ(code, kFailed);
  } else if (state != "SUCCESS") {
    ADD_FAILURE() << "it has not come to its end: " << outline(status);
  } else {
    // How a finalizer ends does not change a task's result; so it may fail as others may.
    const bool without = failed_by_fault(point, real::runs(status, "f"));
    real::expect_repeats_explained(work.site(), without ? work.without_finalizer() : work.task());
    if (!without) expect_finalizer_last(status);
    EXPECT_EQ(code, kSuccess) << state;
  }
}

void expect_sound(Workload& work) {
  const Ended checked = work.site().thermos({"fsck"});
  EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
}

// What the last program said of a task that has ended: now, or before it came.
int outcome_of(const Ended& last) {
  if (last.code != kRefused) return last.code;
  if (has(last.err, "ended already: SUCCESS")) return kSuccess;
  if (has(last.err, "ended already: FAILED")) return kFailed;
  return last.code;
}

}  // namespace

const std::set<std::string>& libuv_aborts() {
  static const std::set<std::string> calls = {"epoll_ctl", "pipe2"};
  return calls;
}

std::map<Place, int> count_calls(Scenario scenario) {
  Workload work(scenario);
  const Workload::First first = work.run_first(std::nullopt);
  EXPECT_EQ(first.traced.seen.trouble, "");
  EXPECT_EQ(first.traced.ended.code, 0) << first.traced.ended.err;
  real::expect_each_once(work.site(), work.task());
  return first.traced.seen.calls;
}

std::string command_for(const Point& point) {
  return std::string(THERMOS_BIN) + "/faults_tests --point=" + to_text(point);
}

Came try_point(const Point& point) {
  SCOPED_TRACE("\n  " + command_for(point));
  Workload work(point.scenario);
  const Workload::First first = work.run_first(point);
  EXPECT_EQ(first.traced.seen.trouble, "");
  std::string told = first.traced.seen.what + "\n" + first.traced.ended.err;
  if (first.client) told += "the client: " + first.client->ended.err;
  SCOPED_TRACE("\n  at " + told);
  if (first.traced.seen.reached) expect_honest_end(point, first);
  // One that says that all went well has to be right at once.
  const int said = first.client ? first.client->ended.code : first.traced.ended.code;
  if (said == kSuccess) judge(point, work, said);
  // Half of the time the next program finds the coordinators at work, half of the time all over.
  if (hash_of(to_text(point), kLate) % 2 == 0) {
    EXPECT_TRUE(real::nothing_outlives());
  }
  Ended last;
  int tries = 0;
  // A runner may end with a temporary trouble of its own making; no more than that.
  do {
    last = work.run_on();
  } while (outcome_of(last) > kFailed && ++tries < 2);
  if (said != kSuccess || outcome_of(last) != kSuccess) judge(point, work, outcome_of(last));
  EXPECT_LE(outcome_of(last), kFailed) << "the last program said: " << last.err;
  expect_sound(work);
  EXPECT_TRUE(real::nothing_outlives());
  return first.traced.seen.reached ? Came::Reached : Came::NotReached;
}

}  // namespace thermos::faults
