#include "core/record/usage.h"

#include <algorithm>

#include "core/base/byte_size.h"
#include "core/base/seconds.h"

namespace thermos {

void UsageTotals::add(const Usage& usage) {
  if (usage.known()) {
    user += static_cast<std::uint64_t>(usage.user);
    system += static_cast<std::uint64_t>(usage.system);
  }
  if (usage.peak > 0) peak = std::max(peak, static_cast<std::uint64_t>(usage.peak));
}

void UsageTotals::add(const UsageTotals& others) {
  user += others.user;
  system += others.system;
  peak = std::max(peak, others.peak);
}

std::string usage_text(const Usage& usage) {
  std::string text;
  if (usage.known()) {
    text = duration_text(add_saturated(usage.user, usage.system)) + " of CPU";
  }
  if (usage.peak > 0) {
    text += (text.empty() ? "" : ", ") + byte_size_text(static_cast<std::uint64_t>(usage.peak)) +
            " at most";
  }
  return text;
}

}  // namespace thermos
