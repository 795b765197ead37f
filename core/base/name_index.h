// A hash index from a name to its place in a list. Reading a stream makes one lookup per record.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace thermos {

// The caller keeps the names and passes `name_of` to find(): for every index that was added,
// `name_of(index)` returns the name as something that compares with a std::string_view.
class NameIndex {
 public:
  // Returns the index of `name`, or nothing when it was not added.
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

  // REQUIRES: neither the name nor the index was added before.
  void add(std::string_view name, std::uint32_t index);
  // Makes room for `names` names in total.
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

  std::vector<Slot> slots_;  // their number is a power of two; at most half of them are taken
  std::size_t taken_ = 0;
};

}  // namespace thermos
