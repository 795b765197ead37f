// Checks what a task says of pools.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/task/task.h"

namespace thermos {

// Whose pools processes may use: the task's alone, or those of a daemon too, which may have any
// that the task has not.
enum class PoolsOf : std::uint8_t { Task, Daemon };

struct PoolFault {
  std::string path;  // "pools.gpu"
  std::string what;
};

// What is wrong with the task's pools, and with the uses of `users`, the processes that have some.
std::vector<PoolFault> find_pool_faults(const TaskConfig& task,
                                        const std::vector<ProcessIndex>& users, PoolsOf pools);

// The first use of a pool that neither the task nor a daemon with the pools `shared` has, or of
// more than the daemon has; nothing if there is none.
std::optional<PoolFault> find_shared_fault(const TaskConfig& task,
                                           const Named<std::uint32_t>& shared);

}  // namespace thermos
