// Which failures a task's records survive.
#pragma once

#include <cstdint>

namespace thermos {

enum class SyncMode : std::uint8_t {
  Power,  // a power cut: terminal records are synced before anything that depends on them starts
  Crash,  // kill -9 of all processes, but no power cut: the kernel writes to the disk when it likes
};

}  // namespace thermos
