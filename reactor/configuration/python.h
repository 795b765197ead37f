// Configuration files in Python (.thermos, .aurora). The machine's python3 evaluates them in a
// child process, with the rights of the user who runs the command. Everything else works without
// python3.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "reactor/cli/options.h"
#include "reactor/configuration/configuration.h"

namespace thermos {

// Returns whether a configuration is written in Python. A name of a Python configuration decides
// that, unless the text is JSON or YAML. For other names the text decides.
bool is_python(std::string_view text, std::string_view path);

// Evaluates the text and returns JSON for config::Form::Evaluated. `where` is the file's path, for
// errors and for include(), which looks in its directory. Of `words`, the chosen task and the -E
// bindings are applied here; references to the task's id, its user and the ports of -P stay. The
// file's own output goes to standard error. SIGINT ends the evaluation and this program. Fails with
// BadConfig ("where:line: what is wrong"), or with NotFound if there is no suitable python3.
Result<std::string> evaluate_python(std::string_view text, const std::string& where,
                                    const ConfigurationWords& words);

// Executes python3 in place of this program, with the names of .thermos files defined. Returns only
// on an error.
Error become_repl(const Arguments& files);

}  // namespace thermos
