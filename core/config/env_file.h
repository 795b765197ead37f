// Files of NAME=VALUE lines, as docker compose reads them.
//
//   # a comment; empty lines are skipped
//   NAME=value            up to the end of the line, or to " #"; spaces around it are dropped
//   export NAME=value     the same
//   NAME='a # $b'         taken as written; may go on over several lines
//   NAME="a\nb $NAME"     \n \r \t \" \\ as in C, and \$ is a '$'; other escapes stay as written
//
// $OTHER and ${OTHER}, in a value without quotes or in double quotes, are replaced by the variable
// OTHER, which must be set before, in this file or in one that was read before. ${OTHER:-TEXT} is
// TEXT if OTHER is not set or is empty, and ${OTHER-TEXT} is TEXT if OTHER is not set.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/config/load.h"
#include "core/config/read_task.h"
#include "core/task/named.h"

namespace thermos::config {

// Adds the variables in `text` to `variables`; a later value of a name replaces an earlier one.
// `where` names the file. Fails with BadConfig: "where:line: what is wrong".
Status read_env_file(std::string_view text, std::string_view where, Named<std::string>& variables);

// Reads every env_file of the task and its processes, whose references are bound. Puts the files'
// variables before those of `env`, leaves out names that `env` has, and then empties env_file.
// Stops at `most` problems.
Problems read_env_files(TaskConfig& task, const ReadFile& read, std::size_t most);

}  // namespace thermos::config
