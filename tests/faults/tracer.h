// Follows the system calls of a program and of all processes that it starts with ptrace(2), and
// injects a fault at one of them. It detaches from a process that executes a program without a role
// (a shell), and from all when no fault is left to inject.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "point.h"
#include "task_run.h"

namespace thermos::faults {

// Whether tracing is possible on this machine with these permissions; the message says why not.
::testing::AssertionResult can_trace();

struct Seen {
  std::map<Place, int> calls;  // the calls that started while everything was traced
  bool reached = false;        // the point was reached
  std::string what;            // the call at the point, with its arguments
  bool root_killed = false;    // the fault killed the program itself
  std::string trouble;         // an error of the tracing
};

class Tracer {
 public:
  // `root` is the role of the program. Without a point no fault is injected and all calls are
  // counted.
  Tracer(Role root, std::optional<Point> point);
  ~Tracer();
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  // Returns a function for Surroundings::before_exec of the program, which waits until it is
  // traced.
  std::function<void()> gate();
  // Starts tracing in a thread of its own. Until finish() nobody may call wait(2) for the program,
  // because each event goes to only one of two waiters.
  void follow(const real::Command& program);
  // Detaches from the remaining processes and returns the result. REQUIRES: the program has ended.
  Seen finish();

 private:
  struct Tracee {
    Role role = Role::Runner;
    int which = 0;
    bool known = false;  // its parent's fork event was seen
    bool fresh = true;   // its first stop was not seen yet
    std::optional<std::pair<std::uint64_t, std::uint64_t>> loader;
    // The fault to inject when its current call returns.
    std::optional<Fault> at_exit;
  };

  void run(pid_t root);
  void take_news(pid_t pid, int status);
  void on_event(pid_t pid, Tracee& tracee, int event, int signal);
  void on_birth(pid_t parent, const Tracee& tracee);
  // False if the new program has no role; then the process was detached.
  bool on_exec(pid_t pid, Tracee& tracee);
  void on_call(pid_t pid, Tracee& tracee);
  void on_entry(pid_t pid, Tracee& tracee, const Place& place);
  bool applies(const Place& place, int nth);
  void apply(pid_t pid, Tracee& tracee);
  bool loading(pid_t pid, Tracee& tracee, std::uint64_t instruction) const;
  void resume(pid_t pid, int signal);
  void let_go(pid_t pid, int signal);
  void let_all_go();

  const Role root_role_;
  const std::optional<Point> point_;
  std::array<int, 2> gate_{-1, -1};
  std::thread thread_;
  pid_t root_ = 0;
  bool root_ended_ = false;
  bool leaving_ = false;
  std::map<pid_t, Tracee> tracees_;
  int births_ = 0;
  std::map<Role, int> shells_;
  std::optional<std::chrono::steady_clock::time_point> first_hit_;
  int hits_ = 0;
  Seen seen_;
};

}  // namespace thermos::faults
