// What a machine that failed can leave of a stream: its first records.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace thermos::real {

// The offset behind each record.
std::vector<std::size_t> ends_of_records(const std::string& path);
// Takes from a stream what comes after its first `records`, and fails the test if it has not as
// many.
void cut_off(const std::string& path, int records);

}  // namespace thermos::real
