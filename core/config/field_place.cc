#include "core/config/field_place.h"

#include <algorithm>

#include "core/config/document.h"
#include "core/config/reference_syntax.h"

namespace thermos::config {
namespace {

using fields::Field;
using fields::Kind;
using fields::Slot;
using fields::View;

// Types that hold no text are not walked, because a task may have a million processes with four
// numbers each.
bool may_hold_text(const fields::Type& type) {
  switch (type.kind) {
    case Kind::Text:
    case Kind::Map:  // its names
    case Kind::Object:
      return true;
    case Kind::List:
      return may_hold_text(*type.item);
    default:
      return false;
  }
}

bool visit(Slot value, const FieldPlace& place, const VisitText& visitor);

bool visit_text(std::string& text, const FieldPlace& place, const VisitText& visitor) {
  return !find_reference(text, 0) || visitor(text, place);
}

bool visit_items(Slot list, const FieldPlace& place, const VisitText& visitor) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!visit(list.item(i), place.below(i), visitor)) return false;
  }
  return true;
}

// Visits a map's names and values. A name has the same place as its value.
bool visit_entries(Slot map, const FieldPlace& place, const VisitText& visitor) {
  for (std::size_t i = 0; i < map.size(); ++i) {
    // A copy, because the visitor may replace the name in the map.
    const std::string name = map.name(i);
    const FieldPlace here = place.below(std::string_view(name));
    if (!visit_text(map.name(i), here, visitor)) return false;
    if (!visit(map.item(i), here, visitor)) return false;
  }
  return true;
}

bool visit_fields(Slot object, const FieldPlace& place, const VisitText& visitor) {
  const FieldPlace here = place.holding(object);
  for (const Field& field : object.type->object().fields) {
    if (!may_hold_text(field.type) || !View(object).field(field)) continue;
    if (!visit(object.field(field), here.below(field.key), visitor)) return false;
  }
  return true;
}

bool visit(Slot value, const FieldPlace& place, const VisitText& visitor) {
  switch (value.type->kind) {
    case Kind::Text:
      return visit_text(value.text(), place, visitor);
    case Kind::List:
      return visit_items(value, place, visitor);
    case Kind::Map:
      return visit_entries(value, place, visitor);
    case Kind::Object:
      return visit_fields(value, place, visitor);
    default:
      return true;
  }
}

}  // namespace

FieldPlace FieldPlace::holding(View object) const {
  FieldPlace here = *this;
  if (!is_item_ || object.type->object().scope) here.object_ = object;
  return here;
}

std::string FieldPlace::path() const {
  if (above_ == nullptr) return "";
  const std::string path = above_->path();
  return is_item_ ? path + "[" + std::to_string(index_) + "]" : join_path(path, key_);
}

Enclosing FieldPlace::enclosing() const {
  Enclosing objects;
  for (const FieldPlace* place = this; place != nullptr; place = place->above_) {
    if (place->object_) objects.push_back(place->object_);
  }
  std::reverse(objects.begin(), objects.end());
  return objects;
}

void visit_references(Slot root, const VisitText& visitor) {
  visit(root, FieldPlace(), visitor);
}

}  // namespace thermos::config
