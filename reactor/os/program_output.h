// What another program prints, for a question that is asked once.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace thermos {

// Runs `words` by PATH, with nothing to read, and returns what it printed, without the newline at
// the end. Nothing if it can't be run, does not exit with 0, or takes longer than 20 seconds
// (timeout(1)). Blocks meanwhile. It waits for this child alone, so who reaps all others must not
// do so until it returns: on a loop's thread nobody does.
std::optional<std::string> output_of(const std::vector<std::string>& words);

}  // namespace thermos
