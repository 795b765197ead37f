// Hours and days, as tests count with them.
#pragma once

#include "core/base/times.h"

namespace thermos {

inline constexpr Microseconds kHour = 3600 * kSecond;
inline constexpr Microseconds kDay = 24 * kHour;

}  // namespace thermos
