#include "core/task/field.h"

#include <algorithm>
#include <limits>

#include "core/base/times.h"

namespace thermos::fields {
namespace {

bool fields_in_range(View object) {
  const std::span<const Field> all = object.type->object().fields;
  return std::all_of(all.begin(), all.end(), [object](const Field& field) {
    const View value = object.field(field);
    return !value || is_in_range(value);
  });
}

}  // namespace

const Field* ObjectType::find(std::string_view key) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [key](const Field& field) { return field.key == key; });
  return found == fields.end() ? nullptr : &*found;
}

View View::field_or_usual(const Field& wanted) const {
  const View value = field(wanted);
  if (value || wanted.type.kind != Kind::Object) return value;
  return {&wanted.type, wanted.type.object().usual};
}

bool same_scalar(View a, View b) {
  switch (a.type->kind) {
    case Kind::Flag:
      return a.flag() == b.flag();
    case Kind::Count:
      return a.count() == b.count();
    case Kind::Bytes:
    case Kind::Seconds:
      return a.whole() == b.whole();
    case Kind::Real:
      return a.real() == b.real();
    case Kind::Signal:
      return a.signal() == b.signal();
    default:
      return a.word() == b.word();
  }
}

std::string range_text(const Type& type) {
  std::string text = "0 to ";
  switch (type.kind) {
    case Kind::Count:
      return text + std::to_string(std::numeric_limits<std::uint32_t>::max());
    case Kind::Bytes:
      return text + std::to_string(std::numeric_limits<std::int64_t>::max());
    default:
      text += std::to_string(static_cast<std::int64_t>(type.unit.most));
      return text.append(" ").append(type.unit.name);
  }
}

std::string choice_fault(View object) {
  const ObjectType& type = object.type->object();
  const Field* first = nullptr;
  std::string all;
  for (std::size_t i = 0; i < type.choices; ++i) {
    const Field& field = type.fields[i];
    all.append(i == 0 ? "" : ", ").append(field.key);
    const View value = object.field(field);
    if (value.type->kind == Kind::Flag ? !value.flag() : value.text().empty()) continue;
    if (first != nullptr) {
      return "has both " + std::string(first->key) + " and " + std::string(field.key) +
             ": give one of them";
    }
    first = &field;
  }
  return first == nullptr && type.choices > 0 ? "needs one of " + all : "";
}

bool is_in_range(View value) {
  switch (value.type->kind) {
    case Kind::Bytes:
      return value.whole() >= 0;
    case Kind::Seconds:
      return value.whole() >= 0 &&
             value.whole() <= static_cast<Microseconds>(value.type->unit.most) * kSecond;
    case Kind::Real:
      // This form makes a NaN fail, too.
      return value.real() >= 0 && value.real() <= value.type->unit.most;
    case Kind::Object:
      if (!choice_fault(value).empty()) return false;
      return fields_in_range(value);
    default:
      return true;
  }
}

}  // namespace thermos::fields
