#include "core/config/yaml_anchors.h"

#include <algorithm>
#include <string>
#include <variant>

namespace thermos::config {
namespace {

constexpr std::size_t kMaxCopied = 4'000'000;                    // values
constexpr std::size_t kMaxCopiedBytes = std::size_t{256} << 20;  // of their texts

Extent extent_of(const Value& value) {
  Extent extent;
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    extent.bytes = text->size();
  } else if (const auto* list = std::get_if<Array>(&value.data)) {
    extent.depth = 1;
    for (const Value& item : *list) extent.add(extent_of(item));
  } else if (const auto* object = std::get_if<Object>(&value.data)) {
    extent.depth = 1;
    for (const Member& member : *object) extent.add(extent_of(member.value));
  }
  return extent;
}

}  // namespace

void Extent::add(const Extent& inner) {
  values += inner.values;
  bytes += inner.bytes;
  depth = std::max(depth, inner.depth + 1);
}

void YamlAnchors::remember(YAML::anchor_t anchor, const Value& value) {
  if (anchor != 0) values_.insert_or_assign(anchor, AnchoredValue{value, extent_of(value)});
}

const AnchoredValue* YamlAnchors::find(YAML::anchor_t anchor) const {
  const auto found = values_.find(anchor);
  return found == values_.end() ? nullptr : &found->second;
}

bool YamlAnchors::count_copy(const AnchoredValue& value) {
  copied_.add(value.extent);
  return copied_.values <= kMaxCopied && copied_.bytes <= kMaxCopiedBytes;
}

const char* YamlAnchors::limit_text() {
  return "the aliases stand for more than 4000000 values or 256 MiB in all";
}

}  // namespace thermos::config
