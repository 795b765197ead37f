#include "core/explain/cause.h"

#include <array>

namespace thermos {

std::string_view name_of(CauseKind kind) {
  constexpr std::array<std::string_view, kCauseKinds> kNames = {
      "need",     "never",    "clock",     "concurrency", "pool",      "hold",      "stage",
      "time",     "launch",   "turn",      "leader",      "runs",      "readiness", "health",
      "ending",   "met",      "again",     "ordered",     "success",   "exit",      "signal",
      "memory",   "timeout",  "unready",   "unhealthy",   "unstarted", "lost",      "reboot",
      "shutdown", "yield",    "task_ends", "limit",       "deadlock",  "kill",      "overrun",
      "more",     "replaced", "forgotten"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace thermos
