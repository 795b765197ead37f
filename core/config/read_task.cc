#include "core/config/read_task.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/text.h"
#include "core/config/other_programs_keys.h"
#include "core/config/read_scalar.h"
#include "core/config/reference_syntax.h"
#include "core/config/scalar.h"
#include "core/task/task_fields.h"

namespace thermos::config {
namespace {

using fields::Field;
using fields::Kind;
using fields::ObjectType;
using fields::Slot;

std::string kind_wanted(const ObjectType& type) {
  return type.short_form ? "an object or a string" : "an object";
}

std::string unknown_key(std::string_view key, const ObjectType& type, std::string_view hint) {
  std::string what = "unknown key " + thermos::quoted(key) + std::string(hint);
  if (!hint.empty()) return what;
  what.append(": ").append(type.noun).append(type.plural ? " have" : " has");
  bool first = true;
  for (const Field& field : type.fields) {
    what.append(first ? " " : ", ").append(field.key);
    first = false;
  }
  return what;
}

// Finds the fields of one object. Most objects are written in the order of the table, so the field
// behind the last one found is tried first.
class FieldFinder {
 public:
  explicit FieldFinder(const ObjectType& type) : type_(type) {}

  const Field* operator()(std::string_view key) {
    const Field* field = next_ < type_.fields.size() && type_.fields[next_].key == key
                             ? &type_.fields[next_]
                             : type_.find(key);
    if (field != nullptr) next_ = static_cast<std::size_t>(field - type_.fields.data()) + 1;
    return field;
  }

 private:
  const ObjectType& type_;
  std::size_t next_ = 0;
};

// Walks down the tree. Continues after a problem, until there are as many problems as are wanted.
class Reader {
 public:
  Reader(std::vector<Deferred>& deferred, std::size_t most) : deferred_(deferred), most_(most) {}

  void object(Value& value, Slot out, const FieldPlace& place) {
    const ObjectType& type = out.type->object();
    if (type.short_form && std::holds_alternative<std::string>(value.data)) {
      any(value, type.fields.front(), out.field(type.fields.front()), place);
      return;
    }
    auto* object = std::get_if<Object>(&value.data);
    if (object == nullptr) {
      fail(value, place,
           std::string(type.noun) + " is " + kind_wanted(type) + ", not " +
               std::string(kind_of(value)),
           place.path());
      return;
    }
    check_keys(value, *object, type, place);
    const FieldPlace here = place.holding(out);
    FieldFinder find(type);
    for (Member& member : *object) {
      if (full()) return;
      const Field* field = find(member.key);
      if (field != nullptr) any(member.value, *field, out.field(*field), here.below(field->key));
    }
  }

  Problems& problems() { return problems_; }

 private:
  bool full() const { return problems_.size() >= most_; }

  // Looks for unknown keys before missing ones, because a missing key may be a misspelled one.
  void check_keys(const Value& value, const Object& object, const ObjectType& type,
                  const FieldPlace& place) {
    const std::size_t before = problems_.size();
    FieldFinder find(type);
    for (const Member& member : object) {
      if (full()) return;
      if (find(member.key) == nullptr) refuse_key(member, type, place);
    }
    for (const Field& field : type.fields) {
      if (full()) return;
      if (field.required.empty() || value.find(field.key) != nullptr) continue;
      if (!field.instead.empty() && value.find(field.instead) != nullptr) continue;
      const std::string missing = join_path(place.path(), field.key);
      const auto meant = [&missing](const Problem& problem) { return problem.spoiled == missing; };
      if (std::any_of(problems_.begin() + static_cast<std::ptrdiff_t>(before), problems_.end(),
                      meant)) {
        continue;
      }
      std::string what = "'" + std::string(field.key) + "' is missing";
      if (field.required != "-") what += ": " + std::string(field.required);
      fail(value, place, std::move(what), missing);
    }
  }

  void refuse_key(const Member& member, const ObjectType& type, const FieldPlace& place) {
    std::string hint = foreign_hint(member.key, type);
    if (hint.empty()) {
      NearestWord nearest(member.key);
      for (const Field& field : type.fields) nearest.offer(field.key);
      hint = nearest.hint();
    }
    std::optional<std::string> meant;
    for (const Field& field : type.fields) {
      if (hint.find("'" + std::string(field.key) + "'") == std::string::npos) continue;
      // If two keys can replace each other, only the required one is reported as missing.
      const bool other = field.required.empty() && !field.instead.empty();
      meant = join_path(place.path(), other ? field.instead : field.key);
    }
    fail(member.value, place, unknown_key(member.key, type, hint), std::move(meant));
  }

  void any(Value& value, const Field& field, Slot out, const FieldPlace& place) {
    switch (out.type->kind) {
      case Kind::Text:
        return text(value, out.text(), place);
      case Kind::List:
        return list(value, field, out, place);
      case Kind::Map:
        return map(value, field, out, place);
      case Kind::Object:
        return object(value, out, place);
      default:
        return scalar(value, out, place);
    }
  }

  void list(Value& value, const Field& field, Slot out, const FieldPlace& place) {
    if (out.type->one_alone && std::holds_alternative<std::string>(value.data)) {
      out.resize(1);
      any(value, field, out.item(0), place);
      return;
    }
    auto* list = std::get_if<Array>(&value.data);
    if (list == nullptr) {
      std::string_view wanted = "a list";
      if (out.type->one_alone) wanted = "a string or a list";
      if (out.type->by_name) wanted = "a list or an object";
      fail(value, place, wrong_kind(value, wanted), place.path());
      return;
    }
    if (list->empty() && field.required.size() > 1) {
      fail(value, place, "is empty: " + std::string(field.required), place.path());
    }
    // The list gets its final size here, because `deferred_` points into its items.
    out.resize(list->size());
    for (std::size_t i = 0; i < list->size() && !full(); ++i) {
      any((*list)[i], field, out.item(i), place.below(i));
    }
  }

  void map(Value& value, const Field& field, Slot out, const FieldPlace& place) {
    if (out.type->names_alone && std::holds_alternative<Array>(value.data)) {
      names(std::get<Array>(value.data), out, place);
      return;
    }
    auto* object = std::get_if<Object>(&value.data);
    if (object == nullptr) {
      const std::string_view wanted = out.type->names_alone ? "an object or a list" : "an object";
      fail(value, place, wrong_kind(value, wanted), place.path());
      return;
    }
    out.resize(object->size());
    for (std::size_t i = 0; i < object->size() && !full(); ++i) {
      Member& member = (*object)[i];
      out.name(i) = member.key;
      any(member.value, field, out.item(i), place.below(member.key));
    }
  }

  // Reads a list of a map's names alone; each name gets the first of the possible values.
  void names(Array& list, Slot out, const FieldPlace& place) {
    out.resize(list.size());
    for (std::size_t i = 0; i < list.size() && !full(); ++i) {
      text(list[i], out.name(i), place.below(i));
    }
  }

  void text(Value& value, std::string& out, const FieldPlace& place) {
    auto* string = std::get_if<std::string>(&value.data);
    if (string == nullptr) {
      fail(value, place, wrong_kind(value, "a string"), place.path());
      return;
    }
    out = std::move(*string);
  }

  void scalar(Value& value, Slot out, const FieldPlace& place) {
    auto* written = std::get_if<std::string>(&value.data);
    if (written != nullptr && find_reference(*written, 0)) {
      deferred_.push_back({place.path(), out, place.enclosing(), std::move(*written)});
      return;
    }
    if (auto complaint = read_scalar(value, out)) {
      fail(value, place, std::move(*complaint), place.path());
    }
  }

  void fail(const Value& value, const FieldPlace& place, std::string what,
            std::optional<std::string> spoiled) {
    if (full()) return;
    problems_.push_back({place.path(), std::move(what), value.position(), std::move(spoiled)});
  }

  std::vector<Deferred>& deferred_;
  std::size_t most_;
  Problems problems_;
};

}  // namespace

std::optional<std::string> settle(const Deferred& deferred, const std::string& bound) {
  if (has_leading_zero(bound)) return thermos::quoted(bound) + ": a number can't begin with 0";
  return read_scalar(plain_scalar(bound), deferred.slot);
}

Problems read_object(Value& value, Slot object, std::vector<Deferred>& deferred, std::size_t most) {
  Reader reader(deferred, most);
  reader.object(value, object, FieldPlace());
  return std::move(reader.problems());
}

Problems read_task(Value& value, Draft& draft, std::size_t most) {
  draft.named = value.find("name") != nullptr;
  return read_object(value, fields::slot_of(draft.task), draft.deferred, most);
}

}  // namespace thermos::config
