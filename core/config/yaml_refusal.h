// The error that ends the reading of a YAML text.
#pragma once

#include <string>

#include "core/config/document.h"

namespace thermos::config {

// The callbacks of the parser throw this, because they have no other way to end the parsing;
// parse_yaml() catches it.
struct YamlRefusal {
  Position at;
  std::string path;  // of the value, below the document's root; "" if the error concerns no value
  std::string what;
};

}  // namespace thermos::config
