#include "reactor/os/counters.h"

#include <array>

namespace thermos {
namespace {

constexpr Microseconds kMilli = 1000;
// Bounds for durations from microseconds to seconds.
constexpr std::array<Microseconds, 12> kBounds = {
    100,         250,         500,         1 * kMilli,   2500,         5 * kMilli,
    10 * kMilli, 25 * kMilli, 50 * kMilli, 100 * kMilli, 500 * kMilli, 2 * kSecond};

}  // namespace

Counters::Counters() : turns(kBounds), commits(kBounds) {}

Counters& counters() {
  static Counters all;
  return all;
}

}  // namespace thermos
