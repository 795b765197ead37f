#include "reactor/commands/failures.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "reactor/commands/text.h"
#include "reactor/store/log_directory.h"

namespace thermos {
namespace {

constexpr std::size_t kMostShown = 10;
constexpr std::size_t kMostWithOutput = 3;

// bash says "bash: -c: line 1: syntax error ..." and exits with 1 or 2, as its version has it.
bool is_syntax_error(const std::vector<std::string>& printed) {
  return std::any_of(printed.begin(), printed.end(), [](const std::string& line) {
    return line.find("bash: -c: line ") != std::string::npos &&
           (line.find(": syntax error") != std::string::npos ||
            line.find(": unexpected EOF") != std::string::npos);
  });
}

std::string_view words_for(std::int32_t return_code, const std::vector<std::string>& printed) {
  constexpr std::int32_t kCannotExecute = 126;
  constexpr std::int32_t kNotFound = 127;
  if (return_code == kCannotExecute) return "a command can't be executed";
  if (return_code == kNotFound) return "a command was not found";
  const bool syntax = (return_code == 1 || return_code == 2) && is_syntax_error(printed);
  return syntax ? "bash can't read the command line: syntax error" : std::string_view();
}

}  // namespace

std::vector<FailedRun> failures_of(const History& history) {
  std::vector<FailedRun> failures;
  for (const ProcessHistory& process : history.processes()) {
    const Run* run = process.current();
    if (run == nullptr || run->state != ProcessState::Failed) continue;
    if (process.removed || !process.begun()) continue;  // by a replaced configuration
    failures.push_back({process.name, run->number, run->return_code, run->reason});
  }
  return failures;
}

std::string ending_words(std::optional<std::int32_t> return_code, std::string_view reason,
                         const std::vector<std::string>& printed) {
  std::string text;
  if (return_code) text = return_code_text(*return_code);
  if (!reason.empty()) return text + (text.empty() ? "" : ", ") + printable(reason);
  if (!return_code) return text;
  const std::string_view words = words_for(*return_code, printed);
  return words.empty() ? text : text + ": " + std::string(words);
}

std::string return_code_words(std::int32_t return_code) {
  const std::string text = return_code_text(return_code);
  const std::size_t name = text.find('(');
  if (return_code < 0) {
    return name == std::string::npos ? text : text.substr(name + 1, text.size() - name - 2);
  }
  return std::string(words_for(return_code, {}));
}

ReadEnd log_end_reader(const RunnerHeader& header, std::uint32_t recorded_by) {
  return [header, reader = log_reader_of(header, recorded_by)](const std::string& process,
                                                               std::uint32_t run) {
    return read_log_end(header, reader, process, run);
  };
}

std::string failures_text(const std::vector<FailedRun>& failures, const ReadEnd& read_end,
                          const LineStyle& style) {
  std::string text;
  for (std::size_t i = 0; i < std::min(failures.size(), kMostShown); ++i) {
    const FailedRun& failed = failures[i];
    LogEnd end = read_end(failed.process, failed.run);
    const std::string ending = ending_words(failed.return_code, failed.reason, end.lines);
    text += fmt::format("  {} {}, run {}{}{}\n", printable(failed.process),
                        state_text(ProcessState::Failed, style), failed.run,
                        ending.empty() ? "" : ": ", ending);
    if (i >= kMostWithOutput) end.lines.clear();
    text += "    " + printable(end.path) + (end.lines.empty() ? "\n" : ":\n");
    for (const std::string& line : end.lines) text += "      " + printable(line) + "\n";
  }
  if (failures.size() > kMostShown) {
    text += fmt::format("  and {} more failed\n", failures.size() - kMostShown);
  }
  return text;
}

}  // namespace thermos
