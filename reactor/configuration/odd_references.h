// Finds text in a configuration that looks like a reference and is not one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/configuration/configuration.h"

namespace thermos {

struct OddReference {
  std::size_t line = 0;  // from 1
  std::string text;      // as it is in the configuration
  std::string meant;     // the reference that was probably meant
};

// Finds "{{ NAME }}" with spaces, and "{{NAME" without "}}" at the end of its line or quoted text.
std::vector<OddReference> odd_references(std::string_view text);

// Logs a warning for each of them. They are not replaced, so bash gets the text as it is written.
void warn_of_odd_references(const ConfigurationText& text);

}  // namespace thermos
