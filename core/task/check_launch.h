// Checks what a task says of the launch of its processes: what is run, with which environment,
// where, and with which input.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/task/task.h"

namespace thermos {

// The texts of one launch may take so many bytes together: its command and its environment. What
// its surroundings add (directories, a login's variables, groups) has its own room in the message.
inline constexpr std::size_t kMaxLaunchText = std::size_t{160} * 1024;

// So many secrets of a task, and as many of a process, are possible.
inline constexpr std::size_t kMaxSecrets = 64;

// One error and the key that it is in, as "env.PATH" or "argv[2]".
struct LaunchFault {
  std::string key;
  std::string what;
};

// Why the text can't be an argument of a program, as a command line for bash; nothing if it can.
std::optional<std::string> check_argument(std::string_view text);

// How many bytes of kMaxLaunchText an environment, or what is said of secrets, takes.
std::size_t launch_size(const Named<std::string>& env);
std::size_t launch_size(const Named<Secret>& secrets);

// Whether a secret's file is to be read with more rights than its process has.
bool reads_as_root(const TaskConfig& task);

// What is wrong with the process's own keys, or with them and its task's environment together,
// which takes `inherited` bytes of kMaxLaunchText.
std::vector<LaunchFault> find_launch_faults(const ProcessConfig& process, std::size_t inherited);
// What is wrong with the task's keys.
std::vector<LaunchFault> find_launch_faults(const TaskConfig& task);

}  // namespace thermos
