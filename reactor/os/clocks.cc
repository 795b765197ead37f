#include "reactor/os/clocks.h"

#include <ctime>

namespace thermos {
namespace {

Microseconds read_clock(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return t.tv_sec * kSecond + t.tv_nsec / 1000;
}

}  // namespace

Timestamp read_clocks() {
  return {read_clock(CLOCK_REALTIME), read_clock(CLOCK_BOOTTIME)};
}

}  // namespace thermos
