// Files of NAME=VALUE lines, as docker compose reads them.
//
//   # a comment; empty lines are skipped
//   NAME=value            up to the end of the line, or to " #"; spaces around it are dropped
//   export NAME=value     the same
//   NAME='a # $b'         as it is, over several lines too
//   NAME="a\nb $NAME"     \n \r \t \" \\ \$ are what they are in C; others stay
//
// $OTHER and ${OTHER} in a value without quotes, or in double quotes, is a variable that stands
// before it, in this file or in one read before; ${OTHER:-TEXT} is TEXT if that is not set or
// empty.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/config/load.h"
#include "core/config/read_task.h"
#include "core/task/named.h"

namespace thermos::config {

// Adds what `text` says to `variables`; a later value of a name replaces an earlier one. `where`
// names the file. Fails with BadConfig: "where:line: what is wrong".
Status read_env_file(std::string_view text, std::string_view where, Named<std::string>& variables);

// Reads every env_file of the task, whose references are bound: its variables go before those of
// `env`, unless that has the same name, and env_file is then empty. Stops at `most` problems.
Problems read_env_files(TaskConfig& task, const ReadFile& read, std::size_t most);

}  // namespace thermos::config
