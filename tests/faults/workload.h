// What is run again and again: a small task, and the programs that may lead it.
#pragma once

#include <optional>
#include <string>

#include "point.h"
#include "task_run.h"
#include "tracer.h"

namespace thermos::faults {

// a before b, c beside them, and the finalizer f.
real::Json small_task();

struct Ending {
  real::Ended ended;
  bool hung = false;  // it had to be killed
  Seen seen;          // by who followed it
};

// Waits for the end of a program; one that takes far too long is killed, and fails the test with
// what it was doing and what it had said. `tracer`: who follows it, and is done then.
Ending end_of(real::Command& program, const std::string& name, Tracer* tracer = nullptr);

// The programs of one trial.
class Workload {
 public:
  explicit Workload(Scenario scenario);

  real::Site& site() { return site_; }
  const real::Json& task() const { return task_; }
  real::Json without_finalizer() const;

  // The first of all: the one that goes wrong, and those beside it.
  struct First {
    Ending traced;                 // how the program that was followed ended
    std::optional<Ending> client;  // of a daemon that was followed
  };
  First run_first(const std::optional<Point>& point);
  // Without any fault, until the task has ended: what the last program said.
  real::Ended run_on();

 private:
  First run_runner(const std::optional<Point>& point);
  First run_daemon(const std::optional<Point>& point);
  First run_submit(const std::optional<Point>& point);
  real::Command start_runner(const real::Surroundings& surroundings);
  real::Command start_daemon(const real::Surroundings& surroundings);
  real::Command start_client(const real::Surroundings& surroundings);
  // Submits, and again while nobody listens and the daemon lives.
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
