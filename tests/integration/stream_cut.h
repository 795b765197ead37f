// Truncates streams as a failure of the machine can: only the first records remain.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace thermos::real {

// Returns the offset behind each record.
std::vector<std::size_t> ends_of_records(const std::string& path);
// Truncates a stream after its first `records` records. Fails the test if it has fewer.
void cut_off(const std::string& path, int records);

}  // namespace thermos::real
