// Finds bindings that were given on the command line and that the configuration does not use.
#pragma once

#include "reactor/configuration/configuration.h"

namespace thermos {

// Logs a warning for each -E and -P that neither the configuration nor another -E refers to. A
// mistyped name is the usual reason.
void warn_of_unused_bindings(const ConfigurationText& text, const ConfigurationWords& words);

}  // namespace thermos
