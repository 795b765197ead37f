// One Cap'n Proto message of one segment in bytes of the caller's: written without allocating, read
// without copying. Private to this room, for codec.cc and launch.cc.
#pragma once

#include <capnp/message.h>
#include <kj/exception.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "core/record/frame.h"

namespace thermos {

// Four bytes, the number of segments less one; four bytes, the words of the only one.
inline constexpr std::size_t kSegmentTableBytes = 8;

// What a text takes beyond its pointer: its bytes and a NUL, in words.
inline std::size_t text_words(std::string_view text) {
  return text.size() / sizeof(capnp::word) + 1;
}

// Writes a message with `fill(builder of its root)`. `words` bounds what fill() takes, the root
// pointer included. Returns the message's size in bytes. REQUIRES: room is 8-byte aligned and at
// least kSegmentTableBytes + 8 * words long; with that nothing in here allocates or throws.
template <typename Root, typename Fill>
std::size_t write_flat(std::span<std::byte> room, std::size_t words, const Fill& fill) {
  // The builder takes fresh memory to be zeros.
  std::fill_n(room.data(), kSegmentTableBytes + words * sizeof(capnp::word), std::byte{0});
  auto* const segment = reinterpret_cast<capnp::word*>(room.data() + kSegmentTableBytes);
  capnp::FlatMessageBuilder message(kj::ArrayPtr<capnp::word>(segment, words));
  fill(message.initRoot<Root>());
  const std::size_t used = message.getSegmentsForOutput()[0].size();
  for (std::size_t i = 0; i < 4; ++i) room[4 + i] = static_cast<std::byte>(used >> (8 * i));
  return kSegmentTableBytes + used * sizeof(capnp::word);
}

// Hands `use` the root of a message. nullptr, or what is wrong with it: static text, or text that
// lasts until the next call on this thread. REQUIRES: bytes is 8-byte aligned.
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
  // Pointers may overlap, so a small message can claim to be a huge one: 4 bounds the work.
  options.traversalLimitInWords = 4 * words + 64;
  // Exceptions of the library end here and nowhere else.
  try {
    capnp::SegmentArrayMessageReader message(kj::arrayPtr(&segment, 1), options);
    use(message.getRoot<Root>());
    return nullptr;
  } catch (const kj::Exception& e) {
    // The description alone: printing the whole exception starts addr2line.
    static thread_local std::string fault;
    fault = std::string(e.getDescription().cStr());
    return fault.c_str();
  }
}

}  // namespace thermos
