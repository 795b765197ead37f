#include "core/base/seconds.h"

#include <cstdlib>

namespace thermos {

std::string seconds_text(Microseconds duration) {
  const std::string sign = duration < 0 ? "-" : "";
  const Microseconds whole = std::abs(duration / kSecond);
  const Microseconds part = std::abs(duration % kSecond);
  if (part == 0) return sign + std::to_string(whole);
  std::string fraction = std::to_string(kSecond + part).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return sign + std::to_string(whole) + "." + fraction;
}

}  // namespace thermos
