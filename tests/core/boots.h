// The boots of a machine that records in tests are of.
#pragma once

#include "core/record/record.h"

namespace thermos {

inline constexpr BootId kBoot{1, 2};
inline constexpr BootId kNextBoot{3, 4};

}  // namespace thermos
