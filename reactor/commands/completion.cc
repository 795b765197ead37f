#include "reactor/commands/completion.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

namespace thermos {
namespace {

using Kind = Completion::Kind;

// The kinds of a command's positional arguments: of the first, and of the others.
struct Positional {
  std::string_view command;
  Kind first;
  Kind others;
};

constexpr std::array<Positional, 29> kPositional = {{
    {"run", Kind::Files, Kind::Nothing},
    {"submit", Kind::Files, Kind::Nothing},
    {"init", Kind::Files, Kind::Nothing},
    {"inspect", Kind::Files, Kind::Processes},
    {"graph", Kind::Files, Kind::Nothing},
    {"plan", Kind::Files, Kind::Nothing},
    {"crashtest", Kind::Files, Kind::Nothing},
    {"export", Kind::Files, Kind::Nothing},
    {"read", Kind::Files, Kind::Nothing},
    {"import", Kind::Files, Kind::Nothing},
    {"config", Kind::Files, Kind::Files},
    {"simplerun", Kind::Files, Kind::Files},
    {"status", Kind::Tasks, Kind::Tasks},
    {"fsck", Kind::Tasks, Kind::Tasks},
    {"gc", Kind::Tasks, Kind::Tasks},
    {"events", Kind::Tasks, Kind::Tasks},
    {"wait", Kind::Tasks, Kind::Tasks},
    {"tail", Kind::Tasks, Kind::Processes},
    {"why", Kind::Tasks, Kind::Processes},
    {"rerun", Kind::Tasks, Kind::Processes},
    {"diff", Kind::Tasks, Kind::Tasks},
    {"trace", Kind::Tasks, Kind::Nothing},
    {"resume", Kind::ActiveTasks, Kind::Nothing},
    {"kill", Kind::ActiveTasks, Kind::ActiveTasks},
    {"start", Kind::ActiveTasks, Kind::Processes},
    {"stop", Kind::ActiveTasks, Kind::Processes},
    {"restart", Kind::ActiveTasks, Kind::Processes},
    {"node", Kind::ActiveTasks, Kind::Nothing},
    {"help", Kind::Command, Kind::Nothing},
}};

// Options that take the next word as their value, and the possible values: words, or one of the
// kinds below; "" if nothing is known.
constexpr std::string_view kPath = ":files";
constexpr std::string_view kTasks = ":tasks";
constexpr std::string_view kProcesses =
    ":processes";  // of the task in the first positional argument
constexpr std::array<std::pair<std::string_view, std::string_view>, 55> kValues = {{
    {"--only", "active finished failed"},
    {"--sync", "power crash"},
    {"--format", "text dot mermaid"},
    {"--log-level", "trace debug info warn error critical off"},
    {"--root", kPath},
    {"--sandbox", kPath},
    {"--socket", kPath},
    {"--listen", ""},
    {"--static", kPath},
    {"--task-id", kTasks},
    {"--task_id", kTasks},
    {"--task", ""},
    {"--user", ""},
    {"--name", ""},
    {"--env", ""},
    {"--cwd", ""},
    {"--max-failures", ""},
    {"-P", ""},
    {"-E", ""},
    {"-n", ""},
    {"--keep-logs", ""},
    {"--log-rotate", ""},
    {"--nodes", "slurm"},
    {"--timeout", ""},
    {"--since", ""},
    {"--at", ""},
    {"--history", ""},
    {"--duration", ""},
    {"--fail", ""},
    {"-j", ""},
    {"--run", ""},
    {"--from", kProcesses},
    {"--config", kPath},
    {"--wait", ""},
    {"--grace", ""},
    {"--on-term", "kill yield"},
    {"--until", ""},
    {"--yield-status", ""},
    {"--lines", ""},
    {"--hostname", ""},
    {"--port", ""},
    {"--environment", ""},
    {"--verbosity", "0 1 2 3"},
    {"--process-logger-destination", "file console both none"},
    {"--process_logger_destination", "file console both none"},
    {"--process-logger-mode", "standard rotate"},
    {"--process_logger_mode", "standard rotate"},
    {"--eval-timeout", ""},
    {"--to", "slurm sge kubernetes nomad systemd"},
    {"-o", kPath},
    {"--image", ""},
    {"--thermos", kPath},
    {"--older", ""},
    {"--keep", ""},
    {"--bytes", ""},
}};

std::optional<std::string_view> value_of(std::string_view option) {
  const auto* known = std::find_if(kValues.begin(), kValues.end(),
                                   [&](const auto& entry) { return entry.first == option; });
  return known == kValues.end() ? std::nullopt : std::optional(known->second);
}

Completion one_of(std::string_view words) {
  Completion found;
  if (words.empty()) return found;
  found.kind = words == kPath ? Kind::Files : Kind::Words;
  for (std::size_t begin = 0; begin < words.size();) {
    const std::size_t end = std::min(words.find(' ', begin), words.size());
    found.words.emplace_back(words.substr(begin, end - begin));
    begin = end + 1;
  }
  return found;
}

Completion of_kind(Completion found, Kind kind) {
  found.kind = kind;
  return found;
}

Completion positional(Completion found, const std::vector<std::string>& before) {
  const auto* known =
      std::find_if(kPositional.begin(), kPositional.end(),
                   [&](const Positional& entry) { return entry.command == found.command; });
  if (found.command == "completion" && before.empty()) return one_of("bash zsh fish");
  if (known == kPositional.end()) return found;
  found.kind = before.empty() ? known->first : known->others;
  if (found.kind == Kind::Processes) found.task = before.front();
  return found;
}

}  // namespace

Completion complete(const std::vector<std::string>& typed) {
  Completion found;
  std::string& command = found.command;
  std::vector<std::string> before;  // the positional arguments after the command
  const std::size_t last = typed.empty() ? 0 : typed.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    const std::string& word = typed[i];
    if (const auto value = value_of(word)) {
      ++i;
      if (i == last && value == kProcesses) {
        if (before.empty()) return {};
        found.task = before.front();
        return of_kind(std::move(found), Kind::Processes);
      }
      if (i == last)
        return value == kTasks ? of_kind(std::move(found), Kind::Tasks) : one_of(*value);
      if (word == "--root") found.root = typed[i];
      if (word == "--socket") found.socket = typed[i];
    } else if (word.size() > 1 && word.front() == '-') {
      continue;
    } else if (command.empty()) {
      command = word;
    } else {
      before.push_back(word);
    }
  }
  const std::string_view begun = typed.empty() ? std::string_view() : typed.back();
  if (command.empty()) {
    if (begun.starts_with('-')) return one_of("--root --log-level --no-color --help --version");
    return of_kind(std::move(found), Kind::Command);
  }
  if (begun.starts_with('-')) return of_kind(std::move(found), Kind::Options);
  return positional(std::move(found), before);
}

std::vector<std::string> options_in(std::string_view help) {
  std::vector<std::string> found;
  for (std::size_t at = help.find('-'); at != std::string_view::npos; at = help.find('-', at)) {
    const bool begins =
        at == 0 || help[at - 1] == ' ' || help[at - 1] == '`' || help[at - 1] == '\n';
    std::size_t end = at;
    while (end < help.size() &&
           (std::isalnum(static_cast<unsigned char>(help[end])) != 0 || help[end] == '-')) {
      ++end;
    }
    const std::string word(help.substr(at, end - at));
    const bool is_long = word.size() > 3 && word.starts_with("--");
    const bool is_short = word.size() == 2 && word[1] != '-';
    if (begins && (is_long || is_short) &&
        std::find(found.begin(), found.end(), word) == found.end()) {
      found.push_back(word);
    }
    at = std::max(end, at + 1);
  }
  if (std::find(found.begin(), found.end(), "--help") == found.end()) found.emplace_back("--help");
  return found;
}

}  // namespace thermos
