// What a task's records survive.
#pragma once

#include <cstdint>

namespace thermos {

enum class SyncMode : std::uint8_t {
  Power,  // a power cut: terminal records are synced before what depends on them starts
  Crash,  // kill -9 of everything, but no power cut: the kernel writes when it likes
};

}  // namespace thermos
