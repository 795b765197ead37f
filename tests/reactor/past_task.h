// Creates the files of tasks that have ended, as a runner leaves them.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/times.h"
#include "core/record/paths.h"

namespace thermos {

struct PastTaskOnDisk {
  std::string id;
  std::uint32_t uid = 0;
  std::string process = "p";
  int processes = 1;  // if there are several, each has its number behind the name
  std::string cmdline = "true";
  std::string sandbox = "/nowhere";
  std::uint64_t position = 0;  // of its first event
  Microseconds ended = 0;      // wall time
};

// Writes the task's file in tasks/finished and its runner's stream. REQUIRES:
// make_past_directories(paths).
void put_past_task(const Paths& paths, const PastTaskOnDisk& task);
void make_past_directories(const Paths& paths);

}  // namespace thermos
