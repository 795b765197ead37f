// Texts in a configuration that look like references and are none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/configuration/configuration.h"

namespace thermos {

struct OddReference {
  std::size_t line = 0;  // from 1
  std::string text;      // as it is written
  std::string meant;     // as a reference is written
};

// Finds "{{ NAME }}" with spaces, and "{{NAME" that does not end in its line.
std::vector<OddReference> odd_references(std::string_view text);

// Logs a warning for each of them: it stays as it is written, and bash gets it so.
void warn_of_odd_references(const ConfigurationText& text);

}  // namespace thermos
