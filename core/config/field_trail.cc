#include "core/config/field_trail.h"

#include <algorithm>
#include <iterator>

#include "core/config/document.h"

namespace thermos::config {
namespace {

using fields::Field;
using fields::Kind;
using fields::Slot;
using fields::View;

// What holds no text is not walked: a task may have a million processes with four numbers each.
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

bool visit(Slot value, FieldTrail& trail, const VisitText& visitor);

bool visit_items(Slot list, FieldTrail& trail, const VisitText& visitor) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    trail.enter(i);
    if (!visit(list.item(i), trail, visitor)) return false;
    trail.leave();
  }
  return true;
}

// A name is at the same place as its value.
bool visit_entries(Slot map, FieldTrail& trail, const VisitText& visitor) {
  const bool texts = may_hold_text(*map.type->item);
  for (std::size_t i = 0; i < map.size(); ++i) {
    // Of its own: the name itself may be replaced.
    const std::string name = map.name(i);
    trail.enter(std::string_view(name));
    if (!visitor(map.name(i), trail)) return false;
    if (texts && !visit(map.item(i), trail, visitor)) return false;
    trail.leave();
  }
  return true;
}

bool visit_fields(Slot object, FieldTrail& trail, const VisitText& visitor) {
  trail.open(object);
  for (const Field& field : object.type->object().fields) {
    if (!may_hold_text(field.type) || !View(object).field(field)) continue;
    trail.enter(field.key);
    if (!visit(object.field(field), trail, visitor)) return false;
    trail.leave();
  }
  trail.close();
  return true;
}

bool visit(Slot value, FieldTrail& trail, const VisitText& visitor) {
  switch (value.type->kind) {
    case Kind::Text:
      return visitor(value.text(), trail);
    case Kind::List:
      return visit_items(value, trail, visitor);
    case Kind::Map:
      return visit_entries(value, trail, visitor);
    case Kind::Object:
      return visit_fields(value, trail, visitor);
    default:
      return true;
  }
}

}  // namespace

void FieldTrail::open(View object) {
  const bool item = !steps_.empty() && steps_.back().index;
  objects_.push_back(item && !object.type->object().scope ? View() : object);
}

std::string FieldTrail::path() const {
  std::string path;
  for (const Step& step : steps_) {
    if (step.index) {
      path += "[" + std::to_string(*step.index) + "]";
    } else {
      path = join_path(path, step.key);
    }
  }
  return path;
}

Enclosing FieldTrail::enclosing() const {
  Enclosing named;
  std::copy_if(objects_.begin(), objects_.end(), std::back_inserter(named),
               [](View object) { return static_cast<bool>(object); });
  return named;
}

void visit_texts(Slot root, const VisitText& visitor) {
  FieldTrail trail;
  visit(root, trail, visitor);
}

}  // namespace thermos::config
