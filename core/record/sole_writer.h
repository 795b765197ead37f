// A stream has one writer at a time, by its lock. Where that can get lost (a file system that gives
// the locks of a host away that it does not hear, a file system that has none), a writer whose lock
// another has taken finds out here.
#pragma once

#include <cstdint>

namespace thermos {

// Whether another has written the stream since its writer left it `left` bytes long: the file has
// another size now, or its name means another file.
constexpr bool has_another_writer(std::uint64_t left, std::uint64_t size, bool named) {
  return size != left || !named;
}

}  // namespace thermos
