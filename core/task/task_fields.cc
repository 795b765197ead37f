#include "core/task/task_fields.h"

#include <array>
#include <utility>

namespace thermos::fields {
namespace {

constexpr std::string_view kLimits =
    "What the process may have of the machine: limits under a service with control groups, else "
    "recorded.";

constexpr std::array kResourcesFields = {
    field<&Resources::cpu>("cpu", "Cores; fractions are allowed.", {.unit = kCores}),
    field<&Resources::ram>("ram", "Memory, in bytes.", {.unit = kBytes}),
    field<&Resources::disk>("disk", "Disk space, in bytes.", {.unit = kBytes}),
};

constexpr std::array kConstraintFields = {
    field<&Constraint::order>("order",
                              "Names of processes: each waits until the one before it has "
                              "succeeded.",
                              {.filled = true, .required = "-"}),
};

constexpr std::array kRotateFields = {
    field<&RotatePolicy::log_size>(
        "log_size", "Bytes that one file may hold; a full one becomes stdout.1, and so on.",
        {.unit = kBytes}),
    field<&RotatePolicy::backups>("backups", "So many full files are kept."),
};

constexpr std::array kLoggerFields = {
    field<&Logger::destination>(
        "destination", "To files, to the terminal of whoever runs the task, to both, or nowhere."),
    field<&Logger::mode>("mode", "One file that grows, or files that are rotated."),
    field<&Logger::rotate>("rotate", "For the mode rotate."),
};

constexpr Unit kTimes{Kind::Real, 1000, "times"};

constexpr std::array kBackoffFields = {
    field<&Backoff::first>("first", "Seconds of the wait after the first failure in a row.",
                           {.unit = kSeconds}),
    field<&Backoff::factor>("factor", "Each wait is so many times as long as the one before.",
                            {.unit = kTimes}),
    field<&Backoff::most>("most", "Seconds that no wait exceeds.", {.unit = kSeconds}),
    field<&Backoff::reset>(
        "reset", "When a run that lasted so many seconds fails, the first wait is next again.",
        {.unit = kSeconds, .absent = "no reset is given"}),
};
constexpr std::array kReadyFields = {
    field<&Asking::cmd, Ready>(
        "cmd", "Ready when bash runs this and it exits with 0, as the process's user."),
    field<&Asking::tcp, Ready>("tcp",
                               "Ready when \"HOST:PORT\" takes a connection; HOST is an IP address "
                               "or localhost."),
    field<&Asking::unix_socket, Ready>(
        "unix", "Ready when the Unix socket at this path takes a connection."),
    field<&Asking::http, Ready>("http",
                                "Ready when a GET of this http:// URL is answered with a status of "
                                "200 to 399."),
    field<&Asking::file, Ready>("file", "Ready when there is something at this path."),
    field<&Asking::log, Ready>(
        "log", "Ready when this regular expression is found in a line of its output."),
    field<&Asking::notify, Ready>("notify",
                                  "Ready when it says READY=1 to its NOTIFY_SOCKET, as "
                                  "sd_notify(3) does."),
    field<&Asking::interval, Ready>("interval", "Seconds from one try to the next.",
                                    {.unit = kSeconds}),
    field<&Asking::timeout, Ready>("timeout", "Seconds that one try may take.", {.unit = kSeconds}),
    field<&Ready::within>("within",
                          "Seconds from its start within which the run is ready; else it has "
                          "failed.",
                          {.unit = kSeconds}),
};
constexpr std::size_t kQuestions = 7;  // the first fields

constexpr std::array kHealthyFields = {
    field<&Asking::cmd, Healthy>(
        "cmd", "Healthy when bash runs this and it exits with 0, as the process's user."),
    field<&Asking::tcp, Healthy>("tcp",
                                 "Healthy when \"HOST:PORT\" takes a connection; HOST is an IP "
                                 "address or localhost."),
    field<&Asking::unix_socket, Healthy>(
        "unix", "Healthy when the Unix socket at this path takes a connection."),
    field<&Asking::http, Healthy>(
        "http",
        "Healthy when a GET of this http:// URL is answered with a status "
        "of 200 to 399."),
    field<&Asking::file, Healthy>("file", "Healthy when there is something at this path."),
    field<&Asking::interval, Healthy>("interval", "Seconds from one question to the next.",
                                      {.unit = kSeconds}),
    field<&Asking::timeout, Healthy>("timeout", "Seconds that one answer may take.",
                                     {.unit = kSeconds}),
    field<&Healthy::failures>("failures",
                              "When so many answers in a row are no, the run is ended, and has "
                              "failed."),
};
constexpr std::size_t kHealthQuestions = 5;  // the first fields

constexpr std::array kSecretFields = {
    field<&Secret::file>("file",
                         "The file that holds it; relative to the configuration's directory."),
    field<&Secret::cmd>("cmd", "Bash runs this as the process's user, and it prints the secret."),
    field<&Secret::root>("root",
                         "The file is read as root, before the process becomes its user; only root "
                         "may say so."),
};
constexpr std::size_t kSecretSources = 2;  // the first fields

constexpr std::array kOnYieldFields = {
    field<&OnYield::signal>("signal", "The signal that asks it to end, by name or number.",
                            {.absent = "no signal is given: it is the stop_signal"}),
    field<&OnYield::wait>("wait",
                          "Seconds until SIGKILL, and never beyond the time that the task has.",
                          {.unit = kSeconds, .absent = "no wait is given"}),
};

constexpr std::array kNodesFields = {
    field<&Nodes::by>("by",
                      "What starts the nodes' coordinators: slurm, ssh:A,B, or A,B=COMMAND with "
                      "{node} in it.",
                      {.filled = true, .required = "it says what starts the nodes' coordinators"}),
    field<&Nodes::gone>("gone",
                        "A command with {node} in it that exits with 0 when the node is gone for "
                        "good."),
};

constexpr std::array kProcessFields = {
    field<&ProcessConfig::name>(
        "name",
        "1 to 243 bytes, unlike every other process's, without '/' and not beginning with '.'.",
        {.filled = true, .required = "-"}),
    field<&ProcessConfig::cmdline>(
        "cmdline", "What bash runs.",
        {.filled = true, .required = "it or 'argv' says what is run", .instead = "argv"}),
    field<&ProcessConfig::argv>(
        "argv", "A program and its arguments, run without a shell, instead of a cmdline.",
        {.instead = "cmdline"}),
    field<&ProcessConfig::needs>("needs",
                                 "Processes, and what must have come about of each before this one "
                                 "starts; a list: their success.",
                                 {.names_alone = true}),
    field<&ProcessConfig::max_failures>("max_failures",
                                        "So many failed runs fail the process; 0: no limit."),
    field<&ProcessConfig::max_kills>("max_kills",
                                     "So many runs that a signal killed, but not by an order, fail "
                                     "the process; 0: no limit."),
    field<&ProcessConfig::daemon>("daemon",
                                  "A success means: run it again. Others can need its start."),
    field<&ProcessConfig::ephemeral>(
        "ephemeral",
        "Neither holds the task open nor fails it: it is ended with the others' work."),
    field<&ProcessConfig::min_duration>("min_duration",
                                        "Seconds from the end of a run to the start of the next.",
                                        {.unit = kSeconds}),
    field<&ProcessConfig::backoff>(
        "backoff", "The wait before a rerun after failures in a row: without it, the task's.",
        {.absent = "no backoff is given"}),
    field<&ProcessConfig::timeout>(
        "timeout", "Seconds that a run may take; then it is ended, and has failed: \"timed out\".",
        {.unit = kSeconds, .absent = "no timeout is given"}),
    field<&ProcessConfig::final>("final",
                                 "A finalizer: runs after the others, whatever became of them."),
    field<&ProcessConfig::uses>("uses", "So much of the task's pools, while it runs."),
    field<&ProcessConfig::resources>("resources", kLimits, {.absent = "no resources are given"}),
    field<&ProcessConfig::logger>("logger",
                                  "What becomes of its output: without it, files that grow."),
    field<&ProcessConfig::env>("env", "Variables added to its environment, over the task's."),
    field<&ProcessConfig::env_file>(
        "env_file",
        "Files of NAME=VALUE lines for its environment, read when the task is loaded; 'env' goes "
        "over them.",
        {.one_alone = true, .left_out = true}),
    field<&ProcessConfig::secret>("secret",
                                  "Variables whose values are read when a run starts, and are on "
                                  "no record.",
                                  {.left_out = true}),
    field<&ProcessConfig::matrix>("matrix",
                                  "Lists of values: one process for each combination of them, "
                                  "which {{matrix.NAME}} names.",
                                  {.spread = true, .left_out = true}),
    field<&ProcessConfig::exclude>("exclude", "Combinations of the matrix that are left out.",
                                   {.spread = true, .left_out = true}),
    field<&ProcessConfig::cwd>(
        "cwd", "Where it starts, relative to the sandbox; a missing directory is made there.",
        {.absent = "no cwd is given"}),
    field<&ProcessConfig::input>("stdin", "A file of the sandbox that it reads as its input.",
                                 {.absent = "no stdin is given"}),
    field<&ProcessConfig::success_codes>("success_codes",
                                         "The exit codes, 0 to 255, that are a success."),
    field<&ProcessConfig::stop_signal>("stop_signal",
                                       "The signal that asks it to end, by name or number."),
    field<&ProcessConfig::stop_wait>(
        "stop_wait", "Seconds from stop_signal to SIGKILL, and never beyond the task's end.",
        {.unit = kSeconds, .absent = "no stop_wait is given"}),
    field<&ProcessConfig::on_yield>(
        "on_yield", "How it is asked to end when the machine is taken away; without it, as ever.",
        {.absent = "no on_yield is given"}),
    field<&ProcessConfig::time>(
        "time", "Seconds that a run takes: none starts when less is left of the allocation.",
        {.unit = kSeconds, .absent = "no time is given"}),
    field<&ProcessConfig::ready>("ready",
                                 "How it is known that the process is ready; until then it runs "
                                 "and is not ready.",
                                 {.absent = "nothing is given that tells when it is ready"}),
    field<&ProcessConfig::healthy>(
        "healthy",
        "What the process is asked as long as it runs, once it is ready: "
        "when it says no too often, the run has failed.",
        {.absent = "nothing is given that tells whether it is healthy"}),
    field<&ProcessConfig::notify>("notify",
                                  "It gets a NOTIFY_SOCKET for sd_notify(3), to say its STATUS and "
                                  "more. So it does for 'ready' by notify, and for 'watchdog'."),
    field<&ProcessConfig::watchdog>(
        "watchdog",
        "Seconds within which it says WATCHDOG=1 to its NOTIFY_SOCKET, again and again; else the "
        "run has failed.",
        {.unit = kSeconds, .absent = "no watchdog is given"}),
    field<&ProcessConfig::outputs>("outputs",
                                   "The files and directories of the sandbox that it makes; "
                                   "`thermos crashtest` compares them.",
                                   {.filled = true, .one_alone = true, .left_out = true}),
    field<&ProcessConfig::on>("on",
                              "The node that it runs on: a node's name, 'each' for all of them, or "
                              "'same-as NAME' for where another process is.",
                              {.left_out = true}),
    field<&ProcessConfig::needs_files>("needs_files",
                                       "Files of the sandbox that it reads: over many nodes, they "
                                       "are brought to its node before it starts.",
                                       {.filled = true, .one_alone = true, .left_out = true}),
    field<&ProcessConfig::makes_files>("makes_files",
                                       "Files of the sandbox that it makes: over many nodes, they "
                                       "come from its node before it counts as a success.",
                                       {.filled = true, .one_alone = true, .left_out = true}),
};

constexpr std::array kTaskFields = {
    field<&TaskConfig::name>(
        "name",
        "The task's name, by the rules of a process's name; without one, the first process's.",
        {.filled = true}),
    field<&TaskConfig::processes>(
        "processes", "The processes, in any order.",
        {.by_name = true, .required = "a task needs at least one process"}),
    field<&TaskConfig::constraints>("constraints",
                                    "What waits for what. Processes in no order run at once."),
    field<&TaskConfig::resources>(
        "resources",
        "What the task may have of the machine: limits under a service with control groups, else "
        "recorded.",
        {.absent = "no resources are given"}),
    field<&TaskConfig::max_failures>("max_failures",
                                     "So many failed processes fail the task; 0: no limit."),
    field<&TaskConfig::max_concurrency>("max_concurrency",
                                        "So many processes run at a time; 0: no limit."),
    field<&TaskConfig::keep_going>("keep_going",
                                   "Failed processes fail the task only when nothing more can "
                                   "run."),
    field<&TaskConfig::pools>("pools", "How much there is of what its processes use, by name."),
    field<&TaskConfig::finalization_wait>(
        "finalization_wait",
        "Seconds for ending what still runs and for the finalizers; then SIGKILL.",
        {.unit = kSeconds}),
    field<&TaskConfig::backoff>("backoff", "For the processes that have none of their own.",
                                {.absent = "no backoff is given"}),
    field<&TaskConfig::user>(
        "user", "The user that the processes run as; only root may name another than himself.",
        {.absent = "the task names no user; there is {{thermos.user}}"}),
    field<&TaskConfig::env>("env", "Variables added to the environment of every process."),
    field<&TaskConfig::env_file>(
        "env_file",
        "Files of NAME=VALUE lines for the environment of every process, read when the task is "
        "loaded; 'env' goes over them.",
        {.one_alone = true, .left_out = true}),
    field<&TaskConfig::secret>("secret", "Secrets of every process.", {.left_out = true}),
    field<&TaskConfig::cwd>("cwd", "Where processes without a cwd of their own start.",
                            {.absent = "no cwd is given"}),
    field<&TaskConfig::nodes>("nodes",
                              "The machines that the processes run on; without it, the machine of "
                              "whoever runs the task.",
                              {.absent = "no nodes are given"}),
};

// The tables below have the keys of Docker Compose, process-compose, supervisord and systemd that
// have an equivalent here.
constexpr std::string_view kRunsAgain = "after a failure, and 'daemon' after a success";

constexpr std::array kForeignProcessKeys = {
    ForeignKey{"command", "cmdline", "or 'argv' without a shell"},
    ForeignKey{"entrypoint", "argv", ""},
    ForeignKey{"args", "argv", "with the program first"},
    ForeignKey{"exec", "cmdline", ""},
    ForeignKey{"run", "cmdline", ""},
    ForeignKey{"script", "cmdline", ""},
    ForeignKey{"depends_on", "needs", "as {NAME: success | start | ready | end}"},
    ForeignKey{"requires", "needs", ""},
    ForeignKey{"after", "needs", ""},
    ForeignKey{"environment", "env", "an object of names and texts"},
    ForeignKey{"variables", "env", "an object of names and texts"},
    ForeignKey{"working_dir", "cwd", ""},
    ForeignKey{"working_directory", "cwd", ""},
    ForeignKey{"workdir", "cwd", ""},
    ForeignKey{"directory", "cwd", ""},
    ForeignKey{"restart", "max_failures", kRunsAgain},
    ForeignKey{"autorestart", "max_failures", kRunsAgain},
    ForeignKey{"availability", "max_failures", kRunsAgain},
    ForeignKey{"retries", "max_failures", "which counts the first run, too"},
    ForeignKey{"startretries", "max_failures", "which counts the first run, too"},
    ForeignKey{"max_restarts", "max_failures", "which counts the first run, too"},
    ForeignKey{"healthcheck", "healthy", "and 'ready' says when it may be used"},
    ForeignKey{"liveness_probe", "healthy", ""},
    ForeignKey{"readiness_probe", "ready", ""},
    ForeignKey{"stopsignal", "stop_signal", ""},
    ForeignKey{"kill_signal", "stop_signal", ""},
    ForeignKey{"stop_grace_period", "stop_wait", "in seconds"},
    ForeignKey{"stopwaitsecs", "stop_wait", "in seconds"},
    ForeignKey{"kill_timeout", "stop_wait", "in seconds"},
    ForeignKey{"shutdown", "stop_signal", "and 'stop_wait' in seconds"},
    ForeignKey{"exitcodes", "success_codes", "a list of numbers"},
    ForeignKey{"success_exit_codes", "success_codes", "a list of numbers"},
    ForeignKey{"stdout_logfile", "logger", ""},
    ForeignKey{"log_location", "logger", ""},
    ForeignKey{"logging", "logger", ""},
    ForeignKey{"secrets", "secret", "as {NAME: {file: PATH}}"},
    ForeignKey{"image", "argv", "as [docker, run, --rm, IMAGE]"},
    ForeignKey{"startsecs", "ready", "which says when it may be used"},
    ForeignKey{"ExecStart", "cmdline", "or 'argv' without a shell"},
    ForeignKey{"ExecStartPre", "needs", "of a process of its own"},
    ForeignKey{"Restart", "max_failures", kRunsAgain},
    ForeignKey{"RestartSec", "min_duration", "in seconds"},
    ForeignKey{"WorkingDirectory", "cwd", ""},
    ForeignKey{"Environment", "env", "an object of names and texts"},
    ForeignKey{"EnvironmentFile", "env_file", ""},
    ForeignKey{"After", "needs", ""},
    ForeignKey{"Requires", "needs", ""},
    ForeignKey{"KillSignal", "stop_signal", ""},
    ForeignKey{"TimeoutStopSec", "stop_wait", "in seconds"},
    ForeignKey{"RuntimeMaxSec", "timeout", "in seconds"},
    ForeignKey{"SuccessExitStatus", "success_codes", "a list of numbers"},
};

constexpr std::array kForeignTaskKeys = {
    ForeignKey{"services", "processes", "a list, or an object by their names"},
    ForeignKey{"programs", "processes", "a list, or an object by their names"},
    ForeignKey{"jobs", "processes", "a list, or an object by their names"},
    ForeignKey{"steps", "processes", "a list, or an object by their names"},
    ForeignKey{"depends_on", "constraints", "as [{order: [FIRST, THEN]}]"},
    ForeignKey{"environment", "env", "an object of names and texts"},
    ForeignKey{"variables", "env", "an object of names and texts"},
    ForeignKey{"working_dir", "cwd", ""},
    ForeignKey{"working_directory", "cwd", ""},
    ForeignKey{"workdir", "cwd", ""},
    ForeignKey{"concurrency", "max_concurrency", ""},
    ForeignKey{"parallel", "max_concurrency", ""},
};

// The compiler evaluates the table, and only a few comparisons are left of it.
template <std::size_t kAt>
bool field_in_range(const ProcessConfig& process) {
  constexpr const Field& kField = kProcessFields[kAt];
  if constexpr (has_range(kField.type.kind)) {
    constexpr auto kView = kField.view;  // a constant, so that no call is left
    const View value{&kField.type, kView(&process)};
    return !value || is_in_range(value);
  }
  return true;
}

template <std::size_t... kAll>
bool fields_in_range(const ProcessConfig& process, std::index_sequence<kAll...> /*of the table*/) {
  // A field without a range is never out of range.
  return (field_in_range<kAll>(process) && ...);  // GCOVR_EXCL_BR_LINE: see above
}

}  // namespace

template <>
const ObjectType& object_type<Resources>() {
  static const Resources usual;
  static const ObjectType type{
      .name = "resources",
      .noun = "resources",
      .about =
          "What is wanted of the machine: limits under a service with control groups, else "
          "recorded.",
      .fields = kResourcesFields,
      .usual = &usual,
      .plural = true,
  };
  return type;
}

template <>
const ObjectType& object_type<Constraint>() {
  static const Constraint usual;  // GCOVR_EXCL_BR_LINE: two threads that meet here
  static const ObjectType type{
      .name = "constraint",
      .noun = "a constraint",
      .about = "An order among processes of the task.",
      .fields = kConstraintFields,
      .usual = &usual,
  };
  return type;
}

template <>
const ObjectType& object_type<RotatePolicy>() {
  static const RotatePolicy usual;
  static const ObjectType type{
      .name = "rotate",
      .noun = "a rotate policy",
      .about = "How large log files get, and how many are kept.",
      .fields = kRotateFields,
      .usual = &usual,
  };
  return type;
}

template <>
const ObjectType& object_type<Logger>() {
  static const Logger usual;
  static const ObjectType type{
      .name = "logger",
      .noun = "a logger",
      .about = "What becomes of what a process prints.",
      .fields = kLoggerFields,
      .usual = &usual,
  };
  return type;
}

template <>
const ObjectType& object_type<Backoff>() {
  static const Backoff usual;
  static const ObjectType type{
      .name = "backoff",
      .noun = "a backoff",
      .about = "How long a process waits before it runs again after failures in a row.",
      .fields = kBackoffFields,
      .usual = &usual,
  };
  return type;
}

template <>
const ObjectType& object_type<Ready>() {
  static const Ready usual;  // GCOVR_EXCL_BR_LINE: two threads that meet here
  static const ObjectType type{
      .name = "ready",
      .noun = "a ready",
      .about = "What is asked until the process is ready.",
      .fields = kReadyFields,
      .usual = &usual,
      .choices = kQuestions,
  };
  return type;
}

template <>
const ObjectType& object_type<Healthy>() {
  static const Healthy usual;  // GCOVR_EXCL_BR_LINE: two threads that meet here
  static const ObjectType type{
      .name = "healthy",
      .noun = "a healthy",
      .about = "What is asked as long as the process runs.",
      .fields = kHealthyFields,
      .usual = &usual,
      .choices = kHealthQuestions,
  };
  return type;
}

template <>
const ObjectType& object_type<Secret>() {
  static const Secret usual;  // GCOVR_EXCL_BR_LINE: two threads that meet here
  static const ObjectType type{
      .name = "secret",
      .noun = "a secret",
      .about = "Where the value of a variable comes from that is on no record.",
      .fields = kSecretFields,
      .usual = &usual,
      .short_form = true,
      .choices = kSecretSources,
  };
  return type;
}

template <>
const ObjectType& object_type<OnYield>() {
  static const OnYield usual;  // GCOVR_EXCL_BR_LINE: two threads that meet here
  static const ObjectType type{
      .name = "on_yield",
      .noun = "an on_yield",
      .about = "How a run is asked to end when the machine is taken away.",
      .fields = kOnYieldFields,
      .usual = &usual,
  };
  return type;
}

template <>
const ObjectType& object_type<Nodes>() {
  static const Nodes usual;  // GCOVR_EXCL_BR_LINE: two threads that meet here
  static const ObjectType type{
      .name = "nodes",
      .noun = "nodes",
      .about = "The machines that a task runs on.",
      .fields = kNodesFields,
      .usual = &usual,
      .plural = true,
      .short_form = true,
  };
  return type;
}

template <>
const ObjectType& object_type<ProcessConfig>() {
  static const ProcessConfig usual;  // GCOVR_EXCL_BR_LINE: two threads that meet here
  static const ObjectType type{
      .name = "process",
      .noun = "a process",
      .about = "One command, run in the sandbox.",
      .fields = kProcessFields,
      .usual = &usual,
      .scope = true,
      .foreign = kForeignProcessKeys,
  };
  return type;
}

template <>
const ObjectType& object_type<TaskConfig>() {
  static const TaskConfig usual;  // GCOVR_EXCL_BR_LINE: two threads that meet here
  static const ObjectType type{
      .name = "task",
      .noun = "a task",
      .about = "A graph of processes that run on one machine.",
      .fields = kTaskFields,
      .usual = &usual,
      .foreign = kForeignTaskKeys,
  };
  return type;
}

bool numbers_in_range(const ProcessConfig& process) {
  return fields_in_range(process, std::make_index_sequence<kProcessFields.size()>());
}

}  // namespace thermos::fields
