// Reads values in Thrift's binary protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/record/frame.h"

namespace thermos::ancestor {

enum class ThriftType : std::uint8_t {
  Stop = 0,
  Bool = 2,
  Byte = 3,
  Double = 4,
  I16 = 6,
  I32 = 8,
  I64 = 10,
  String = 11,
  Struct = 12,
  Map = 13,
  Set = 14,
  List = 15,
};

// After the first failure every read returns zeros, so that callers need not check each read.
class ThriftReader {
 public:
  // Borrows the bytes.
  explicit ThriftReader(Bytes bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(unsigned_of(1)); }
  std::int16_t i16() { return static_cast<std::int16_t>(unsigned_of(2)); }
  std::int32_t i32() { return static_cast<std::int32_t>(unsigned_of(4)); }
  std::int64_t i64() { return static_cast<std::int64_t>(unsigned_of(8)); }
  double real();
  std::string text();
  // Reads the beginning of a struct's next field; false behind the last one.
  bool field(ThriftType& type, std::int16_t& id);
  // Skips a value.
  void skip(ThriftType type) { skip(type, 0); }
  // Reads how many items a map, set or list has, each of at least `bytes` bytes.
  std::size_t count(std::size_t bytes);

  void fail(std::string_view why);
  bool good() const { return !short_ && why_.empty(); }
  // Returns whether the bytes ended inside a value, and nothing else was wrong.
  bool ended() const { return short_; }
  const std::string& why() const { return why_; }
  std::size_t left() const { return rest_.size(); }

 private:
  std::uint64_t unsigned_of(std::size_t bytes);
  Bytes take(std::size_t bytes);
  void skip(ThriftType type, int depth);

  Bytes rest_;
  bool short_ = false;
  std::string why_;
};

}  // namespace thermos::ancestor
