#include "core/task/check_launch.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/task/task_fields.h"

namespace thermos {
namespace {

// Linux limits an argument, and a variable with its name and '=', to 32 pages with the NUL
// (MAX_ARG_STRLEN, execve(2)).
constexpr std::size_t kMaxArgument = 131'071;
constexpr std::size_t kMaxPath = 4095;  // PATH_MAX without its NUL
constexpr std::uint32_t kLastExitCode = 255;
// These variables are set for every run, so a configuration can't give them other values.
constexpr std::array<std::string_view, 4> kOwnVariables = {"THERMOS_TASK_ID", "THERMOS_PROCESS",
                                                           "THERMOS_RUN", "THERMOS_RESULT"};

using Complaint = std::optional<std::string>;
using LaunchFaults = std::vector<LaunchFault>;

// Returns the bytes that a text takes in the launch message: its bytes and a NUL in whole words,
// and a pointer.
std::size_t cost_of(std::size_t bytes) {
  constexpr std::size_t kWord = 8;
  return (bytes / kWord + 1) * kWord + kWord;
}

Complaint check_bytes(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return "holds a NUL byte";
  if (!is_utf8(text)) return "is not UTF-8";
  return std::nullopt;
}

Complaint check_path(std::string_view path) {
  if (path.size() > kMaxPath) {
    return "is " + std::to_string(path.size()) + " bytes long: a path has at most 4095";
  }
  return check_bytes(path);
}

bool climbs(std::string_view path) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (path.substr(begin, end - begin) == "..") return true;
    begin = end + 1;
  }
  return false;
}

Complaint check_in_sandbox(std::string_view path) {
  if (auto complaint = check_path(path)) return complaint;
  if (path.starts_with('/') || climbs(path)) {
    return quoted(path) + " is no file of the sandbox: name it from there, without '..'";
  }
  return std::nullopt;
}

Complaint check_variable(std::string_view name) {
  if (name.empty()) return "a variable's name can't be empty";
  if (name.find('=') != std::string_view::npos) {
    return quoted(name) + ": a variable's name can't hold '='";
  }
  if (holds_control(name)) {
    return quoted(name) + ": a variable's name can't hold control characters";
  }
  if (!is_utf8(name)) return quoted(name) + " is not UTF-8";
  if (std::find(kOwnVariables.begin(), kOwnVariables.end(), name) != kOwnVariables.end()) {
    return std::string(name) + " is set for every run: give another name";
  }
  return std::nullopt;
}

Complaint check_value(std::string_view name, std::string_view value) {
  const std::size_t bytes = name.size() + 1 + value.size();
  if (bytes > kMaxArgument) {
    return "takes " + std::to_string(bytes) +
           " bytes with its name: the kernel takes at most 131071 in one variable";
  }
  return check_bytes(value);
}

void check_env(const Named<std::string>& env, LaunchFaults& faults) {
  std::set<std::string_view> names;
  for (const auto& [name, value] : env.entries) {
    Complaint complaint = check_variable(name);
    if (complaint) {
      faults.push_back({"env", *complaint});
      continue;
    }
    complaint = names.insert(name).second ? check_value(name, value) : "is given twice";
    if (complaint) faults.push_back({"env." + name, *complaint});
  }
}

Complaint check_secret(const Secret& secret) {
  if (const std::string fault = fields::choice_fault(fields::view_of(secret)); !fault.empty()) {
    return fault;
  }
  if (!secret.cmd.empty()) {
    if (secret.root) return "has a 'cmd', which runs as the process's user: 'root' is for a 'file'";
    return check_argument(secret.cmd);
  }
  return check_path(secret.file);
}

void check_secrets(const Named<Secret>& secrets, const Named<std::string>& env,
                   LaunchFaults& faults) {
  if (secrets.entries.size() > kMaxSecrets) {
    faults.push_back({"secret", "names " + std::to_string(secrets.entries.size()) +
                                    " variables: at most " + std::to_string(kMaxSecrets) +
                                    " are possible"});
    return;
  }
  std::set<std::string_view> names;
  for (const auto& [name, secret] : secrets.entries) {
    if (auto complaint = check_variable(name)) {
      faults.push_back({"secret", *complaint});
      continue;
    }
    Complaint complaint = check_secret(secret);
    if (!names.insert(name).second) complaint = "is given twice";
    for (const auto& [variable, value] : env.entries) {
      if (variable == name) complaint = "is in 'env', too: give it in one of them";
    }
    if (complaint) faults.push_back({"secret." + name, *complaint});
  }
}

void check_command(const ProcessConfig& process, LaunchFaults& faults) {
  if (process.argv.empty()) {
    const Complaint complaint =
        process.cmdline.empty() ? "is empty" : check_argument(process.cmdline);
    if (complaint) faults.push_back({"cmdline", *complaint});
    return;
  }
  if (!process.cmdline.empty()) {
    faults.push_back({"argv", "is given beside 'cmdline': one of the two says what is run"});
  }
  if (process.argv.front().empty()) faults.push_back({"argv[0]", "is empty: it is the program"});
  for (std::size_t i = 0; i < process.argv.size(); ++i) {
    if (auto complaint = check_argument(process.argv[i])) {
      faults.push_back({"argv[" + std::to_string(i) + "]", *complaint});
    }
  }
}

void check_codes(const std::vector<std::uint32_t>& codes, LaunchFaults& faults) {
  if (codes.empty()) {
    faults.push_back({"success_codes", "is empty: then no end of a run is a success"});
  }
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] <= kLastExitCode) continue;
    faults.push_back({"success_codes[" + std::to_string(i) + "]",
                      std::to_string(codes[i]) + " is no exit code: 0 to 255"});
  }
}

std::size_t size_of(const ProcessConfig& process) {
  std::size_t bytes =
      launch_size(process.env) + launch_size(process.secret) + cost_of(process.cmdline.size());
  for (const std::string& argument : process.argv) bytes += cost_of(argument.size());
  return bytes;
}

}  // namespace

std::optional<std::string> check_argument(std::string_view text) {
  if (text.size() > kMaxArgument) {
    return "is " + std::to_string(text.size()) +
           " bytes long: the kernel takes at most 131071 in one argument";
  }
  return check_bytes(text);
}

std::size_t launch_size(const Named<std::string>& env) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : env.entries) bytes += cost_of(name.size() + 1 + value.size());
  return bytes;
}

std::size_t launch_size(const Named<Secret>& secrets) {
  constexpr std::size_t kFields = 40;  // the secret's flag, and three pointers
  std::size_t bytes = 0;
  for (const auto& [name, secret] : secrets.entries) {
    bytes += kFields + cost_of(name.size()) + cost_of(secret.file.size() + secret.cmd.size());
  }
  return bytes;
}

bool reads_as_root(const TaskConfig& task) {
  const auto any = [](const Named<Secret>& secrets) {
    return std::any_of(secrets.entries.begin(), secrets.entries.end(),
                       [](const auto& entry) { return entry.second.root; });
  };
  return any(task.secret) ||
         std::any_of(task.processes.begin(), task.processes.end(),
                     [&](const ProcessConfig& process) { return any(process.secret); });
}

std::vector<LaunchFault> find_launch_faults(const ProcessConfig& process, std::size_t inherited) {
  LaunchFaults faults;
  check_command(process, faults);
  check_env(process.env, faults);
  check_secrets(process.secret, process.env, faults);
  if (auto complaint = check_path(process.cwd)) faults.push_back({"cwd", *complaint});
  if (auto complaint = check_in_sandbox(process.input)) faults.push_back({"stdin", *complaint});
  check_codes(process.success_codes, faults);
  for (std::size_t i = 0; i < process.outputs.size(); ++i) {
    if (auto complaint = check_in_sandbox(process.outputs[i])) {
      faults.push_back({"outputs[" + std::to_string(i) + "]", *complaint});
    }
  }
  if (!faults.empty()) return faults;
  // A variable of the task that the process overrides counts twice, which is good enough for a
  // limit.
  const std::size_t bytes = size_of(process) + inherited;
  if (bytes <= kMaxLaunchText) return faults;
  const char* command = process.argv.empty() ? "cmdline" : "argv";
  faults.push_back({process.env.entries.empty() ? command : "env",
                    "the command and its environment take " + std::to_string(bytes) +
                        " bytes, and at most " + std::to_string(kMaxLaunchText) +
                        " are possible: put what is large into a file"});
  return faults;
}

std::vector<LaunchFault> find_launch_faults(const TaskConfig& task) {
  LaunchFaults faults;
  check_env(task.env, faults);
  check_secrets(task.secret, task.env, faults);
  if (auto complaint = check_path(task.cwd)) faults.push_back({"cwd", *complaint});
  return faults;
}

}  // namespace thermos
