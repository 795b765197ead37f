// Checks what a task says about the launch of its processes: the command, its environment, its
// directory and its input.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/task/task.h"

namespace thermos {

// The most bytes that the texts of one launch, its command and its environment, may take together.
// What the launch adds itself (directories, a login's variables, groups) has room of its own in the
// message.
inline constexpr std::size_t kMaxLaunchText = std::size_t{160} * 1024;

// The most secrets of a task, and the most of a process.
inline constexpr std::size_t kMaxSecrets = 64;

// An error, and the key that holds it, such as "env.PATH" or "argv[2]".
struct LaunchFault {
  std::string key;
  std::string what;
};

// Returns why the text can't be an argument of a program, such as a command line for bash; nothing
// if it can.
std::optional<std::string> check_argument(std::string_view text);

// Returns how many bytes of kMaxLaunchText an environment, or the description of secrets, takes.
std::size_t launch_size(const Named<std::string>& env);
std::size_t launch_size(const Named<Secret>& secrets);

// Whether the file of a secret is to be read with more rights than its process has.
bool reads_as_root(const TaskConfig& task);

// Returns what is wrong with the process's own keys, or with their size together with the task's
// environment, which takes `inherited` bytes of kMaxLaunchText.
std::vector<LaunchFault> find_launch_faults(const ProcessConfig& process, std::size_t inherited);
// Returns what is wrong with the task's keys.
std::vector<LaunchFault> find_launch_faults(const TaskConfig& task);

}  // namespace thermos
