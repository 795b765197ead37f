// The last lines that a run printed, to be shown with its failure.
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
  std::string path;                // the file that `lines` are from; stderr's if both are empty
  std::vector<std::string> lines;  // raw bytes, without newlines; a long line is cut
};

inline constexpr std::size_t kEndLines = 10;

// Returns the last `most` lines of a text. Empty lines at its end are left out.
std::vector<std::string> last_lines(std::string_view text, std::size_t most);

// Reads the last lines of the run's stderr, or of its stdout if stderr is empty, with the rights of
// `reader`. A file that can't be read counts as empty, so that the failure is still shown.
LogEnd read_log_end(const RunnerHeader& header, const FileOwner& reader, const std::string& process,
                    std::uint32_t run, std::size_t lines = kEndLines);

}  // namespace thermos
