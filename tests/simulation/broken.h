// A rule was broken: the world ends here.
#pragma once

#include <stdexcept>
#include <string>

namespace thermos::sim {

struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace thermos::sim
