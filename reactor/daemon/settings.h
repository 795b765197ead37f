// The daemon's settings: built-in defaults, overridden by its configuration file, overridden by its
// command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "core/record/record.h"
#include "core/record/retention.h"
#include "core/task/named.h"
#include "reactor/host/sync_mode.h"

namespace thermos {

struct Settings {
  std::string log_level = "info";
  SyncMode sync = SyncMode::Power;             // of tasks that are led from now on
  std::uint32_t keep_logs = kDefaultKeepLogs;  // runs; for tasks submitted without --keep-logs
  std::size_t tasks_per_user = 1000;           // active ones; root has no limit
  std::size_t processes_per_task = 10'000;     // of a submitted one; root has no limit
  std::size_t connections = 1024;
  std::size_t connections_per_user = 128;  // root has no limit
  // The limit, in bytes, of replies that a client has not read: above it no more are made.
  std::size_t queue_bytes = std::size_t{256} << 10;
  // Which tasks that have ended the daemon removes: none without a rule.
  RetentionRules retention;
  // How much there is of what all tasks share, by name; as it was when the daemon started.
  Named<std::uint32_t> pools;
};

// Reads a configuration file, JSON or YAML: an object with the names above, each at most once,
// which override `defaults`. Fails with NotFound, or BadConfig with the place and the name that is
// not known.
Result<Settings> load_settings(const std::string& path, Settings defaults);

// Takes "NAME=N", a pool as the command line gives it, in place of one of that name. Fails with
// Usage.
Status add_pool(const std::string& text, Settings& settings);

}  // namespace thermos
