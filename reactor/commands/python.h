// Configuration files in Python (.thermos, .aurora): evaluated by the machine's python3 in a child
// process, as whoever runs the command. Everything else works without python3.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/configuration.h"

namespace thermos {

// Is a configuration written in Python? Told by its name, unless it holds JSON or YAML all the
// same; where the name says nothing, by what it holds.
bool is_python(std::string_view text, std::string_view path);

// What the file's text makes: JSON for config::Form::Evaluated. `where` names the file in errors,
// and its directory is where include() looks. Of `words`, the task that is wanted and what -E says
// are bound here; references to the task's id, its user and the ports of -P stay. What the file
// prints goes to standard error; an interrupt ends it with us. BadConfig: "where:line: what is
// wrong", in one line. NotFound: no python3, or not what it needs.
Result<std::string> evaluate_python(std::string_view text, const std::string& where,
                                    const ConfigurationWords& words);

// Becomes python3 with all loaded that a .thermos file may use. Returns only what went wrong.
Error become_repl(const Arguments& files);

}  // namespace thermos
