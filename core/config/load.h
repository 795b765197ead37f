// Loads task configurations from text. Only this code knows what a configuration file looks like.
// This folder is a library of its own, because it needs parsers, and core must not need any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/task/check_pools.h"
#include "core/task/task.h"

namespace thermos::config {

// Reads a file that a configuration names; `path` is as the configuration has it. The message of
// the error becomes the text of the problem as it is.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

// The values that references in a configuration may be bound to, and the files that it names.
struct Bindings {
  std::string task_id;                             // {{thermos.task_id}}
  std::string user;                                // {{thermos.user}}
  std::map<std::string, std::uint16_t> ports;      // {{thermos.ports[NAME]}}
  std::map<std::string, std::string> environment;  // {{NAME}}
  ReadFile read_file;                              // for env_file; empty: an env_file is an error
};

// Whether people have written the text, or the evaluator has made it (evaluated.h).
enum class Form : std::uint8_t { Written, Evaluated };

// How a text is read.
struct Reading {
  Form form = Form::Written;
  PoolsOf pools = PoolsOf::Task;  // what check_task() lets processes use
};

// Reads one task from `text`, which is JSON or YAML (document.h says how parse_document() decides).
// `where` names the text in errors (a file's path). In the result every default is filled in and
// every reference bound (references.h has the rules), and the task has passed check_task(). `text`
// holds one task object, a list of them, or {"tasks": [...]}; several YAML documents are a list.
// `task_name` selects one, and may be empty if there is only one. `bindings.task_id` and `user` may
// be empty; a reference to them is then an error. Each error is one line. Fails with BadConfig:
// "where:line:column: not valid YAML: ..." or "where:line: path: what is wrong and what to do",
// with the position of the value or of the nearest one around it, and with its column in YAML;
// NotFound if no task has that name; Usage if there are several tasks and no name.
Result<TaskConfig> load(std::string_view text, std::string_view where, std::string_view task_name,
                        const Bindings& bindings, const Reading& reading = {});

// Reads what to_json() wrote: one task as JSON in which every reference is bound already. Tasks are
// recorded and submitted in this form. {{&NAME}} is the text {{NAME}}; nothing is looked up or
// expanded, so the task is no larger than its text. Fails with BadConfig for a reference: the
// author must bind it first, as `inspect --json` does. Processes may use pools that the task does
// not define, because the daemon may have them.
Result<TaskConfig> load_bound(std::string_view text, std::string_view where);

// Returns every error for which load() would refuse the text, each with load()'s message; empty if
// load() would succeed. The errors of one check are in the order of the text. If the text is not
// valid JSON or YAML, or the map of processes or a matrix is wrong, nothing further is checked. If
// a process's name is wrong, constraints are not checked. Returns at most kMaxFaults.
inline constexpr std::size_t kMaxFaults = 1000;
std::vector<Error> find_faults(std::string_view text, std::string_view where,
                               std::string_view task_name, const Bindings& bindings,
                               const Reading& reading = {});

// Returns the beginning of a message about the field at `path` ("processes[3].cmdline") of the task
// that load() took from the same arguments: "where:line: path: ".
std::string place_of_field(std::string_view text, std::string_view where,
                           std::string_view task_name, const Bindings& bindings,
                           std::string_view path, Form form = Form::Written);

// Returns only the task's name, from which a task id is made before the references are bound.
// Checks no more than it must to find the name. References in the name are bound if `bindings` has
// their values; a name with another reference is returned as it was written.
Result<std::string> task_name_of(std::string_view text, std::string_view where,
                                 std::string_view task_name, const Bindings& bindings,
                                 Form form = Form::Written);

}  // namespace thermos::config
