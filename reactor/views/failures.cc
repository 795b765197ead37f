#include "reactor/views/failures.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "reactor/cli/terminal_text.h"
#include "reactor/store/log_directory.h"

namespace thermos {
namespace {

constexpr std::size_t kMostShown = 10;
constexpr std::size_t kMostWithOutput = 3;

}  // namespace

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
