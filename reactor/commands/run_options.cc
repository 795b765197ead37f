#include "reactor/commands/run_options.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "core/record/trace_context.h"
#include "core/task/check_launch.h"
#include "core/task/one_per_node.h"
#include "reactor/cli/output.h"
#include "reactor/commands/log_rotate_option.h"
#include "reactor/commands/run_screen.h"
#include "reactor/host/allocation.h"
#include "reactor/host/foreground.h"
#include "reactor/host/node_starter.h"
#include "reactor/host/sync_mode.h"
#include "reactor/host/task_setup.h"
#include "reactor/os/account.h"
#include "reactor/os/clocks.h"
#include "reactor/os/errors.h"

namespace thermos {
namespace {

Error not_permitted(std::string message) {
  return Error{ErrorCode::NotPermitted, std::move(message)};
}

// Removes the directories that were made for a task if the task then does not start.
class Sandbox {
 public:
  // Makes `path` and its missing parents, and gives them to `owner`, if there is one.
  Status make(const std::string& path, const std::optional<Account>& owner) {
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
      const std::string part = path.substr(0, slash);
      if (::mkdir(part.c_str(), 0755) == 0) {
        made_.push_back(part);
        if (owner && slash == std::string::npos &&
            ::lchown(part.c_str(), owner->uid, owner->gid) != 0) {
          return failure(part);
        }
      } else if (errno != EEXIST) {
        // EACCES or EROFS for a parent do not matter if the parent exists.
        struct stat status {};
        const int why = errno;
        if (::stat(part.c_str(), &status) != 0) {
          errno = why;
          return failure(part);
        }
      }
      if (slash == std::string::npos) break;
    }
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return failure(path);
    if (!S_ISDIR(status.st_mode)) {
      return Error{ErrorCode::Usage, "--sandbox " + path + ": not a directory"};
    }
    return Done{};
  }

  void unmake() {
    while (!made_.empty()) {
      ::rmdir(made_.back().c_str());
      made_.pop_back();
    }
  }

 private:
  static Error failure(const std::string& path) {
    return system_error(code_of_named(errno), "--sandbox: " + path, errno);
  }

  std::vector<std::string> made_;
};

Result<std::uint32_t> parse_keep_logs(const RunOptions& options) {
  if (!options.keep_logs) return kDefaultKeepLogs;
  const Result<std::uint64_t> count = parse_count("--keep-logs", *options.keep_logs);
  if (!count) return count.error();
  if (*count > std::numeric_limits<std::uint32_t>::max()) {
    return Error{ErrorCode::Usage, "--keep-logs " + *options.keep_logs +
                                       ": the number is too large; 0 keeps the output of all runs"};
  }
  return static_cast<std::uint32_t>(*count);
}

Result<std::string> current_directory() {
  char buffer[4096];
  if (::getcwd(buffer, sizeof buffer) == nullptr) {
    return system_error("the current directory", errno);
  }
  return std::string(buffer);
}

}  // namespace

Status check_user(const std::string& user) {
  const Account caller = caller_account();
  if (user.empty() || user == caller.name) return Done{};
  const auto account = find_account(user);
  if (::geteuid() == 0) {
    if (account) return Done{};
    return Error{ErrorCode::Usage, "user '" + user + "': there is none on this machine"};
  }
  if (account && account->uid == caller.uid) return Done{};
  return not_permitted("only root may run a task as '" + user + "'; you are " + caller.name);
}

void RunOptions::add_to(OptionParser& parser) {
  parser.text("--sandbox", sandbox);
  parser.text("--task-id,--task_id", task_id);
  parser.text("--user", user);
  parser.flag("--chroot,--enable_chroot", chroot);
  parser.texts("-P,--port", ports);
  parser.texts("-E,--environment", environment);
  parser.text("--keep-logs", keep_logs);
  parser.text("--log-rotate", log_rotate);
  parser.text("--nodes", nodes);
}

void RunOptions::add_screen_to(OptionParser& parser) {
  parser.text("--sync", sync);
  parser.flag("-q,--quiet", quiet);
  parser.flag("-v,--verbose", verbose);
  parser.flag("--output", output);
  yield.add_to(parser);
}

Result<ConfigurationWords> check_run_options(const RunOptions& options, const Ports& recorded) {
  ConfigurationWords words;
  Result<Ports> ports = parse_ports(options.ports, recorded);
  if (!ports) return ports.error();
  Result<std::map<std::string, std::string>> environment = parse_environment(options.environment);
  if (!environment) return environment.error();
  if (options.sync && *options.sync != "power" && *options.sync != "crash") {
    return Error{ErrorCode::Usage, "--sync " + *options.sync + ": it is power or crash"};
  }
  if (const Result<std::uint32_t> keep = parse_keep_logs(options); !keep) return keep.error();
  if (options.log_rotate) {
    if (auto policy = parse_log_rotate(*options.log_rotate); !policy) return policy.error();
  }
  const Result<Microseconds> limit = parse_eval_timeout(options.eval_timeout);
  if (!limit) return limit.error();
  words.eval_timeout = *limit;
  if (!options.task_id.empty()) {
    if (Status id = check_task_id(options.task_id); !id) {
      return Error{ErrorCode::Usage, "--task-id " + options.task_id + ": " + id.error().message};
    }
  }
  if (options.chroot) {
    if (options.sandbox.empty()) {
      return Error{ErrorCode::Usage, "--chroot needs --sandbox, which becomes the root directory"};
    }
    if (::geteuid() != 0) return not_permitted("--chroot: only root may change the root");
  }
  if (Status user = check_user(options.user); !user) return user.error();
  words.json = options.json;
  words.task_name = options.task_name;
  words.task_id = options.task_id;
  words.user = options.user;
  words.ports = std::move(*ports);
  words.environment = std::move(*environment);
  return words;
}

Status apply_options(const RunOptions& options, const AncestorOptions& old, TaskConfig& task) {
  std::optional<RotatePolicy> rotate;
  if (options.log_rotate) {
    const Result<RotatePolicy> policy = parse_log_rotate(*options.log_rotate);
    if (!policy) return policy.error();
    rotate = *policy;
  }
  if (Status applied = old.apply(task, rotate); !applied) return applied.error();
  if (rotate) rotate_logs(task, *rotate);
  if (options.nodes) {
    if (!task.nodes) task.nodes.emplace();
    task.nodes->by = *options.nodes;
  }
  std::vector<std::string> names;
  if (task.nodes) {
    auto starter = find_nodes(*task.nodes);
    if (!starter) return starter.error();
    names = std::move(starter->names);
  }
  spread_over(task, names);
  return Done{};
}

namespace {

// A resumed task keeps its sandbox and its user. Fails if the options ask for others.
Status check_recorded(const RunOptions& options, const RunnerHeader& recorded) {
  const auto refuse = [&](const std::string& option, const std::string& what) {
    return Error{ErrorCode::BadConfig, "task " + recorded.task_id + " is resumed " + what +
                                           "; give another --task-id, or leave out " + option};
  };
  if (!options.user.empty() && options.user != recorded.user) {
    return refuse("--user", "as " + recorded.user + ", not as " + options.user);
  }
  const std::string sandbox = absolute_path(options.sandbox);
  std::error_code neither;
  if (!options.sandbox.empty() && sandbox != recorded.sandbox &&
      !std::filesystem::equivalent(sandbox, recorded.sandbox, neither)) {
    return refuse("--sandbox", "in " + recorded.sandbox + ", not in " + sandbox);
  }
  if (options.chroot && !recorded.chroot) return refuse("--chroot", "without --chroot");
  return Done{};
}

Result<TaskState> run_on_screen(const TaskSetup& setup, SyncMode sync, const RunOptions& options,
                                const Yielding& yielding, const CommonOptions& common) {
  RunScreen screen(*setup.task, options, common, common.paths());
  Result<TaskState> ended =
      run_in_foreground(setup, sync, screen.transcript(), yielding, std::nullopt,
                        [&](Reactor* reactor) { screen.enter(reactor); });
  screen.finish();
  return ended;
}

std::string log_dir_in(const std::string& sandbox) {
  return sandbox == "/" ? "/.logs" : sandbox + "/.logs";
}

// Makes the new task run where its predecessor ran, with its own log directory beside the
// predecessor's.
void go_on_from(const RunnerHeader& before, TaskSetup& setup) {
  RunnerHeader& header = setup.header;
  header.continues = before.task_id;
  header.sandbox = before.sandbox;
  header.chroot = before.chroot;
  const std::string in_sandbox = log_dir_in(before.sandbox);
  header.log_dir = before.log_dir.starts_with(in_sandbox)
                       ? in_sandbox
                       : setup.paths.default_log_dir(header.task_id);
}

}  // namespace

std::string trace_parent_around() {
  const char* const around = std::getenv("TRACEPARENT");
  const auto parent = trace_parent_from(around == nullptr ? "" : around);
  return parent ? text_of(*parent) : std::string();
}

CommandOutcome run_bound_task(BoundTask bound, const ConfigurationWords& words,
                              const RunOptions& options, const CommonOptions& common,
                              const std::optional<RunnerHeader>& recorded,
                              const Predecessor& predecessor) {
  if (Status user = check_user(bound.user); !user) {
    // A task that has begun is resumed even if its user no longer exists, because its processes
    // must be led.
    const bool unknown = user.error().code == ErrorCode::Usage;
    if (unknown && !recorded) return Error{ErrorCode::BadConfig, user.error().message};
    if (!unknown) return user.error();
  }
  if (::geteuid() != 0 && reads_as_root(bound.task)) {
    return not_permitted("only root may have a secret's file read as root");
  }
  if (recorded) {
    if (Status same = check_recorded(options, *recorded); !same) return same.error();
  }
  TaskSetup setup{common.paths(), std::make_shared<const TaskConfig>(std::move(bound.task)), {}};
  setup.place = find_place();
  const Result<YieldRules> rules =
      options.yield.rules(*setup.task, setup.place, read_clocks().wall);
  if (!rules) return rules.error();
  setup.place.until = rules->until;
  setup.hold = rules->yielding.on_term ? kHoldEnds : 0;
  setup.take_over = options.yield.take_over;
  RunnerHeader& header = setup.header;
  header.task_id = bound.task_id;
  header.user = bound.user;
  header.chroot = options.chroot;
  header.hostname = options.hostname;
  header.ports = words.ports;
  header.trace_parent = trace_parent_around();
  header.keep_logs = parse_keep_logs(options).value();  // check_run_options() checked it
  const Account caller = caller_account();
  std::optional<Account> account = caller;
  if (bound.user != caller.name) account = find_account(bound.user);
  // If there is no such user, the launch fails and records that.
  header.uid = account ? account->uid : static_cast<uid_t>(-1);

  Sandbox sandbox;
  if (recorded) {
    header.sandbox = recorded->sandbox;
    header.log_dir = recorded->log_dir;
  } else if (predecessor.history != nullptr) {
    setup.predecessor = predecessor;
    go_on_from(*predecessor.history->header(), setup);
  } else if (options.sandbox.empty()) {
    Result<std::string> here = current_directory();
    if (!here) return here.error();
    header.sandbox = std::move(*here);
    header.log_dir = setup.paths.default_log_dir(bound.task_id);
  } else {
    header.sandbox = absolute_path(options.sandbox);
    header.log_dir = log_dir_in(header.sandbox);
    const bool other = account && account->uid != caller.uid;
    if (Status made = sandbox.make(header.sandbox, other ? account : std::nullopt); !made) {
      sandbox.unmake();
      return made.error();
    }
  }

  const SyncMode sync = options.sync == "crash" ? SyncMode::Crash : SyncMode::Power;
  const Result<TaskState> ended = run_on_screen(setup, sync, options, rules->yielding, common);
  if (!ended) {
    sandbox.unmake();
    return ended.error();
  }
  if (!is_terminal(*ended)) return static_cast<ExitStatus>(rules->exit_status);
  return exit_status_of(*ended);
}

}  // namespace thermos
