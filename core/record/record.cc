#include "core/record/record.h"

#include <algorithm>

namespace thermos {
namespace {

constexpr std::array<std::string_view, kOrigins> kOriginNames = {
    "recorded", "found at resume",     "coordinator vanished", "lost by reboot", "repaired",
    "ordered",  "ended by the runner", "taken over",           "node gone"};
constexpr std::array<std::string_view, kVerbs> kVerbNames = {"start", "stop", "restart", "fail"};
constexpr std::array<std::string_view, kReportKinds> kReportNames = {
    "ready", "unhealthy", "healthy", "status", "stopping", "extended", "ignored", "placed"};

constexpr std::array<std::string_view, kShortages> kShortageNames = {
    "nothing", "descriptors", "pids", "memory", "disk", "other"};

}  // namespace

std::string_view name_of(Shortage shortage) {
  return kShortageNames[static_cast<std::size_t>(shortage)];
}

std::optional<Shortage> shortage_from(std::string_view name) {
  const auto found = std::find(kShortageNames.begin(), kShortageNames.end(), name);
  if (found == kShortageNames.end()) return std::nullopt;
  return static_cast<Shortage>(found - kShortageNames.begin());
}

std::string_view name_of(Origin origin) {
  return kOriginNames[static_cast<std::size_t>(origin)];
}

std::string_view name_of(Verb verb) {
  return kVerbNames[static_cast<std::size_t>(verb)];
}

std::string_view name_of(ReportKind kind) {
  return kReportNames[static_cast<std::size_t>(kind)];
}

}  // namespace thermos
