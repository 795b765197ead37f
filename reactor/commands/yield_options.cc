#include "reactor/commands/yield_options.h"

#include <algorithm>
#include <ctime>

#include "core/runner/fence.h"
#include "reactor/host/allocation.h"

namespace thermos {
namespace {

// Parses "+SECONDS" from `now`, or a local time as `squeue -o %e` and `date -Iseconds` print it,
// without its zone. Returns nothing if `text` is neither.
std::optional<Microseconds> time_from(const std::string& text, Microseconds now) {
  if (text.starts_with("+")) {
    const auto seconds = parse_seconds("--until", text.substr(1));
    return seconds ? std::optional(add_saturated(now, *seconds)) : std::nullopt;
  }
  std::tm time{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (end == nullptr || *end != 0) return std::nullopt;
  time.tm_isdst = -1;
  const std::time_t seconds = std::mktime(&time);
  if (seconds < 0) return std::nullopt;
  return static_cast<Microseconds>(seconds) * kSecond;
}

}  // namespace

void YieldOptions::add_to(OptionParser& parser) {
  parser.text("--on-term", on_term);
  parser.text("--grace", grace);
  parser.text("--yield-status", exit_status);
  parser.text("--until", until);
  parser.flag("--take-over", take_over);
}

Result<YieldRules> YieldOptions::rules(const TaskConfig& task, const Leadership& place,
                                       Microseconds now) const {
  YieldRules rules;
  if (on_term && *on_term != "kill" && *on_term != "yield") {
    return Error{ErrorCode::Usage, "--on-term " + *on_term + ": it is kill or yield"};
  }
  rules.yielding.on_term = on_term ? *on_term == "yield" : engine_requeues(place);
  rules.yielding.on_usr2 = place.engine == "sge";
  rules.yielding.from = job_text(place);
  const auto seconds = seconds_if_given("--grace", grace);
  if (!seconds) return seconds.error();
  rules.yielding.grace = seconds->value_or(kUsualGrace);
  rules.exit_status = yield_status_of(place);
  if (exit_status) {
    const auto status = parse_count("--yield-status", *exit_status);
    if (!status) return status.error();
    if (*status > 255) {
      return Error{ErrorCode::Usage,
                   "--yield-status " + *exit_status + ": an exit status is 0 to 255"};
    }
    rules.exit_status = static_cast<int>(*status);
  }
  if (until) {
    const auto time = time_from(*until, now);
    if (!time) {
      return Error{ErrorCode::Usage, "--until " + *until +
                                         ": it is a local time, as 2026-12-31T23:59:00, or "
                                         "+SECONDS"};
    }
    rules.until = *time;
  } else if (std::any_of(task.processes.begin(), task.processes.end(),
                         [](const ProcessConfig& process) { return process.time.has_value(); })) {
    rules.until = allocation_end(place, now);
  }
  return rules;
}

}  // namespace thermos
