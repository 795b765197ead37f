// Task configuration from text to TaskConfig: the only code that knows what a configuration file
// looks like. A library of its own (it needs parsers), so that core stays free of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/task/task.h"

namespace thermos::config {

// What references in a configuration may be bound to.
struct Bindings {
  std::string task_id;                             // {{thermos.task_id}}
  std::string user;                                // {{thermos.user}}
  std::map<std::string, std::uint16_t> ports;      // {{thermos.ports[NAME]}}
  std::map<std::string, std::string> environment;  // {{NAME}}
};

// What a text is: written by people, or what an evaluated file became (evaluated.h).
enum class Form : std::uint8_t { Written, Evaluated };

// Reads one task from `text`, which is JSON or YAML (document.h tells them apart). `where` names it
// in errors (a file's path). The result has every default filled in, every reference bound
// (references.h says by what), and has passed check_task(). `text` holds one task object, a list of
// them, or {"tasks": [...]}; several YAML documents are a list. `task_name` picks one, and may be
// empty when there is only one. `bindings.task_id` and `user` may be empty: then a reference to
// them is unbound. Errors are one line. BadConfig: "where:line:column: not valid YAML: ..." or
// "where:line: path: what is wrong and what to do", where the place is that of the value or the
// nearest one around it, with its column too in YAML. NotFound: no task of that name. Usage:
// several tasks and no name.
Result<TaskConfig> load(std::string_view text, std::string_view where, std::string_view task_name,
                        const Bindings& bindings, Form form = Form::Written);

// Reads back what to_json() wrote: one task as JSON that nothing is to be bound in, which is how
// tasks are recorded and submitted. {{&NAME}} is the text {{NAME}}, and nothing is ever looked up
// or expanded, so that the task is no larger than its text. BadConfig for a reference: who wrote it
// must bind it first, as `inspect --json` does.
Result<TaskConfig> load_bound(std::string_view text, std::string_view where);

// All that load() would refuse, each error as it would be alone, in the order of the text as far as
// they come from the same check; none: it would load. Not looked for: what is wrong behind text
// that is no JSON or YAML, and constraints whose processes' names are wrong. At most kMaxFaults.
inline constexpr std::size_t kMaxFaults = 1000;
std::vector<Error> find_faults(std::string_view text, std::string_view where,
                               std::string_view task_name, const Bindings& bindings,
                               Form form = Form::Written);

// The task's name alone (for making a task id before the references are bound), checked no further
// than needed to find it. References in it are bound where `bindings` can; a name with one that
// can't be is given as it was written.
Result<std::string> task_name_of(std::string_view text, std::string_view where,
                                 std::string_view task_name, const Bindings& bindings,
                                 Form form = Form::Written);

// One JSON object in the schema's own keys, every default filled in, pretty-printed with `indent`
// spaces (-1: one line). What is written to tasks/active and what `inspect --json` prints.
// load_bound() of it gives the same task back, also when the text holds "{{": it is written
// escaped.
std::string to_json(const TaskConfig& task, int indent);

// What load() takes, as a JSON Schema (draft 2020-12), pretty-printed.
std::string json_schema();

// The first place in which two tasks differ, for people: "processes[2].cmdline: 'a' is now 'b'".
// Empty when they are equal.
std::string first_difference(const TaskConfig& recorded, const TaskConfig& given);

}  // namespace thermos::config
