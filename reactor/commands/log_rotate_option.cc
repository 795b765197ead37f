#include "reactor/commands/log_rotate_option.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>

namespace thermos {
namespace {

constexpr std::int64_t kSmallest = 1024;
constexpr std::uint32_t kMostBackups = 1000;

// Parses a number with a unit; returns 0 if it is invalid or too large.
std::int64_t size_of(std::string_view text) {
  std::int64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || size <= 0) return 0;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit.empty() || unit == "B") return size;
  constexpr std::string_view kUnits = "KMGT";
  const std::size_t power = kUnits.find(unit.front());
  unit.remove_prefix(1);
  if (power == std::string_view::npos || (!unit.empty() && unit != "B" && unit != "iB")) return 0;
  const std::int64_t factor = std::int64_t{1} << (10 * (power + 1));
  return size > std::numeric_limits<std::int64_t>::max() / factor ? 0 : size * factor;
}

}  // namespace

Result<RotatePolicy> parse_log_rotate(const std::string& text) {
  const auto wrong = [&text](const std::string& what) {
    return Error{ErrorCode::Usage, "--log-rotate " + text + ": " + what};
  };
  RotatePolicy policy;
  const std::string_view whole = text;
  const std::size_t colon = whole.find(':');
  policy.log_size = size_of(whole.substr(0, colon));
  if (policy.log_size == 0) return wrong("it is SIZE[:BACKUPS], as in 100M:5");
  if (policy.log_size < kSmallest)
    return wrong("a file holds 1024 bytes at least, as in 1K, or 100M:5");
  if (colon == std::string_view::npos) return policy;
  const std::string_view count = whole.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(count.data(), count.data() + count.size(), policy.backups);
  if (error != std::errc() || end != count.data() + count.size() || count.empty()) {
    return wrong("BACKUPS is a number of files, as in 100M:5");
  }
  if (policy.backups > kMostBackups) return wrong("at most 1000 files are kept, as in 100M:1000");
  return policy;
}

void rotate_logs(TaskConfig& task, const RotatePolicy& policy) {
  for (ProcessConfig& process : task.processes) {
    // One that gives no other destination says what the mode is.
    if (process.logger && process.logger->destination == LogDestination::File) continue;
    Logger logger = process.logger.value_or(Logger());
    if (!goes_to_files(logger) || logger.mode == LogMode::Rotate) continue;
    logger.mode = LogMode::Rotate;
    logger.rotate = policy;
    process.logger = logger;
  }
}

bool goes_to_files(const Logger& logger) {
  return logger.destination == LogDestination::File || logger.destination == LogDestination::Both;
}

bool uses_console(const ProcessConfig& process) {
  return process.logger && (process.logger->destination == LogDestination::Console ||
                            process.logger->destination == LogDestination::Both);
}

bool uses_console(const TaskConfig& task) {
  return std::any_of(task.processes.begin(), task.processes.end(),
                     [](const ProcessConfig& process) { return uses_console(process); });
}

}  // namespace thermos
