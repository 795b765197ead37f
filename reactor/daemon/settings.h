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
  SyncMode sync = SyncMode::Power;  // for tasks that are led from then on
  // Number of runs; for tasks submitted without --keep-logs.
  std::uint32_t keep_logs = kDefaultKeepLogs;
  std::size_t tasks_per_user = 1000;        // active tasks; root has no limit
  std::size_t processes_per_task = 10'000;  // for submitted tasks; root has no limit
  std::size_t connections = 1024;
  std::size_t connections_per_user = 128;  // root has no limit
  // The limit, in bytes, of replies that a client has not read. Above it, no more replies to the
  // client are made.
  std::size_t queue_bytes = std::size_t{256} << 10;
  // Rules for which ended tasks the daemon removes. Without a rule, it removes none.
  RetentionRules retention;
  // The sizes of the pools that all tasks share, by name. They stay as they were when the daemon
  // started.
  Named<std::uint32_t> pools;
};

// Reads a configuration file, JSON or YAML: an object with the names above, each at most once,
// which override `defaults`. Fails as read_file() does if the file can't be read, or with
// BadConfig, which tells the place and the wrong name or value.
Result<Settings> load_settings(const std::string& path, Settings defaults);

// Reads a pool from the command line, "NAME=N", and adds it, or replaces the pool of that name.
// Fails with Usage.
Status add_pool(const std::string& text, Settings& settings);

}  // namespace thermos
