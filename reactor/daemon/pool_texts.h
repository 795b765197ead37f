// The daemon's pools as JSON.
#pragma once

#include <string>
#include <vector>

#include "core/task/shared_pools.h"
#include "reactor/daemon/caller.h"
#include "reactor/daemon/visible_tasks.h"

namespace thermos {

// Returns each pool as one JSON object, for `pools --json`. For tasks that the caller may not see,
// only the amounts are listed. At most kMostShares shares of a pool are listed.
inline constexpr std::size_t kMostShares = 1000;
std::vector<std::string> pool_texts(const SharedPools& pools, VisibleTasks& visible,
                                    const Caller& caller);

}  // namespace thermos
