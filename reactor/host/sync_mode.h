// How much a task gives for what is recorded.
#pragma once

#include <cstdint>

namespace thermos {

enum class SyncMode : std::uint8_t {
  Power,  // terminal records reach the disk before what depends on them starts
  Crash,  // flushing is left to the kernel, which survives kill -9 of everything
};

}  // namespace thermos
