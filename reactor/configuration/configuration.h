// Makes a checked task from the arguments of a command.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/config/load.h"
#include "core/task/task.h"

namespace thermos {

// The default of --eval-timeout: much longer than a configuration needs, and short enough to wait
// for.
constexpr Microseconds kDefaultEvalTimeout = 60 * kSecond;

// The arguments that bind the references of a configuration.
struct ConfigurationWords {
  std::string task_name;  // --task; empty: the only task
  std::string task_id;    // --task-id; empty: made from the task's name
  std::string user;       // --user; empty: the user in the configuration, or the caller
  std::map<std::string, std::uint16_t> ports;      // -P
  std::map<std::string, std::string> environment;  // -E
  // --eval-timeout: the time limit for evaluating a file in Python; 0: no limit.
  Microseconds eval_timeout = kDefaultEvalTimeout;
  bool json = false;  // --json: the file is not Python, whatever its name
  // The pools that the task may use: a submitted task may also use those of the daemon.
  PoolsOf pools = PoolsOf::Task;
};

// Parses the value of --eval-timeout. Returns the default if it is not given. Fails with Usage.
Result<Microseconds> parse_eval_timeout(const std::optional<std::string>& given);

// The text of a configuration, and the name for it in errors.
struct ConfigurationText {
  std::string text;
  std::string where;
  config::Form form = config::Form::Written;
};

// Reads a configuration file; "-" is standard input. python3 evaluates a .thermos or .aurora file,
// with the rights of this program. Fails with NotFound, NotPermitted or System, and with BadConfig
// if the evaluation fails.
Result<ConfigurationText> read_configuration(const std::string& path,
                                             const ConfigurationWords& words);

struct BoundTask {
  TaskConfig task;
  std::string task_id;
  std::string user;  // the user that the task runs as
};

// Binds all references and checks the task. `wall` is the wall time for a generated task id. Fails
// with BadConfig or Usage.
Result<BoundTask> bind_configuration(const ConfigurationText& text, const ConfigurationWords& words,
                                     Microseconds wall);

// Fails with BadConfig for a command line that bash can't parse; the message names its place. Call
// this before a new task begins, but not for a resumed task, and not with --chroot, because another
// bash will run its command lines.
Status check_shell_syntax(const BoundTask& bound, const ConfigurationText& text,
                          const ConfigurationWords& words);
// Returns these errors, at most `most`.
std::vector<Error> find_shell_faults(const BoundTask& bound, const ConfigurationText& text,
                                     const ConfigurationWords& words, std::size_t most);

// Returns all errors for which bind_configuration() would fail; see config::find_faults().
std::vector<Error> find_faults(const ConfigurationText& text, const ConfigurationWords& words,
                               Microseconds wall);

// Returns NAME-YYYYmmdd-HHMMSS.uuuuuu. A name that would be too long for a file name is cut.
std::string make_task_id(const std::string& name, Microseconds wall);

}  // namespace thermos
