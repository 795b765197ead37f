// Names and what each stands for, in the order in which they were written.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace thermos {

// A vector of its own kind: a name may be a text whose references are bound in place.
template <typename T>
struct Named {
  std::vector<std::pair<std::string, T>> entries;
  bool operator==(const Named&) const = default;
};

}  // namespace thermos
