#include "workload.h"

#include <csignal>
#include <sstream>

#include "ledger.h"

namespace thermos::faults {
namespace {

using real::Command;
using real::Ended;
using real::Json;
using real::Surroundings;
using real::Words;

// A program of this task needs a fraction of a second. What takes so long hangs.
constexpr int kPatience = 20'000;  // milliseconds
// Between two tries at a daemon that does not listen yet; its end is what is waited for.
constexpr int kBetweenTries = 10;
constexpr int kNoDaemon = 69;
// Up to here an exit status says how the task ended.
constexpr int kLastTaskStatus = 3;

Json writes(const std::string& name, const Json& more = {}) {
  Json settings{{"min_duration", 0}};
  if (!more.is_null()) settings.update(more);
  return real::process(name,
                       "exec 9> lock." + name + "; flock -n 9 || echo " + name +
                           " >> overlaps; echo " + name + " >> ledger",
                       settings);
}

// What a program that hangs is doing, and what its descendants are.
void describe(pid_t pid, const std::string& indent, std::ostringstream& out) {
  const std::string proc = "/proc/" + std::to_string(pid);
  out << indent << pid << " " << real::command_name(pid) << ", in "
      << real::read_file(proc + "/wchan") << ", call " << real::read_file(proc + "/syscall");
  std::istringstream status(real::read_file(proc + "/status"));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("State:") || line.starts_with("Sig") || line.starts_with("ShdPnd")) {
      out << indent << "  " << line << "\n";
    }
  }
  for (const pid_t child : real::children_of(pid)) describe(child, indent + "  ", out);
}

}  // namespace

Json small_task() {
  return real::task({writes("a"), writes("b"), writes("c"), writes("f", {{"final", true}})},
                    {{"a", "b"}});
}

Ending end_of(Command& program, const std::string& name, Tracer* tracer) {
  Ending ending;
  std::ostringstream doing;
  if (!program.ends_within(kPatience)) {
    ending.hung = true;
    describe(program.pid(), "  ", doing);
    program.signal(SIGKILL);
  }
  if (tracer != nullptr) ending.seen = tracer->finish();
  ending.ended = program.wait();
  if (ending.hung) ADD_FAILURE() << name << " hangs:\n" << doing.str() << ending.ended.err;
  return ending;
}

Workload::Workload(Scenario scenario)
    : scenario_(scenario), config_(site_.write_config(task_)), socket_(site_.path() + "/socket") {}

Json Workload::without_finalizer() const {
  Json rest = task_;
  rest["processes"].erase(3);
  return rest;
}

Workload::First Workload::run_first(const std::optional<Point>& point) {
  switch (scenario_) {
    case Scenario::Run:
    case Scenario::RunCrash:
      return run_runner(point);
    case Scenario::Daemon:
      return run_daemon(point);
    case Scenario::Submit:
      break;
  }
  return run_submit(point);
}

Command Workload::start_runner(const Surroundings& surroundings) {
  const Words options =
      scenario_ == Scenario::RunCrash ? Words{"-q", "--sync", "crash"} : Words{"-q"};
  return site_.start(site_.run_words(config_, "t", options), surroundings);
}

Command Workload::start_daemon(const Surroundings& surroundings) {
  return {{THERMOS_BIN "/thermos-reactor", "--root", site_.root(), "--socket", socket_},
          site_.path() + "/daemon" + std::to_string(daemons_++),
          surroundings};
}

Command Workload::start_client(const Surroundings& surroundings) {
  return site_.start({"submit", "--socket", socket_, "--task-id", "t", "--sandbox", site_.sandbox(),
                      "--wait", config_},
                     surroundings);
}

Workload::First Workload::run_runner(const std::optional<Point>& point) {
  Tracer tracer(Role::Runner, point);
  Surroundings traced;
  traced.before_exec = tracer.gate();
  Command runner = start_runner(traced);
  tracer.follow(runner);
  return {end_of(runner, "the runner", &tracer), std::nullopt};
}

Ending Workload::submit_to(const Command& daemon) {
  for (;;) {
    Command client = start_client({});
    Ending ending = end_of(client, "the client");
    if (ending.ended.code != kNoDaemon || daemon.ends_within(kBetweenTries)) return ending;
  }
}

Ending Workload::stop(Command& daemon, Tracer* tracer) {
  daemon.signal(SIGTERM);
  return end_of(daemon, "the daemon", tracer);
}

Workload::First Workload::run_daemon(const std::optional<Point>& point) {
  Tracer tracer(Role::Daemon, point);
  Surroundings traced;
  traced.before_exec = tracer.gate();
  Command daemon = start_daemon(traced);
  tracer.follow(daemon);
  First first;
  first.client = submit_to(daemon);
  first.traced = stop(daemon, &tracer);
  return first;
}

Workload::First Workload::run_submit(const std::optional<Point>& point) {
  Command daemon = start_daemon({});
  // The one that is followed must find it listening.
  Ended asked;
  do {
    asked = site_.thermos({"status", "--socket", socket_});
  } while (asked.code == kNoDaemon && !daemon.ends_within(kBetweenTries));
  Tracer tracer(Role::Client, point);
  Surroundings traced;
  traced.before_exec = tracer.gate();
  Command client = start_client(traced);
  tracer.follow(client);
  First first{end_of(client, "the client", &tracer), std::nullopt};
  submit_to(daemon);
  const Ended ended = stop(daemon, nullptr).ended;
  EXPECT_EQ(ended.code, 0) << ended.err;
  return first;
}

Ended Workload::run_on() {
  if (scenario_ == Scenario::Run || scenario_ == Scenario::RunCrash) {
    Command runner = start_runner({});
    return end_of(runner, "the runner that resumes").ended;
  }
  Command daemon = start_daemon({});
  Ended ended = submit_to(daemon).ended;
  if (ended.code > kLastTaskStatus) {
    // It is known, and has ended or is under way.
    Command wait = site_.start({"wait", "--socket", socket_, "t"});
    ended = end_of(wait, "a client that waits").ended;
  }
  const Ended last = stop(daemon, nullptr).ended;
  EXPECT_EQ(last.code, 0) << last.err;
  return ended;
}

}  // namespace thermos::faults
