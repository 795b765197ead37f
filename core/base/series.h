// A sequence that grows only at its end and never moves its elements. Histories use it: moving
// their runs as a std::vector grows costs as much as reading them.
#pragma once

#include <algorithm>
#include <bit>
#include <compare>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace thermos {

// The interface is a part of std::vector's. References stay valid until their element is dropped. A
// series of one element takes little more memory than the element, since most processes run once.
template <typename T>
class Series {
 public:
  class const_iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = const T&;

    const_iterator() = default;
    const_iterator(const Series* series, std::size_t at) : series_(series), at_(at) {}
    reference operator*() const { return (*series_)[at_]; }
    pointer operator->() const { return &(*series_)[at_]; }
    const_iterator& operator++() {
      ++at_;
      return *this;
    }
    const_iterator operator++(int) { return {series_, at_++}; }
    const_iterator& operator--() {
      --at_;
      return *this;
    }
    const_iterator operator--(int) { return {series_, at_--}; }
    bool operator==(const const_iterator&) const = default;

   private:
    const Series* series_ = nullptr;
    std::size_t at_ = 0;
  };

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // REQUIRES: the element exists.
  const T& operator[](std::size_t at) const {
    const auto [block, place] = locate(at);
    return blocks_[block][place];
  }
  const T& front() const { return blocks_.front().front(); }
  const T& back() const { return blocks_.back().back(); }
  T& back() { return blocks_.back().back(); }

  const_iterator begin() const { return {this, 0}; }
  const_iterator end() const { return {this, size_}; }
  auto rbegin() const { return std::make_reverse_iterator(end()); }
  auto rend() const { return std::make_reverse_iterator(begin()); }

  T& emplace_back() {
    // room() and not capacity(): the blocks of a copied series have no spare capacity.
    if (blocks_.empty() || blocks_.back().size() == room(blocks_.size() - 1)) {
      const std::size_t next = room(blocks_.size());
      blocks_.emplace_back().reserve(next);
    }
    ++size_;
    return blocks_.back().emplace_back();
  }

  // Drops all elements but the last `keep`, and moves those.
  void keep_last(std::size_t keep) {
    if (size_ <= keep) return;
    Series kept;
    for (std::size_t at = size_ - keep; at < size_; ++at) {
      const auto [block, place] = locate(at);
      kept.emplace_back() = std::move(blocks_[block][place]);
    }
    *this = std::move(kept);
  }

  bool operator==(const Series&) const = default;

 private:
  // Blocks have 1, 2, 4 ... 64 elements, and all later ones 64.
  static constexpr std::size_t kDoublings = 6;
  static constexpr std::size_t kLargest = std::size_t{1} << kDoublings;

  static std::size_t room(std::size_t block) {
    return std::size_t{1} << std::min(block, kDoublings);
  }
  static std::pair<std::size_t, std::size_t> locate(std::size_t at) {
    if (at + 1 < 2 * kLargest) {
      const auto block = static_cast<std::size_t>(std::bit_width(at + 1)) - 1;
      return {block, at + 1 - (std::size_t{1} << block)};
    }
    const std::size_t beyond = at + 1 - 2 * kLargest;
    return {kDoublings + 1 + beyond / kLargest, beyond % kLargest};
  }

  std::vector<std::vector<T>> blocks_;
  std::size_t size_ = 0;
};

}  // namespace thermos
