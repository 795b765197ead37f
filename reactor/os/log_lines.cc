#include "reactor/os/log_lines.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "core/base/text.h"

namespace thermos {
namespace {

constexpr std::array<std::string_view, 7> kLevels = {"trace", "debug",    "info", "warn",
                                                     "error", "critical", "off"};

// Returns the journal's prefix for the priority of a line, with syslog's numbers (sd-daemon(3)).
const char* syslog_level(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
    case spdlog::level::debug:
      return "<7>";
    case spdlog::level::info:
      return "<6>";
    case spdlog::level::warn:
      return "<4>";
    case spdlog::level::err:
      return "<3>";
    default:
      return "<2>";
  }
}

class SyslogLevel : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    const char* const level = syslog_level(message.level);
    out.append(level, level + std::strlen(level));
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<SyslogLevel>();
  }
};

// Replaces spdlog's %v by the message in printable form.
class PrintableMessage : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    const std::string shown =
        printable(std::string_view(message.payload.data(), message.payload.size()));
    out.append(shown.data(), shown.data() + shown.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<PrintableMessage>();
  }
};

}  // namespace

void log_to_stderr(const std::string& name, const std::string& pattern) {
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>(name, std::make_shared<spdlog::sinks::stderr_sink_st>()));
  set_log_pattern(pattern);
}

void set_log_pattern(const std::string& pattern) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<SyslogLevel>('Q').add_flag<PrintableMessage>('v');
  formatter->set_pattern(pattern);
  spdlog::set_formatter(std::move(formatter));
}

Status check_log_level(std::string_view level) {
  if (std::find(kLevels.begin(), kLevels.end(), level) != kLevels.end()) return Done{};
  return Error{ErrorCode::Usage, "it is trace, debug, info, warn, error, critical or off"};
}

void set_log_level(const std::string& level) {
  spdlog::set_level(spdlog::level::from_str(level));
}

}  // namespace thermos
