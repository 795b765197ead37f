#include "core/config/read_scalar.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <variant>

#include "core/base/seconds.h"
#include "core/base/text.h"
#include "core/base/times.h"
#include "core/config/scalar.h"
#include "core/config/scalar_text.h"

namespace thermos::config {
namespace {

using fields::Kind;
using fields::Slot;
using fields::Type;

constexpr const char* kDurations = "; or a time as '20m' or '1h30m'";

// Returns how to get the wanted value, if YAML has read something else than the author meant.
std::string advice(const Value& value, std::string_view wanted) {
  if (value.plain == 0) return "";
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) {
    if (std::holds_alternative<std::nullptr_t>(value.data)) return ": nothing is written here";
    if (wanted != "a string") return "";
    return ": put it in quotes";
  }
  if (wanted == "true or false" && is_old_boolean(*text)) {
    return ": " + thermos::quoted(*text) + " is no boolean in YAML 1.2";
  }
  if (wanted == "a number" && is_old_number(*text)) {
    return ": " + thermos::quoted(*text) + " is no number in YAML 1.2";
  }
  return "";
}

std::string out_of_range(const Value& value, const Type& type) {
  std::string number;
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    number = std::to_string(*whole);
  } else if (const auto* big = std::get_if<std::uint64_t>(&value.data)) {
    number = std::to_string(*big);
  } else if (const auto* floating = std::get_if<double>(&value.data)) {
    number = number_text(*floating);
  }
  return number + " is out of range: " + fields::range_text(type);
}

Complaint read_whole(const Value& value, const Type& type, std::int64_t max, std::int64_t& out) {
  bool fits = false;
  if (const auto* big = std::get_if<std::uint64_t>(&value.data)) {
    fits = *big <= static_cast<std::uint64_t>(max);
    if (fits) out = static_cast<std::int64_t>(*big);
  } else if (const auto* real = std::get_if<double>(&value.data)) {
    if (std::trunc(*real) != *real) return "must be a whole number, not " + number_text(*real);
    // `max` itself may round up to a double beyond it.
    fits = *real >= 0 && *real <= static_cast<double>(max) && *real < 0x1p63;
    if (fits) out = static_cast<std::int64_t>(*real);
  } else if (!std::holds_alternative<std::int64_t>(value.data)) {
    return wrong_kind(value, "a number");
  }
  // The parsers call only negative numbers signed.
  if (fits) return std::nullopt;
  return out_of_range(value, type);
}

Complaint read_real(const Value& value, const Type& type, double& out) {
  double number = 0;
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    number = static_cast<double>(*whole);
  } else if (const auto* big = std::get_if<std::uint64_t>(&value.data)) {
    number = static_cast<double>(*big);
  } else if (const auto* floating = std::get_if<double>(&value.data)) {
    number = *floating;
  } else {
    return wrong_kind(value, "a number");
  }
  if (!(number >= 0 && number <= type.unit.most)) {
    return out_of_range(value, type);
  }
  out = number + 0.0;  // -0 is 0
  return std::nullopt;
}

Complaint read_flag(const Value& value, Slot out) {
  const auto* boolean = std::get_if<bool>(&value.data);
  if (boolean == nullptr) return wrong_kind(value, "true or false");
  out.flag() = *boolean;
  return std::nullopt;
}

Complaint read_count(const Value& value, Slot out) {
  std::int64_t whole = 0;
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (auto complaint = read_whole(value, *out.type, kMost, whole)) return complaint;
  out.count() = static_cast<std::uint32_t>(whole);
  return std::nullopt;
}

Complaint read_seconds(const Value& value, Slot out) {
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    const auto duration = duration_from(*text);
    if (!duration) return wrong_kind(value, "a number") + kDurations;
    out.whole() = *duration;
    return std::nullopt;
  }
  double seconds = 0;
  if (auto complaint = read_real(value, *out.type, seconds)) return complaint;
  out.whole() = std::llround(seconds * static_cast<double>(kSecond));
  return std::nullopt;
}

Complaint read_word(const Value& value, Slot out) {
  std::string choices;
  for (const std::string_view word : out.type->words) {
    choices += (choices.empty() ? "" : ", ") + std::string(word);
  }
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) return "must be one of " + choices + ", not " + std::string(kind_of(value));
  NearestWord nearest(*text);
  for (std::size_t i = 0; i < out.type->words.size(); ++i) {
    if (out.type->words[i] == *text) {
      out.set_word(i);
      return std::nullopt;
    }
    nearest.offer(out.type->words[i]);
  }
  return thermos::quoted(*text) + " is none of " + choices + nearest.hint();
}

Complaint read_signal(const Value& value, Slot out) {
  std::string written;
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    written = *text;
  } else if (const auto* number = std::get_if<std::uint64_t>(&value.data)) {
    written = std::to_string(*number);
  } else {
    return wrong_kind(value, "a signal's name or number");
  }
  const auto signal = signal_from(written);
  if (!signal) {
    const std::string hint = nearest_signal(written);
    return thermos::quoted(written) + " is no signal" +
           (hint.empty() ? ": it has a name, as TERM, or a number, 1 to 64" : hint);
  }
  out.signal() = *signal;
  return std::nullopt;
}

}  // namespace

std::string wrong_kind(const Value& value, std::string_view wanted) {
  return "must be " + std::string(wanted) + ", not " + std::string(kind_of(value)) +
         advice(value, wanted);
}

Complaint read_scalar(const Value& value, Slot out) {
  switch (out.type->kind) {
    case Kind::Flag:
      return read_flag(value, out);
    case Kind::Count:
      return read_count(value, out);
    case Kind::Bytes:
      return read_whole(value, *out.type, std::numeric_limits<std::int64_t>::max(), out.whole());
    case Kind::Seconds:
      return read_seconds(value, out);
    case Kind::Real:
      return read_real(value, *out.type, out.real());
    case Kind::Word:
      return read_word(value, out);
    case Kind::Signal:
      return read_signal(value, out);
    default:
      return "is no scalar";  // not reached: the reader knows the others
  }
}

}  // namespace thermos::config
