// What is known of system calls by their names.
#pragma once

#include <string>

namespace thermos::faults {

// "openat"; "call_999" for one that the table does not have.
std::string call_name(long number);

// Which argument is a path, and which a descriptor; negative: none.
int path_argument(const std::string& call);
int descriptor_argument(const std::string& call);

// Of the caller's own memory, signals or numbers: to be killed there is to be killed at the call
// before, as far as anybody else can see.
bool is_private(const std::string& call);
// Changes nothing that another process, or the disk, could show. To be killed behind it is to be
// killed at the call that follows.
bool only_looks(const std::string& call);

}  // namespace thermos::faults
