// Properties of system calls by name.
#pragma once

#include <string>

namespace thermos::faults {

// Returns the name, as "openat", or "call_999" for a number that the table does not have.
std::string call_name(long number);

// Returns the index of the argument that is a path, or a descriptor; negative if there is none.
int path_argument(const std::string& call);
int descriptor_argument(const std::string& call);

// Whether a call concerns only the caller's memory, signals or ids. A kill there has the same
// effects for others as a kill at the call before.
bool is_private(const std::string& call);
// Whether a call changes nothing that another process or the disk could show. A kill after it has
// the same effects as a kill at the next call.
bool only_looks(const std::string& call);

}  // namespace thermos::faults
