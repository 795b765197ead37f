// The Range header (RFC 9110, 14): which bytes of a file are asked for. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace thermos::observe {

struct ByteRange {
  enum class Kind : std::uint8_t {
    Whole,          // there is none, or one that a server may leave aside
    Part,           // 206: from `first` on, `length` bytes
    Unsatisfiable,  // 416: it lies behind the end
  };
  Kind kind = Kind::Whole;
  std::uint64_t first = 0;
  std::uint64_t length = 0;
  bool operator==(const ByteRange&) const = default;
};

// `header`: the header's value; nothing: there is none. `size`: of the file. Several ranges at once
// are answered by the whole file: that is allowed, and a request for a thousand overlapping ones
// costs no more than any.
ByteRange byte_range(std::optional<std::string_view> header, std::uint64_t size);

}  // namespace thermos::observe
