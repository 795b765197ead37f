#include "reactor/commands/ancestor_options.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/base/utf8.h"
#include "core/config/reference_syntax.h"
#include "reactor/commands/log_rotate_option.h"

namespace thermos {
namespace {

// Variables that are not passed on: they belong to the caller's shell, or the launcher sets them
// for each process.
constexpr std::array<std::string_view, 9> kOwn = {
    "HOME", "LOGNAME", "USER", "PWD", "OLDPWD", "SHLVL", "_", "BASH_ENV", "NOTIFY_SOCKET"};

bool is_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  return !name.empty() && kLetters.find(name.front()) != std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return kLetters.find(c) != std::string_view::npos || (c >= '0' && c <= '9');
         });
}

// Adds the caller's variables. The task's own variables and secrets take precedence.
void add_environment(TaskConfig& task) {
  Named<std::string>& env = task.env;
  const std::vector<std::pair<std::string, std::string>> own = std::move(env.entries);
  env.entries.clear();
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view whole = *entry;
    const std::string_view name = whole.substr(0, whole.find('='));
    const auto has_name = [&](const auto& variable) { return variable.first == name; };
    const auto& secrets = task.secret.entries;
    const bool given = std::any_of(own.begin(), own.end(), has_name) ||
                       std::any_of(secrets.begin(), secrets.end(), has_name);
    if (given || !is_name(name) || name.size() == whole.size() || !is_utf8(whole)) continue;
    if (name.starts_with("THERMOS_")) continue;
    if (std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end()) continue;
    env.entries.emplace_back(name, whole.substr(name.size() + 1));
  }
  env.entries.insert(env.entries.end(), own.begin(), own.end());
}

template <typename Word, std::size_t N>
std::optional<Word> word_of(const std::array<std::pair<std::string_view, Word>, N>& words,
                            const std::string& text) {
  for (const auto& [name, word] : words) {
    if (name == text) return word;
  }
  return std::nullopt;
}

constexpr std::array<std::pair<std::string_view, LogDestination>, 4> kDestinations = {{
    {"file", LogDestination::File},
    {"console", LogDestination::Console},
    {"both", LogDestination::Both},
    {"none", LogDestination::None},
}};
constexpr std::array<std::pair<std::string_view, LogMode>, 2> kModes = {{
    {"standard", LogMode::Standard},
    {"rotate", LogMode::Rotate},
}};

}  // namespace

void AncestorOptions::add_to(OptionParser& parser) {
  parser.flag("--preserve-env,--preserve_env", preserve_env);
  parser.text("--process-logger-destination,--process_logger_destination", logger_destination);
  parser.text("--process-logger-mode,--process_logger_mode", logger_mode);
}

Status AncestorOptions::apply(TaskConfig& task, const std::optional<RotatePolicy>& rotate) const {
  Logger logger;
  if (!logger_destination.empty()) {
    const auto destination = word_of(kDestinations, logger_destination);
    if (!destination) {
      return Error{ErrorCode::Usage, "--process-logger-destination " + logger_destination +
                                         ": it is file, console, both or none"};
    }
    logger.destination = *destination;
  }
  if (!logger_mode.empty()) {
    const auto mode = word_of(kModes, logger_mode);
    if (!mode) {
      return Error{ErrorCode::Usage,
                   "--process-logger-mode " + logger_mode + ": it is standard or rotate"};
    }
    logger.mode = *mode;
  }
  if (rotate) {
    if (logger_mode == "standard") {
      return Error{ErrorCode::Usage,
                   "--process-logger-mode standard rotates nothing: leave it out, "
                   "or --log-rotate"};
    }
    if (goes_to_files(logger)) {
      logger.mode = LogMode::Rotate;
      logger.rotate = *rotate;
    }
  }
  if (preserve_env) add_environment(task);
  if (logger == Logger()) return Done{};
  for (ProcessConfig& process : task.processes) {
    if (!process.logger) process.logger = logger;
  }
  return Done{};
}

std::string bind_command(const std::string& text, const Ports& ports,
                         const std::map<std::string, std::string>& environment,
                         const std::string& task_id, const std::string& user) {
  std::map<std::string, std::string, std::less<>> values(environment.begin(), environment.end());
  values["thermos.task_id"] = task_id;
  values["thermos.user"] = user;
  for (const auto& [name, port] : ports) {
    values["thermos.ports[" + name + "]"] = std::to_string(port);
  }
  std::string bound;
  std::size_t done = 0;
  while (const auto reference = find_reference(text, done)) {
    bound.append(text, done, reference->begin - done);
    const auto value = values.find(reference->name);
    const bool known = reference->escapes == 0 && !reference->nested && value != values.end();
    bound +=
        known ? value->second : text.substr(reference->begin, reference->end - reference->begin);
    done = reference->end;
  }
  return bound.append(text, done);
}

}  // namespace thermos
