// Runs another program once and returns what it prints.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace thermos {

// Runs the command `words`, found by PATH, with /dev/null as its input, and returns its standard
// output without the newlines at the end. Returns nothing if the command can't be run, does not
// exit with 0, or takes longer than 20 seconds (timeout(1)). Blocks until it ends. It waits for
// this child itself, so no code may reap all children meanwhile; on the loop's thread none does,
// because the loop stands still.
std::optional<std::string> output_of(const std::vector<std::string>& words);

}  // namespace thermos
