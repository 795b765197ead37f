// Simulates a reboot for programs: in a mount namespace of their own, a file with another boot id
// is mounted over the kernel's.
#pragma once

#include <string>

#include <gtest/gtest.h>

namespace thermos::real {

// Whether this is possible here: as root, or where users may create namespaces.
::testing::AssertionResult can_pretend_boots();

// Makes the file `id` this process's boot id. Call it in a child before exec. Exits with 127 on a
// failure.
void enter_boot(const std::string& id);

}  // namespace thermos::real
