// Where each name is in a list: one lookup for every record of a long stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace thermos {

// The names themselves stay with the caller, who tells them by index: `name_of(index)`, for every
// index that was added, gives what comparing with a std::string_view takes.
class NameIndex {
 public:
  template <typename NameOf>
  std::optional<std::uint32_t> find(std::string_view name, const NameOf& name_of) const {
    if (slots_.empty()) return std::nullopt;
    const std::uint32_t hash = hash_of(name);
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.index == kFree) return std::nullopt;
      if (slot.hash == hash && name_of(slot.index) == name) return slot.index;
    }
  }

  // REQUIRES: neither was added before.
  void add(std::string_view name, std::uint32_t index);
  // Makes room for so many names in all.
  void reserve(std::size_t names);

 private:
  static constexpr std::uint32_t kFree = 0xffffffff;
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t index = kFree;
  };

  static std::uint32_t hash_of(std::string_view name);
  std::size_t mask() const { return slots_.size() - 1; }
  void put(const Slot& slot);
  void grow(std::size_t slots);

  std::vector<Slot> slots_;  // a power of two of them, at most half of them taken
  std::size_t taken_ = 0;
};

}  // namespace thermos
