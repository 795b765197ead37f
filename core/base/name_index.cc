#include "core/base/name_index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace thermos {
namespace {

constexpr std::size_t kFewest = 8;

// Returns bytes as a number. A memcpy() of a constant size compiles to one instruction, and of
// another size to a call.
template <typename Word>
std::uint64_t word_of(const char* bytes) {
  Word word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 divided by the golden ratio
  hash = (hash ^ word) * kOdd;
  return hash ^ hash >> 32;
}

}  // namespace

std::uint32_t NameIndex::hash_of(std::string_view name) {
  const char* const bytes = name.data();
  const std::size_t size = name.size();
  std::uint64_t hash = size;
  // The last word may overlap the one before it.
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      hash = mix(hash, word_of<std::uint64_t>(bytes + at));
    }
    hash = mix(hash, word_of<std::uint64_t>(bytes + size - 8));
  } else if (size >= 4) {
    hash =
        mix(hash, word_of<std::uint32_t>(bytes) << 32 | word_of<std::uint32_t>(bytes + size - 4));
  } else {
    for (const char byte : name) hash = mix(hash, static_cast<unsigned char>(byte));
  }
  // Names that differ only in their last byte differ in the upper bits first.
  return static_cast<std::uint32_t>(mix(hash, 0));
}

void NameIndex::put(const Slot& slot) {
  std::size_t at = slot.hash & mask();
  while (slots_[at].index != kFree) at = (at + 1) & mask();
  slots_[at] = slot;
}

void NameIndex::grow(std::size_t slots) {
  const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(slots));
  for (const Slot& slot : before) {
    if (slot.index != kFree) put(slot);
  }
}

void NameIndex::reserve(std::size_t names) {
  const std::size_t slots = std::bit_ceil(std::max(kFewest, 2 * names));
  if (slots > slots_.size()) grow(slots);
}

void NameIndex::make_room() {
  if (2 * (taken_ + 1) > slots_.size()) grow(std::max(kFewest, 2 * slots_.size()));
}

void NameIndex::add(std::string_view name, std::uint32_t index) {
  make_room();
  put({hash_of(name), index});
  ++taken_;
}

}  // namespace thermos
