#include "reactor/crash/crash_trial.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "reactor/host/foreground.h"
#include "reactor/host/reactor.h"
#include "reactor/os/pidfd.h"
#include "reactor/store/stream_reader.h"

namespace thermos {
namespace {

constexpr std::array<std::string_view, kCrashPoints.size()> kPointNames = {"start", "middle",
                                                                           "end"};

// A script that, in the first run, runs the command and then kills its parent, the coordinator,
// before that can learn of the end. sh does not read BASH_ENV, which is meant only for the command.
constexpr const char* kDiesUnrecorded = R"(marker=$1; shift
if test -e "$marker"; then exec "$@"; fi
"$@"
: > "$marker"
kill -KILL "$PPID"
)";

std::vector<std::string> words_of(const ProcessConfig& process) {
  return process.argv.empty() ? std::vector<std::string>{"/bin/bash", "-c", process.cmdline}
                              : process.argv;
}

ProcessConfig dies_unrecorded(ProcessConfig process, const std::string& marker) {
  std::vector<std::string> argv = {"/bin/sh", "-c", kDiesUnrecorded, "thermos", marker};
  for (std::string& word : words_of(process)) argv.push_back(std::move(word));
  process.argv = std::move(argv);
  process.cmdline.clear();
  return process;
}

// Kills the first run of the process at its start or in its middle.
class Killer : public TaskObserver {
 public:
  explicit Killer(const std::optional<Crash>& crash) : crash_(crash) {}

  void enter(Reactor* reactor) { reactor_ = reactor; }
  void on_record(const Record& record, const History& /*history*/) override {
    const auto* status = std::get_if<ProcessStatus>(&record);
    if (status == nullptr || !crash_ || status->process != crash_->process || status->run != 0 ||
        status->state != ProcessState::Running) {
      return;
    }
    const auto strike = [identity = status->identity] { send_signal(identity, SIGKILL); };
    if (crash_->point == CrashPoint::Start) strike();
    if (crash_->point == CrashPoint::Middle) {
      reactor_->deadlines().add(status->at.boot + crash_->middle, strike);
    }
  }
  std::optional<Microseconds> on_turn(Runner& /*runner*/, Timestamp /*now*/) override {
    return std::nullopt;
  }

 private:
  const std::optional<Crash>& crash_;
  Reactor* reactor_ = nullptr;
};

// Returns whether the first run ended by the crash.
bool was_struck(const History& history, const Crash& crash) {
  const auto known = history.find(crash.process);
  const Run* run = known ? history.process(*known).run(0) : nullptr;
  if (run == nullptr || !is_terminal(run->state)) return false;
  if (crash.point == CrashPoint::End) return run->state == ProcessState::Lost;
  return run->state == ProcessState::Killed && run->return_code == -SIGKILL;
}

}  // namespace

std::string_view name_of(CrashPoint point) {
  return kPointNames[static_cast<std::size_t>(point)];
}

TaskConfig for_trials(TaskConfig task, std::optional<Microseconds> limit) {
  for (ProcessConfig& process : task.processes) {
    process.logger.reset();
    process.max_kills = 0;
    if (process.daemon) continue;
    // A process that may fail several times may rely on the waits in between.
    if (process.max_failures == 1) process.min_duration = 0;
    if (limit && !process.timeout && !process.ephemeral) process.timeout = limit;
  }
  return task;
}

Result<TrialEnd> run_trial(const TaskConfig& task, const std::string& task_id,
                           const RunnerHeader& header, const TrialSite& site,
                           const std::optional<Crash>& crash) {
  TaskConfig run = task;
  if (crash && crash->point == CrashPoint::End) {
    for (ProcessConfig& process : run.processes) {
      if (process.name == crash->process) process = dies_unrecorded(process, site.marker);
    }
  }
  TaskSetup setup{site.paths, std::make_shared<const TaskConfig>(std::move(run)), header};
  setup.header.task_id = task_id;
  setup.header.sandbox = site.sandbox;
  setup.header.log_dir = site.paths.default_log_dir(task_id);
  Killer killer(crash);
  const auto state = run_in_foreground(std::move(setup), SyncMode::Crash, killer, {}, std::nullopt,
                                       [&](Reactor* reactor) { killer.enter(reactor); });
  if (!state) return state.error();
  auto stream = read_runner_stream(site.paths.runner_stream(task_id));
  if (!stream) return stream.error();
  TrialEnd end{*state, std::move(stream->history), false};
  end.crashed = crash && was_struck(end.history, *crash);
  return end;
}

}  // namespace thermos
