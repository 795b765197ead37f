// Checks what a task says about pools.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/task/task.h"

namespace thermos {

// Which pools processes may use: only the task's, or also a daemon's. Which pools a daemon has is
// not known, so any name that is not a pool of the task may be one of them.
enum class PoolsOf : std::uint8_t { Task, Daemon };

struct PoolFault {
  std::string path;  // "pools.gpu"
  std::string what;
};

// Returns what is wrong with the task's pools, and with the `uses` of `users`, the processes that
// have some.
std::vector<PoolFault> find_pool_faults(const TaskConfig& task,
                                        const std::vector<ProcessIndex>& users, PoolsOf pools);

// Returns the first use of a pool that neither the task nor a daemon with the pools `shared` has,
// or of more than the daemon's pool holds; nothing if there is no such use.
std::optional<PoolFault> find_shared_fault(const TaskConfig& task,
                                           const Named<std::uint32_t>& shared);

}  // namespace thermos
