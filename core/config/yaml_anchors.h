// The values that a YAML document gives a name (&NAME), to be copied where it is used (*NAME).
#pragma once

#include <cstddef>
#include <unordered_map>

#include <yaml-cpp/anchor.h>

#include "core/config/document.h"

namespace thermos::config {

// How much a value holds, for what copying it costs.
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
  // An anchor of 0 is none. One that is given again means the newer value.
  void remember(YAML::anchor_t anchor, const Value& value);
  // nullptr: not known yet, so the alias stands inside what it names.
  const AnchoredValue* find(YAML::anchor_t anchor) const;
  // Counts a copy of it. False: all copies of the text have become too much, since a few anchors
  // that name each other double with each.
  bool count_copy(const AnchoredValue& value);
  static const char* limit_text();

 private:
  std::unordered_map<YAML::anchor_t, AnchoredValue> values_;
  Extent copied_;
};

}  // namespace thermos::config
