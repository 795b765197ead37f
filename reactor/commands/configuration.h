// From the words of a command line to a task that can run.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/config/load.h"
#include "core/task/task.h"

namespace thermos {

// Far more than any file takes, and short enough for somebody to wait for.
constexpr Microseconds kDefaultEvalTimeout = 60 * kSecond;

// What binds the references of a configuration.
struct ConfigurationWords {
  std::string task_name;                           // --task; empty: the only one
  std::string task_id;                             // --task-id; empty: made from the task's name
  std::string user;                                // --user; empty: the task's own, or the caller
  std::map<std::string, std::uint16_t> ports;      // -P
  std::map<std::string, std::string> environment;  // -E
  // --eval-timeout: what a file in Python may take; 0: no limit.
  Microseconds eval_timeout = kDefaultEvalTimeout;
};

// What --eval-timeout was given, if it was. Usage.
Result<Microseconds> parse_eval_timeout(const std::optional<std::string>& given);

// A configuration file's text, and what errors call it.
struct ConfigurationText {
  std::string text;
  std::string where;
  config::Form form = config::Form::Written;
};

// "-" is standard input. A .thermos or .aurora file is evaluated by python3, as whoever calls this.
// NotFound, NotPermitted or System; BadConfig for one that can't be evaluated.
Result<ConfigurationText> read_configuration(const std::string& path,
                                             const ConfigurationWords& words);

struct BoundTask {
  TaskConfig task;
  std::string task_id;
  std::string user;  // who it runs as
};

// Everything bound and checked. `wall` is the time for a task id that is made here.
Result<BoundTask> bind_configuration(const ConfigurationText& text, const ConfigurationWords& words,
                                     Microseconds wall);

// All that bind_configuration() would refuse, not the first alone; see config::find_faults().
std::vector<Error> find_faults(const ConfigurationText& text, const ConfigurationWords& words,
                               Microseconds wall);

// NAME-YYYYmmdd-HHMMSS.uuuuuu; a name too long for a file name is cut.
std::string make_task_id(const std::string& name, Microseconds wall);

// Wall time now.
Microseconds wall_now();

}  // namespace thermos
