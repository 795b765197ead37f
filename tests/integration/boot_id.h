// The machine seems to have been started anew: programs find another boot id in the kernel's place,
// which a file stands in for in a mount namespace of their own.
#pragma once

#include <string>

#include <gtest/gtest.h>

namespace thermos::real {

// Whether that can be done here: as root, or where users may have namespaces.
::testing::AssertionResult can_pretend_boots();

// In the child, before it becomes the program: from here on the file `id` is the boot id. Ends it
// (127) when that can't be.
void enter_boot(const std::string& id);

}  // namespace thermos::real
