// What may come next on the command line of `thermos`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace thermos {

struct Completion {
  enum class Kind : unsigned char {
    Nothing,
    Command,      // a command's name
    Options,      // an option of `command`
    Words,        // one of `words`
    Files,        // a path
    ActiveTasks,  // the id of an active task that `command` may mean
    Tasks,        // of any task
    Processes,    // a process of `task`
  };
  Kind kind = Kind::Nothing;
  std::string command;
  std::string task;
  std::vector<std::string> words;
  // The --root and the --socket that are on the line; empty: none.
  std::string root;
  std::string socket;
};

// `typed` are the words behind "thermos"; the last is the one at the cursor and may be empty or
// incomplete.
Completion complete(const std::vector<std::string>& typed);

// The options that a help text names, in order, each once.
std::vector<std::string> options_in(std::string_view help);

}  // namespace thermos
