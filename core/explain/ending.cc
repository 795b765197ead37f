#include "core/explain/ending.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/return_code.h"
#include "core/base/text.h"

namespace thermos {
namespace {

// bash says "bash: -c: line 1: syntax error ..." and exits with 1 or 2, depending on its version.
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

// The beginnings of the reasons that the runner and the coordinator write: no record has the kind
// of an end, so the text must tell it.
constexpr std::array<std::pair<std::string_view, CauseKind>, 6> kReasons = {{
    {"timed out after ", CauseKind::Timeout},
    {"not ready within ", CauseKind::Unready},
    {"not healthy: ", CauseKind::Unhealthy},
    {"watchdog: ", CauseKind::Unhealthy},
    {"killed by the kernel: out of memory", CauseKind::Memory},
    {"ended by the service manager", CauseKind::Shutdown},
}};

}  // namespace

CauseKind kind_of_end(const Run& run) {
  if (run.state == ProcessState::Success) return CauseKind::Success;
  if (run.origin == Origin::Reboot) return CauseKind::Reboot;
  if (run.state == ProcessState::Lost) return CauseKind::Lost;
  if (ended_by_order(run.state, run.origin)) {
    return run.reason.starts_with("ended as the task yielded") ? CauseKind::Yield
                                                               : CauseKind::Ordered;
  }
  for (const auto& [beginning, kind] : kReasons) {
    if (run.reason.starts_with(beginning)) return kind;
  }
  if (!run.return_code) return CauseKind::Unstarted;
  return *run.return_code < 0 ? CauseKind::Signal : CauseKind::Exit;
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

}  // namespace thermos
