// Why a YAML text is not taken.
#pragma once

#include <string>

#include "core/config/document.h"

namespace thermos::config {

// Thrown out of the parser's callbacks, which have no other way to end it; parse_yaml() catches it.
struct YamlRefusal {
  Position at;
  std::string path;  // of the value, below the document's root; "" where none is meant
  std::string what;
};

}  // namespace thermos::config
