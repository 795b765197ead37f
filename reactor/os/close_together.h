// Closes several descriptors with few system calls.
#pragma once

#include <span>

#include "reactor/os/descriptor.h"

namespace thermos {

// Closes all `descriptors`. A group with consecutive numbers takes one system call
// (close_range(2)); files that were opened one after the other mostly have such numbers.
void close_together(std::span<Descriptor> descriptors);

}  // namespace thermos
