// A hash index from a name to its place in a list. Reading a stream makes one lookup per record.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
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
    return found(slots_[look(name, hash_of(name), name_of)]);
  }

  // Looks up each of `names`, as find() does. In an index that does not fit into a cache, this call
  // takes a fraction of the time of a find() for each name: the processor reads the memory for all
  // of them at once. REQUIRES: name_of() returns a reference, and `indexes` has as many elements as
  // `names`.
  template <typename NameOf>
  void find_all(std::span<const std::string_view> names, const NameOf& name_of,
                std::span<std::optional<std::uint32_t>> indexes) const {
    constexpr std::size_t kAtOnce = 32;  // more reads than a core can have under way
    std::array<std::uint32_t, kAtOnce> hashes;
    if (slots_.empty()) std::fill(indexes.begin(), indexes.end(), std::nullopt);
    for (; !slots_.empty() && !names.empty();) {
      const std::size_t count = std::min(names.size(), kAtOnce);
      for (std::size_t i = 0; i < count; ++i) {
        hashes[i] = hash_of(names[i]);
        __builtin_prefetch(&slots_[hashes[i] & mask()]);
      }
      for (std::size_t i = 0; i < count; ++i) {
        const Slot& slot = slots_[hashes[i] & mask()];
        if (slot.index != kFree) __builtin_prefetch(&name_of(slot.index));
      }
      for (std::size_t i = 0; i < count; ++i) {
        indexes[i] = found(slots_[look(names[i], hashes[i], name_of)]);
      }
      names = names.subspan(count);
      indexes = indexes.subspan(count);
    }
  }

  // Lets the processor read the name's slot already, because the name will be looked up soon.
  void prefetch(std::string_view name) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash_of(name) & mask()]);
  }

  // Adds the name. REQUIRES: neither the name nor the index was added before.
  void add(std::string_view name, std::uint32_t index);
  // Adds the name and returns nothing. If the name was added before, returns its index instead.
  // REQUIRES: the index was not added before.
  template <typename NameOf>
  std::optional<std::uint32_t> find_or_add(std::string_view name, std::uint32_t index,
                                           const NameOf& name_of) {
    make_room();
    const std::uint32_t hash = hash_of(name);
    Slot& slot = slots_[look(name, hash, name_of)];
    if (slot.index != kFree) return slot.index;
    slot = {hash, index};
    ++taken_;
    return std::nullopt;
  }
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
  // Returns where the name's slot is, or the free one that ends the search.
  template <typename NameOf>
  std::size_t look(std::string_view name, std::uint32_t hash, const NameOf& name_of) const {
    std::size_t at = hash & mask();
    while (slots_[at].index != kFree &&
           (slots_[at].hash != hash || name_of(slots_[at].index) != name)) {
      at = (at + 1) & mask();
    }
    return at;
  }
  static std::optional<std::uint32_t> found(const Slot& slot) {
    return slot.index == kFree ? std::nullopt : std::optional(slot.index);
  }
  void make_room();  // for one more
  void put(const Slot& slot);
  void grow(std::size_t slots);

  std::vector<Slot> slots_;  // their number is a power of two; at most half of them are taken
  std::size_t taken_ = 0;
};

}  // namespace thermos
