// What the daemon goes by: built in, then as its configuration file says, then as its command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "core/record/record.h"
#include "reactor/host/sync_mode.h"

namespace thermos {

struct Settings {
  std::string log_level = "info";
  SyncMode sync = SyncMode::Power;             // of tasks that are led from now on
  std::uint32_t keep_logs = kDefaultKeepLogs;  // of tasks submitted without saying
  std::size_t tasks_per_user = 1000;           // active ones; root has no limit
  std::size_t processes_per_task = 10'000;     // of a submitted one; root has no limit
  std::size_t connections = 1024;
  std::size_t connections_per_user = 128;  // root has no limit
  // Replies that a client did not read: more are not made before it reads these.
  std::size_t queue_bytes = std::size_t{256} << 10;
};

// Reads a configuration file, JSON or YAML: an object of the names above, each at most once, on top
// of `defaults`. NotFound; BadConfig with the place, naming what is not known.
Result<Settings> load_settings(const std::string& path, Settings defaults);

}  // namespace thermos
