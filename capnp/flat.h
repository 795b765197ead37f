// Reads and writes one Cap'n Proto message of one segment in the caller's bytes: writing allocates
// nothing, reading copies nothing. Private to this folder.
#pragma once

#include <capnp/any.h>
#include <capnp/list.h>
#include <capnp/message.h>
#include <kj/exception.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/record/frame.h"

namespace thermos {

// Four bytes for the number of segments minus one, and four for the words of the only segment.
inline constexpr std::size_t kSegmentTableBytes = 8;

// The words that a text takes beyond its pointer: its bytes and a NUL.
inline std::size_t text_words(std::string_view text) {
  return text.size() / sizeof(capnp::word) + 1;
}

// Writes the texts into a list of the same length. The setter cuts each text at its first NUL.
inline void fill_texts(capnp::List<capnp::Text>::Builder out,
                       const std::vector<std::string>& texts) {
  for (unsigned i = 0; i < out.size(); ++i) out.set(i, texts[i]);
}

// The size of a struct: its words of data and its pointers. The library makes a struct as large as
// the schema says. A smaller one ends before the later fields, which then must not be set.
struct StructSize {
  std::uint16_t data = 0;
  std::uint16_t pointers = 0;
  std::size_t words() const { return std::size_t{data} + pointers; }
};

// Writes a message into `room` by calling `fill` with the builder of its root, and returns the
// message's size in bytes. The root is as large as the schema says, unless a size is given. fill()
// may use at most `words` words, the root pointer included. Allocates and throws nothing. REQUIRES:
// `room` is 8-byte aligned and has at least kSegmentTableBytes + 8 * words bytes.
template <typename Root, typename Fill>
std::size_t write_flat(std::span<std::byte> room, std::size_t words, const Fill& fill,
                       std::optional<StructSize> size = {}) {
  // FlatMessageBuilder requires zeroed memory.
  std::fill_n(room.data(), kSegmentTableBytes + words * sizeof(capnp::word), std::byte{0});
  auto* const segment = reinterpret_cast<capnp::word*>(room.data() + kSegmentTableBytes);
  capnp::FlatMessageBuilder message(kj::ArrayPtr<capnp::word>(segment, words));
  if (size) {
    auto root = message.getRoot<capnp::AnyPointer>();
    fill(root.initAsAnyStruct(size->data, size->pointers).template as<Root>());
  } else {
    fill(message.initRoot<Root>());
  }
  const std::size_t used = message.getSegmentsForOutput()[0].size();
  for (std::size_t i = 0; i < 4; ++i) room[4 + i] = static_cast<std::byte>(used >> (8 * i));
  return kSegmentTableBytes + used * sizeof(capnp::word);
}

// Calls `use` with the root of a message. Returns nullptr, or what is wrong with the message: a
// static text, or one that is valid until the next call on this thread. REQUIRES: `bytes` is 8-byte
// aligned.
template <typename Root, typename Use>
const char* read_flat(Bytes bytes, const Use& use) {
  std::uint32_t table[2] = {};
  if (bytes.size() < 2 * sizeof(capnp::word) || bytes.size() % sizeof(capnp::word) != 0) {
    return "its length can't be a message's";
  }
  for (std::size_t i = 0; i < 8; ++i) {
    table[i / 4] |= std::to_integer<std::uint32_t>(bytes[i]) << (8 * (i % 4));
  }
  const std::size_t words = bytes.size() / sizeof(capnp::word) - 1;
  if (table[0] != 0 || table[1] != words) return "its segment table is wrong";
  const auto* const first = reinterpret_cast<const capnp::word*>(bytes.data()) + 1;
  const kj::ArrayPtr<const capnp::word> segment(first, words);
  capnp::ReaderOptions options;
  // Pointers may overlap, so that reading a small message may visit huge amounts of data. This is
  // the limit for that.
  options.traversalLimitInWords = 4 * words + 64;
  // The library throws; no exception leaves this function.
  try {
    capnp::SegmentArrayMessageReader message(kj::arrayPtr(&segment, 1), options);
    use(message.getRoot<Root>());
    return nullptr;
  } catch (const kj::Exception& e) {
    // Only the description is used, because the text of the whole exception starts addr2line.
    static thread_local std::string fault;
    fault = std::string(e.getDescription().cStr());
    return fault.c_str();
  }
}

}  // namespace thermos
