// Makes a real task one that ended long ago.
#pragma once

#include <string>

namespace thermos::real {

// Writes the stream at `path` anew, with every wall time `seconds` earlier. Fails the test if it
// can't be read.
void make_older(const std::string& path, double seconds);

}  // namespace thermos::real
