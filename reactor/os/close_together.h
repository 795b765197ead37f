// Closes several descriptors with few system calls.
#pragma once

#include <span>

#include "reactor/os/descriptor.h"

namespace thermos {

// Closes all of them. Those whose numbers follow one another, as those of files that were opened
// one after the other mostly do, take one call (close_range(2)).
void close_together(std::span<Descriptor> descriptors);

}  // namespace thermos
