// Thrown when a rule is broken. It ends the simulation of this world.
#pragma once

#include <stdexcept>
#include <string>

namespace thermos::sim {

struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Throws Broken(what) unless `holds`.
inline void require(bool holds, const std::string& what) {
  if (!holds) throw Broken(what);
}

}  // namespace thermos::sim
