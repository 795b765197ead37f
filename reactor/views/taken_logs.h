// Finds the output of a run whose success was taken over from another task.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/record/paths.h"
#include "core/record/record.h"
#include "reactor/views/log_tail.h"

namespace thermos {

// The location of a run's output.
struct LogPlace {
  RunnerHeader header;
  FileOwner reader;
  std::uint32_t run = 0;
};

// Returns the location of the output of the process's success that was taken over from the task
// `from`; nothing if it is not known.
using FindTaken =
    std::function<std::optional<LogPlace>(const std::string& from, const std::string& process)>;

// Returns a FindTaken that looks in the files of the task `from`. It reads each such task once.
FindTaken find_taken_in(const Paths& paths);

}  // namespace thermos
