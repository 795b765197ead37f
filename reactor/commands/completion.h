// Finds what may come next on the command line of `thermos`.
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
    ActiveTasks,  // the id of an active task
    Tasks,        // the id of any task
    Processes,    // a process of `task`
  };
  Kind kind = Kind::Nothing;
  std::string command;
  std::string task;
  std::vector<std::string> words;
  // The values of --root and --socket on the line; empty: not given.
  std::string root;
  std::string socket;
};

// Returns what may stand at the cursor. `typed` are the words after "thermos"; the last one is at
// the cursor and may be empty or incomplete.
Completion complete(const std::vector<std::string>& typed);

// Returns the options that a help text names, in order, each once, and --help.
std::vector<std::string> options_in(std::string_view help);

}  // namespace thermos
