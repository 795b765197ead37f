// The workload of all trials: a small task, and the programs that run it.
#pragma once

#include <optional>
#include <string>

#include "point.h"
#include "task_run.h"
#include "tracer.h"

namespace thermos::faults {

// A task with the processes `a` before `b`, `c` beside them, and the finalizer `f`.
real::Json small_task();

struct Ending {
  real::Ended ended;
  bool hung = false;  // it did not end and was killed
  Seen seen;          // the tracer's result
};

// Waits for the end of a program. Kills one that takes far too long, and fails the test with its
// state and its output. `tracer` is the one that follows it; it is finished here.
Ending end_of(real::Command& program, const std::string& name, Tracer* tracer = nullptr);

// The programs of one trial.
class Workload {
 public:
  explicit Workload(Scenario scenario);

  real::Site& site() { return site_; }
  const real::Json& task() const { return task_; }
  real::Json without_finalizer() const;

  // The first programs: the one with the fault, and those beside it.
  struct First {
    Ending traced;                 // the end of the traced program
    std::optional<Ending> client;  // the end of the client, if the daemon was traced
  };
  First run_first(const std::optional<Point>& point);
  // Runs programs without a fault until the task has ended. Returns the end of the last one.
  real::Ended run_on();

 private:
  First run_runner(const std::optional<Point>& point);
  First run_daemon(const std::optional<Point>& point);
  First run_submit(const std::optional<Point>& point);
  real::Command start_runner(const real::Surroundings& surroundings);
  real::Command start_daemon(const real::Surroundings& surroundings);
  real::Command start_client(const real::Surroundings& surroundings);
  // Submits the task; tries again while the daemon lives but does not listen yet.
  Ending submit_to(const real::Command& daemon);
  static Ending stop(real::Command& daemon, Tracer* tracer);

  const Scenario scenario_;
  real::Site site_;
  const real::Json task_ = small_task();
  std::string config_;
  std::string socket_;
  int daemons_ = 0;
};

}  // namespace thermos::faults
