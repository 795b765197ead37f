// Parses the Range header (RFC 9110, 14), which says which bytes of a file are requested. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace thermos::observe {

struct ByteRange {
  enum class Kind : std::uint8_t {
    Whole,          // no Range header, or one that a server may ignore
    Part,           // 206: from `first` on, `length` bytes
    Unsatisfiable,  // 416: the range lies behind the end of the file
  };
  Kind kind = Kind::Whole;
  std::uint64_t first = 0;
  std::uint64_t length = 0;
  bool operator==(const ByteRange&) const = default;
};

// `header` is the header's value, or nothing if the request has none; `size` is the file's size. A
// header with several ranges is answered with the whole file. The RFC allows that, and a request
// for a thousand overlapping ranges then costs no more than any other.
ByteRange byte_range(std::optional<std::string_view> header, std::uint64_t size);

}  // namespace thermos::observe
