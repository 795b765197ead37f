// Runs several tasks on one virtual clock, as a daemon does whose pools they share. Here no
// coordinator and no disk fails (world.h does that); the daemon may be killed at any effect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared_script.h"

namespace thermos::sim {

struct SharedOutcome {
  std::optional<std::string> broken;  // the broken rule, and what led there
  std::uint64_t steps = 0;            // effects
  std::uint32_t crashes = 0;
  std::uint32_t runs = 0;
  std::uint64_t waits = 0;    // for pools
  std::uint64_t retries = 0;  // moments at which one had shares, and its launch was tried again
};

// `crash_at`: numbers of effects, ascending; the first effect is 1.
SharedOutcome run_shared(const SharedScript& script, const std::vector<std::uint64_t>& crash_at);

}  // namespace thermos::sim
