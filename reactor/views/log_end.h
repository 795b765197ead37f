// The last lines that a run printed, to be shown where it failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/record/record.h"
#include "reactor/os/as_user.h"

namespace thermos {

struct LogEnd {
  std::string path;                // of the file whose end this is; stderr's if both are empty
  std::vector<std::string> lines;  // raw bytes, without newlines; a long line is cut
};

inline constexpr std::size_t kEndLines = 10;

// The last `most` lines of a text, empty lines at its end left out.
std::vector<std::string> last_lines(std::string_view text, std::size_t most);

// Reads the last lines of the run's stderr, or of its stdout where stderr is empty, as `reader`.
// What can't be read has no lines: why a run failed is shown without them.
LogEnd read_log_end(const RunnerHeader& header, const FileOwner& reader, const std::string& process,
                    std::uint32_t run, std::size_t lines = kEndLines);

}  // namespace thermos
