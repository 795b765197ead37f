// A map that keeps the order in which it was written.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace thermos {

// Not a std::map, because a name may hold references, and these are bound in place.
template <typename T>
struct Named {
  std::vector<std::pair<std::string, T>> entries;
  bool operator==(const Named&) const = default;
};

}  // namespace thermos
