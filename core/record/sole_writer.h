// A stream has one writer at a time, by its lock. A lock can get lost on a file system that gives
// the locks of a host away when it no longer hears from that host, or that has no locks. This check
// lets a writer find out that another one has written its stream since.
#pragma once

#include <cstdint>

namespace thermos {

// Whether another writer has written the stream since its own writer left it `left` bytes long: the
// file's `size` differs, or the stream's name no longer means this file (`named` is false).
constexpr bool has_another_writer(std::uint64_t left, std::uint64_t size, bool named) {
  return size != left || !named;
}

}  // namespace thermos
