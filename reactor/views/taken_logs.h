// The output of a run that was taken over from another task.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/record/paths.h"
#include "core/record/record.h"
#include "reactor/views/log_tail.h"

namespace thermos {

// Where the output of a run is.
struct LogPlace {
  RunnerHeader header;
  FileOwner reader;
  std::uint32_t run = 0;
};

// Finds that of the success of a process that was taken over from the task `from`; nothing if it
// can't be told.
using FindTaken =
    std::function<std::optional<LogPlace>(const std::string& from, const std::string& process)>;

// Looks for it in the files of the task that ran it, each of which is read once.
FindTaken find_taken_in(const Paths& paths);

}  // namespace thermos
