// Makes a real task one that ended long ago.
#pragma once

#include <string>

namespace thermos::real {

// Writes the streams in a task's checkpoint directory anew, with every wall time `seconds` earlier.
// Fails the test if one can't be read.
void make_older(const std::string& checkpoints, double seconds);

}  // namespace thermos::real
