// The values that a YAML document names (&NAME), and the copies of them that it asks for (*NAME).
#pragma once

#include <cstddef>
#include <unordered_map>

#include <yaml-cpp/anchor.h>

#include "core/config/document.h"

namespace thermos::config {

// The size of a value: what a copy of it costs.
struct Extent {
  std::size_t values = 1;
  std::size_t bytes = 0;
  std::size_t depth = 0;  // of the lists and objects

  void add(const Extent& inner);
};

struct AnchoredValue {
  Value value;
  Extent extent;
};

class YamlAnchors {
 public:
  void clear() { values_.clear(); }
  // Stores the value of an anchor; a later one replaces an earlier one. Anchor 0 means none, and is
  // ignored.
  void remember(YAML::anchor_t anchor, const Value& value);
  // Returns nullptr if the value is not complete yet: the alias stands inside the value that it
  // names.
  const AnchoredValue* find(YAML::anchor_t anchor) const;
  // Counts a copy. Returns false if all copies in the text together are too large: a chain of
  // anchors that each name the one before twice doubles the size with every anchor. limit_text() is
  // the error for that.
  bool count_copy(const AnchoredValue& value);
  static const char* limit_text();

 private:
  std::unordered_map<YAML::anchor_t, AnchoredValue> values_;
  Extent copied_;
};

}  // namespace thermos::config
