#include "core/ancestor/thrift.h"

#include <bit>

namespace thermos::ancestor {
namespace {

// How deep structs may be nested: deeper than in any real stream, but not so deep that they exhaust
// the stack.
constexpr int kMaxDepth = 16;

// The fewest bytes that a value takes.
std::size_t least_bytes(ThriftType type) {
  switch (type) {
    case ThriftType::I16:
      return 2;
    case ThriftType::I32:
    case ThriftType::String:
      return 4;
    case ThriftType::Double:
    case ThriftType::I64:
      return 8;
    default:
      return 1;
  }
}

}  // namespace

void ThriftReader::fail(std::string_view why) {
  if (!good()) return;
  why_ = why;
  rest_ = {};
}

Bytes ThriftReader::take(std::size_t bytes) {
  if (bytes > rest_.size()) {
    if (good()) short_ = true;
    rest_ = {};
    return {};
  }
  const Bytes taken = rest_.first(bytes);
  rest_ = rest_.subspan(bytes);
  return taken;
}

std::uint64_t ThriftReader::unsigned_of(std::size_t bytes) {
  std::uint64_t value = 0;
  for (const std::byte byte : take(bytes)) value = value << 8 | static_cast<std::uint64_t>(byte);
  return value;
}

double ThriftReader::real() {
  return std::bit_cast<double>(unsigned_of(8));
}

std::string ThriftReader::text() {
  const std::int32_t length = i32();
  if (length < 0) {
    fail("a text of a negative length");
    return {};
  }
  std::string text;
  const Bytes bytes = take(static_cast<std::size_t>(length));
  text.reserve(bytes.size());
  for (const std::byte byte : bytes) text += static_cast<char>(byte);
  return text;
}

bool ThriftReader::field(ThriftType& type, std::int16_t& id) {
  type = static_cast<ThriftType>(u8());
  if (!good() || type == ThriftType::Stop) return false;
  id = i16();
  return good();
}

std::size_t ThriftReader::count(std::size_t bytes) {
  const std::int32_t items = i32();
  if (items < 0) {
    fail("a negative number of items");
    return 0;
  }
  // If so many items can't fit into the bytes that are left, fails at once instead of item by item.
  if (static_cast<std::size_t>(items) > rest_.size() / bytes) {
    take(rest_.size() + 1);
    return 0;
  }
  return static_cast<std::size_t>(items);
}

void ThriftReader::skip(ThriftType type, int depth) {
  if (depth > kMaxDepth) return fail("values nested too deep");
  switch (type) {
    case ThriftType::Bool:
    case ThriftType::Byte:
    case ThriftType::I16:
    case ThriftType::I32:
    case ThriftType::Double:
    case ThriftType::I64:
      take(least_bytes(type));
      return;
    case ThriftType::String: {
      const std::int32_t length = i32();
      if (length < 0) return fail("a text of a negative length");
      take(static_cast<std::size_t>(length));
      return;
    }
    case ThriftType::Struct: {
      ThriftType inner = ThriftType::Stop;
      std::int16_t id = 0;
      while (field(inner, id)) skip(inner, depth + 1);
      return;
    }
    case ThriftType::Map: {
      const auto key = static_cast<ThriftType>(u8());
      const auto value = static_cast<ThriftType>(u8());
      const std::size_t items = count(least_bytes(key) + least_bytes(value));
      for (std::size_t i = 0; i < items && good(); ++i) {
        skip(key, depth + 1);
        skip(value, depth + 1);
      }
      return;
    }
    case ThriftType::Set:
    case ThriftType::List: {
      const auto item = static_cast<ThriftType>(u8());
      const std::size_t items = count(least_bytes(item));
      for (std::size_t i = 0; i < items && good(); ++i) skip(item, depth + 1);
      return;
    }
    case ThriftType::Stop:
      break;
  }
  fail("a value of an unknown type");
}

}  // namespace thermos::ancestor
