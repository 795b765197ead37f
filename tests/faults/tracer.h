// Follows a program and all that it starts through their system calls, and at one of them lets
// something go wrong. A process that became a stranger (a shell, say) is let go, and once nothing
// more is to come, all of them are.
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

// Whether this machine and its permissions can do it; what is said is why not.
::testing::AssertionResult can_trace();

struct Seen {
  std::map<Place, int> calls;  // that were begun, while all was followed
  bool reached = false;        // the point came up
  std::string what;            // the call there, and what it was about
  bool root_killed = false;    // it was the program itself that was killed there
  std::string trouble;         // of the tracing itself
};

class Tracer {
 public:
  // `root`: what the program is. Without a point nothing goes wrong, and all is counted.
  Tracer(Role root, std::optional<Point> point);
  ~Tracer();
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  // For Surroundings::before_exec of the program: it waits there until it is followed.
  std::function<void()> gate();
  // Begins; a thread of its own does it. As long as it does nobody may wait(2) for the program,
  // or the news of it would be lost to one of the two.
  void follow(const real::Command& program);
  // REQUIRES: the program has ended. Lets go of what is left.
  Seen finish();

 private:
  struct Tracee {
    Role role = Role::Runner;
    int which = 0;
    bool known = false;  // its parent has said that it was born
    bool fresh = true;   // its first stop is still to come
    std::optional<std::pair<std::uint64_t, std::uint64_t>> loader;
    // What is to happen when the call that it is in returns.
    std::optional<Fault> at_exit;
  };

  void run(pid_t root);
  void take_news(pid_t pid, int status);
  void on_event(pid_t pid, Tracee& tracee, int event, int signal);
  void on_birth(pid_t parent, const Tracee& tracee);
  // False: it became a stranger, and was let go.
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
