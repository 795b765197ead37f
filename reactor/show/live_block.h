// The live block of `thermos run` on a terminal: how far the task is, and how long each process has
// been running.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/times.h"
#include "reactor/show/run_progress.h"
#include "reactor/views/record_lines.h"

namespace thermos {

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

// Returns the lines of the block, each shorter than the screen is wide, and never more than half
// of its rows (but at least two).
std::vector<std::string> live_block(const RunProgress& progress, Timestamp now,
                                    const ScreenSize& screen, const LineStyle& style);

// Returns the boot time at which the block changes next if nothing but time passes; nothing if it
// does not.
std::optional<Microseconds> live_block_changes_at(const RunProgress& progress, Timestamp now);

// Describes how an ending task is stopped: "stopping; SIGKILL in 30 s; Ctrl-C again kills now", in
// fewer words if it would not fit into `columns`. Returns nothing if the task is not CLEANING or
// FINALIZING.
std::optional<std::string> ending_words(const RunProgress& progress, Timestamp now,
                                        std::size_t columns);

}  // namespace thermos
