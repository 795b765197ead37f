// A Timestamp or nothing, in the room of one Timestamp: a run has four of them, and a history may
// have millions of runs.
#pragma once

#include <limits>
#include <optional>

#include "core/base/times.h"

namespace thermos {

// Used like std::optional<Timestamp>. The value "nothing" is stored as the earliest time of both
// clocks. A Timestamp of just that value, which no clock shows, is stored with the next wall time.
class OptionalTime {
 public:
  OptionalTime() = default;
  // Implicit, as std::optional's conversion from a value is.
  OptionalTime(const Timestamp& at) : at_(at) {  // NOLINT(google-explicit-*)
    if (!has_value()) ++at_.wall;
  }

  explicit operator bool() const { return has_value(); }
  bool has_value() const { return at_.wall != kNone || at_.boot != kNone; }
  // REQUIRES for both: there is a value.
  const Timestamp& operator*() const { return at_; }
  const Timestamp* operator->() const { return &at_; }
  Timestamp value_or(const Timestamp& other) const { return has_value() ? at_ : other; }
  operator std::optional<Timestamp>() const {  // NOLINT(google-explicit-*)
    return has_value() ? std::optional(at_) : std::nullopt;
  }
  bool operator==(const OptionalTime&) const = default;

 private:
  static constexpr Microseconds kNone = std::numeric_limits<Microseconds>::min();
  Timestamp at_{kNone, kNone};
};

}  // namespace thermos
