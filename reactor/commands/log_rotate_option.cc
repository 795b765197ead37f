#include "reactor/commands/log_rotate_option.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "core/base/byte_size.h"

namespace thermos {
namespace {

constexpr std::int64_t kSmallest = 1024;
constexpr std::uint32_t kMostBackups = 1000;

}  // namespace

Result<RotatePolicy> parse_log_rotate(const std::string& text) {
  const auto wrong = [&text](const std::string& what) {
    return Error{ErrorCode::Usage, "--log-rotate " + text + ": " + what};
  };
  RotatePolicy policy;
  const std::string_view whole = text;
  const std::size_t colon = whole.find(':');
  policy.log_size = static_cast<std::int64_t>(parse_byte_size(whole.substr(0, colon)).value_or(0));
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
    // A logger with the destination `file` gives only the mode, so the process has chosen that
    // itself.
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
