// What a machine that failed can leave of a stream: its first records.
#pragma once

#include <string>

namespace thermos::real {

int count_records(const std::string& path);
// Takes from a stream what comes after its first `records`, and fails the test if it has not as
// many.
void cut_off(const std::string& path, int records);

}  // namespace thermos::real
