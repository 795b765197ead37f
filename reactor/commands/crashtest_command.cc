#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/explain/ending.h"
#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/run_options.h"
#include "reactor/configuration/odd_references.h"
#include "reactor/configuration/unused_bindings.h"
#include "reactor/crash/crash_report.h"
#include "reactor/crash/crash_trial.h"
#include "reactor/os/account.h"
#include "reactor/os/clocks.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"
#include "reactor/store/log_directory.h"
#include "reactor/views/log_end.h"
#include "reactor/views/record_lines.h"

namespace thermos {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCrashtestHelp =
    R"(Usage: thermos crashtest [OPTIONS] CONFIG [PROCESS...]

Shows which commands of CONFIG can't be run twice. A machine may fail at any
moment, and then thermos runs again what had not ended on record. So this runs
the task in fresh directories: twice without a crash, then once for each process
(or those that are named) with that one killed at its start, once in its middle,
and once after its end before that was recorded. Then it compares the files that
processes name in `outputs` (or all of them) with those of the run without a
crash. CONFIG must not touch what lies elsewhere.

  --sandbox D       begin each time with a copy of what is in D
  --keep            keep what was made, and say where
  --json            as one JSON object
  --task NAME, --task-id ID, -P NAME:PORT, -E NAME=VALUE, --eval-timeout S
                    see `thermos run --help`
  --log-level L, --no-color: see `thermos --help`. TMPDIR: where it takes place

Exit status: 0 all can be run twice, 1 some can't, 2 interrupted, 64 usage, 65
bad CONFIG, or a task that fails without a crash, 66 no such file or process.
)";

constexpr std::size_t kMostHang = 10;  // times as long as the task took without a crash
constexpr Microseconds kLeastLimit = 10 * kSecond;

// The directories of all trials. The destructor removes them unless keep() was called.
class Workplace {
 public:
  static Result<Workplace> make(std::string pattern) {
    const char* base = std::getenv("TMPDIR");
    const std::string where = base == nullptr || *base == '\0' ? "/tmp" : base;
    std::string path = absolute_path(where) + "/thermos-crashtest-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) {
      return system_error(path, errno);
    }
    return Workplace(std::move(path), std::move(pattern));
  }
  ~Workplace() {
    if (!path_.empty() && !kept_) remove(path_);
  }
  Workplace(Workplace&& other) noexcept
      : path_(std::exchange(other.path_, {})),
        pattern_(std::move(other.pattern_)),
        kept_(other.kept_) {}
  Workplace& operator=(Workplace&&) = delete;
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  const std::string& path() const { return path_; }
  std::string in(std::string_view name) const { return path_ + "/" + std::string(name); }
  void keep() { kept_ = true; }

  // A fresh sandbox, always at the same place: commands may write down where they are.
  Result<TrialSite> begin(const std::string& name) const {
    const std::string sandbox = in("sandbox");
    std::error_code error;
    fs::create_directories(sandbox, error);
    if (!error && !pattern_.empty()) {
      fs::copy(pattern_, sandbox, fs::copy_options::recursive | fs::copy_options::copy_symlinks,
               error);
    }
    if (error) return Error{ErrorCode::System, sandbox + ": " + error.message()};
    return TrialSite{Paths(in(name + ".root")), sandbox, in(name + ".struck")};
  }
  // Moves the sandbox that the trial left to `name`.
  Status end(const std::string& name) const {
    std::error_code error;
    fs::rename(in("sandbox"), in(name), error);
    if (error) return Error{ErrorCode::System, in(name) + ": " + error.message()};
    return Done{};
  }
  void drop(const std::string& name) const {
    if (kept_) return;
    for (const char* suffix : {"", ".root", ".struck"}) remove(in(name + suffix));
  }

 private:
  Workplace(std::string path, std::string pattern)
      : path_(std::move(path)), pattern_(std::move(pattern)) {}
  // Ignores errors, because a command may have removed the access rights of its own directories.
  static void remove(const std::string& path) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }

  std::string path_;
  std::string pattern_;
  bool kept_ = false;
};

// While such an object lives, no warnings are logged, because they would be about crashes that are
// intended.
class NoWarnings {
 public:
  NoWarnings() : level_(spdlog::get_level()) {
    if (level_ == spdlog::level::warn) spdlog::set_level(spdlog::level::err);
  }
  ~NoWarnings() { spdlog::set_level(level_); }
  NoWarnings(const NoWarnings&) = delete;
  NoWarnings& operator=(const NoWarnings&) = delete;

 private:
  spdlog::level::level_enum level_;
};

// Returns which process failed, and the last line that it printed. Prefers `process`.
std::string failure_text(const History& history, std::string_view process) {
  std::vector<FailedRun> failures = failures_of(history);
  std::stable_partition(failures.begin(), failures.end(),
                        [&](const FailedRun& run) { return run.process == process; });
  if (failures.empty()) return "no process failed";
  const FailedRun& failed = failures.front();
  const RunnerHeader& header = *history.header();
  const LogEnd end =
      read_log_end(header, log_reader_of(header, ::geteuid()), failed.process, failed.run);
  std::string text = fmt::format("{}, run {}: {}", printable(failed.process), failed.run,
                                 ending_words(failed.return_code, failed.reason, end.lines));
  if (!end.lines.empty()) text += ": " + printable(end.lines.back());
  return text;
}

class Crashtest {
 public:
  Crashtest(BoundTask bound, RunnerHeader header, Workplace& place)
      : bound_(std::move(bound)), header_(std::move(header)), place_(place) {
    for (const ProcessConfig& process : bound_.task.processes) {
      outputs_.insert(outputs_.end(), process.outputs.begin(), process.outputs.end());
    }
    report_.task_id = bound_.task_id;
  }

  // Tries these processes, or all if `names` is empty. Fails with BadConfig if the task fails
  // without a crash, and with Busy if someone interrupted it.
  Result<CrashReport> carry_out(const std::vector<std::string>& names);

 private:
  struct Usual {
    bool succeeded = false;
    std::optional<Microseconds> took;  // the duration of its first run
  };

  void say(const std::string& what);
  Result<TrialEnd> run(const std::string& name, const std::optional<Crash>& crash);
  Status run_undisturbed();
  Status run_crashed(const ProcessConfig& process, CrashPoint point);
  std::vector<FileDifference> compare(const std::string& name) const;

  BoundTask bound_;
  RunnerHeader header_;
  Workplace& place_;
  std::vector<std::string> outputs_;
  std::map<std::string, Usual, std::less<>> usual_;
  std::optional<Microseconds> limit_;
  std::size_t trials_ = 0;
  std::size_t done_ = 0;
  Output errors_{STDERR_FILENO};
  CrashReport report_;
};

void Crashtest::say(const std::string& what) {
  if (!errors_.terminal()) return;
  errors_.print(what.empty()
                    ? "\r\x1b[K"
                    : "\r\x1b[K" + cut_end(fmt::format("[{}/{}] {}", done_, trials_, what),
                                           std::max<std::size_t>(errors_.columns(), 2) - 1));
}

Result<TrialEnd> Crashtest::run(const std::string& name, const std::optional<Crash>& crash) {
  const auto site = place_.begin(name);
  if (!site) return site.error();
  std::optional<NoWarnings> quiet;
  if (crash) quiet.emplace();
  auto end = run_trial(for_trials(bound_.task, limit_), bound_.task_id, header_, *site, crash);
  if (!end) return end;
  if (end->state == TaskState::Killed) return Error{ErrorCode::Busy, "interrupted"};
  if (Status moved = place_.end(name); !moved) return moved.error();
  ++done_;
  return end;
}

Status Crashtest::run_undisturbed() {
  for (const char* name : {"first", "second"}) {
    say("without a crash");
    const auto end = run(name, std::nullopt);
    if (!end) return end.error();
    if (end->state != TaskState::Success) {
      return Error{ErrorCode::BadConfig, "without a crash, the task ends " +
                                             std::string(name_of(end->state)) + ": " +
                                             failure_text(end->history, {})};
    }
    if (!usual_.empty()) break;
    const auto& steps = end->history.steps();
    report_.took = steps.back().status.at.boot - steps.front().status.at.boot;
    for (const ProcessHistory& process : end->history.processes()) {
      const Run* first = process.run(0);
      if (first == nullptr) continue;
      usual_[process.name] = {first->state == ProcessState::Success, run_duration(*first)};
    }
  }
  limit_ = std::max(kLeastLimit, static_cast<Microseconds>(kMostHang) * report_.took);
  report_.files = count_files(place_.in("first"), outputs_);
  report_.unstable = compare_trees(place_.in("first"), place_.in("second"), outputs_);
  place_.drop("second");
  return Done{};
}

// Returns the differences to the first run, without those that occur without a crash, too, and
// without what lies below these.
std::vector<FileDifference> Crashtest::compare(const std::string& name) const {
  auto differences = compare_trees(place_.in("first"), place_.in(name), outputs_);
  std::erase_if(differences, [&](const FileDifference& one) {
    return std::any_of(
        report_.unstable.begin(), report_.unstable.end(), [&](const FileDifference& unstable) {
          return one.path == unstable.path || one.path.starts_with(unstable.path + "/");
        });
  });
  return differences;
}

Status Crashtest::run_crashed(const ProcessConfig& process, CrashPoint point) {
  const Usual& usual = usual_[process.name];
  const Microseconds middle = usual.took.value_or(0) / 2;
  const std::string name = fmt::format("{}.{}", done_, name_of(point));
  say(fmt::format("{}, {}", printable(process.name), name_of(point)));
  const auto end = run(name, Crash{process.name, point, middle});
  if (!end) return end.error();
  TrialFinding finding{process.name, point, TrialOutcome::Same, end->state, {}, {}};
  if (!end->crashed) {
    finding.outcome = TrialOutcome::NotReached;
  } else if (end->state != TaskState::Success) {
    finding.outcome = TrialOutcome::Failed;
    finding.reason = failure_text(end->history, process.name);
  } else {
    finding.differences = compare(name);
    if (!finding.differences.empty()) finding.outcome = TrialOutcome::Differs;
  }
  report_.trials.push_back(std::move(finding));
  place_.drop(name);
  return Done{};
}

Result<CrashReport> Crashtest::carry_out(const std::vector<std::string>& names) {
  std::vector<const ProcessConfig*> tried;
  for (const ProcessConfig& process : bound_.task.processes) {
    const bool named = std::find(names.begin(), names.end(), process.name) != names.end();
    if (names.empty() || named) tried.push_back(&process);
  }
  trials_ = 2 + kCrashPoints.size() * tried.size();
  Status went = run_undisturbed();
  for (const ProcessConfig* process : tried) {
    for (const CrashPoint point : kCrashPoints) {
      if (!went) break;
      // A service has no end of its own.
      if (point == CrashPoint::End && !usual_[process->name].succeeded) {
        ++done_;
        continue;
      }
      went = run_crashed(*process, point);
    }
  }
  say("");
  if (!went) return went.error();
  return report_;
}

Status check_names(const TaskConfig& task, const std::vector<std::string>& names) {
  std::vector<std::string> all;
  for (const ProcessConfig& process : task.processes) all.push_back(process.name);
  for (const std::string& name : names) {
    if (std::find(all.begin(), all.end(), name) != all.end()) continue;
    return Error{ErrorCode::NotFound,
                 task.name + " has no process '" + name + "'" + did_you_mean(name, all)};
  }
  return Done{};
}

}  // namespace

CommandOutcome crashtest_command(const Arguments& arguments, CommonOptions common) {
  RunOptions options;
  bool keep = false;
  bool json = false;
  OptionParser parser("crashtest", kCrashtestHelp, common);
  parser.text("--sandbox", options.sandbox);
  parser.flag("--keep", keep);
  parser.flag("--json", json);
  parser.text("--task", options.task_name);
  parser.text("--task-id,--task_id", options.task_id);
  parser.texts("-P,--port", options.ports);
  parser.texts("-E,--environment", options.environment);
  parser.text("--eval-timeout", options.eval_timeout);
  const Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  if ((*parsed)->empty()) {
    return Error{ErrorCode::Usage, "crashtest: CONFIG is missing (\"-\" is standard input)"};
  }
  const std::vector<std::string> names((*parsed)->begin() + 1, (*parsed)->end());
  const Result<ConfigurationWords> words = check_run_options(options);
  if (!words) return words.error();
  const Result<ConfigurationText> text = read_configuration((*parsed)->front(), *words);
  if (!text) return text.error();
  Result<BoundTask> bound = bind_configuration(*text, *words, read_clocks().wall);
  if (!bound) return bound.error();
  if (Status good = check_shell_syntax(*bound, *text, *words); !good) return good.error();
  warn_of_odd_references(*text);
  warn_of_unused_bindings(*text, *words);
  if (Status known = check_names(bound->task, names); !known) return known.error();
  const Account caller = caller_account();
  if (bound->user != caller.name) {
    return Error{ErrorCode::NotPermitted, "crashtest: runs a task as its caller, " + caller.name +
                                              ", and not as " + bound->user};
  }
  std::string pattern;
  if (!options.sandbox.empty()) {
    pattern = absolute_path(options.sandbox);
    if (!fs::is_directory(pattern)) {
      return Error{ErrorCode::NotFound, "--sandbox " + options.sandbox + ": not a directory"};
    }
  }

  auto place = Workplace::make(pattern);
  if (!place) return place.error();
  if (keep) place->keep();
  RunnerHeader header;
  header.user = caller.name;
  header.uid = caller.uid;
  header.ports = words->ports;
  auto report = Crashtest(std::move(*bound), std::move(header), *place).carry_out(names);
  if (!report) {
    if (report.error().code == ErrorCode::Busy) return kExitKilled;
    return report.error();
  }
  if (keep) report->kept = place->path();
  Output out(STDOUT_FILENO);
  out.print(json ? json_text(report_json(*report)) : report_text(*report));
  if (auto printed = finish_output(out); !printed) return printed;
  return report->can_run_twice() ? kExitDone : kExitFailed;
}

}  // namespace thermos
