#include "core/config/field_lookup.h"

#include <algorithm>
#include <string_view>

#include "core/base/text.h"

namespace thermos::config {
namespace {

using fields::Field;
using fields::Kind;
using fields::ObjectType;
using fields::View;
using Found = FieldLookup::Found;

// The result of a walk along a path.
struct Walk {
  enum class End : std::uint8_t { Value, NoSuchPath, Absent };
  End end = End::NoSuchPath;
  View value;
  std::string absent;  // why the value is absent
};

bool is_object_list(const fields::Type& type) {
  return type.kind == Kind::List && type.item->kind == Kind::Object;
}

std::string_view without_article(std::string_view noun) {
  return noun.substr(std::min(noun.find(' ') + 1, noun.size()));
}

// Returns the field of `object`, or its default. Returns an absent view if the field was not given
// and its absence means something else than its default.
View given(View object, const Field& field) {
  const View value = object.field(field);
  if (field.absent.empty()) return value ? value : object.field_or_usual(field);
  const bool empty = value && field.type.kind == Kind::Text && value.text().empty();
  return empty ? View() : value;
}

Walk walk(View object, const Steps& steps, std::size_t at);

// Walks on from `value`, which the key of steps[at] names; the indices of steps[at] come next.
Walk walk_value(View value, const Steps& steps, std::size_t at) {
  const PathStep& step = steps[at];
  const bool last = at + 1 == steps.size();
  switch (value.type->kind) {
    case Kind::Object:
      return last || !step.indices.empty() ? Walk() : walk(value, steps, at + 1);
    case Kind::List: {
      if (step.indices.size() != 1) return {};
      if (step.indices[0] >= value.size()) {
        return {Walk::End::Absent, {}, "it has " + std::to_string(value.size()) + " entries"};
      }
      const View item = value.item(step.indices[0]);
      if (item.type->kind == Kind::Object) return last ? Walk() : walk(item, steps, at + 1);
      return last ? Walk{Walk::End::Value, item, {}} : Walk();
    }
    case Kind::Map: {
      const bool objects = value.type->item->kind == Kind::Object;
      if (at + (objects ? 3 : 2) > steps.size() || !step.indices.empty() ||
          !steps[at + 1].indices.empty() || (!objects && at + 2 != steps.size())) {
        return {};
      }
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (value.name(i) != steps[at + 1].key) continue;
        if (objects) return walk(value.item(i), steps, at + 2);
        return {Walk::End::Value, value.item(i), {}};
      }
      return {Walk::End::Absent, {}, "there is no such name"};
    }
    default:
      return last && step.indices.empty() ? Walk{Walk::End::Value, value, {}} : Walk();
  }
}

// Walks along the steps from `at` on, beginning in `object`.
Walk walk(View object, const Steps& steps, std::size_t at) {
  const Field* field = object.type->object().find(steps[at].key);
  if (field == nullptr) return {};
  const View value = given(object, *field);
  if (!value) {
    // If the path would lead nowhere even with the field given, the path is the error.
    const View usual = object.field_or_usual(*field);
    if (usual && walk_value(usual, steps, at).end == Walk::End::NoSuchPath) return {};
    const std::string_view why = field->absent.empty() ? "nobody gave one" : field->absent;
    return {Walk::End::Absent, {}, std::string(why)};
  }
  return walk_value(value, steps, at);
}

// Appends the paths of all values in `object`, each with `path` before it. Clears `numbers` if one
// of the values is not a number.
void list_values(const ObjectType& object, const std::string& path, std::vector<std::string>& out,
                 bool& numbers) {
  for (const Field& field : object.fields) {
    const std::string below = path + "." + std::string(field.key);
    switch (field.type.kind) {
      case Kind::Object:
        list_values(field.type.object(), below, out, numbers);
        continue;
      case Kind::List:
        out.push_back(below + "[0]");
        break;
      case Kind::Map:
        out.push_back(below + ".NAME");
        break;
      default:
        out.push_back(below);
    }
    const Kind kind = field.type.kind;
    if (kind == Kind::Text || kind == Kind::Word || kind == Kind::Signal || kind == Kind::List ||
        kind == Kind::Map) {
      numbers = false;
    }
  }
}

// The error for a reference that names a whole object, or nothing inside it.
FieldLookup no_value(const ObjectType& object, std::string_view label) {
  std::vector<std::string> values;
  bool numbers = true;
  list_values(object, "", values, numbers);
  std::string wrong = numbers ? "is not a number: name " : "is not a string: name ";
  wrong += label;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) wrong += i + 1 == values.size() ? " or " : ", ";
    wrong += values[i];
  }
  return {Found::Wrong, {}, wrong};
}

FieldLookup found(const Walk& walked) {
  switch (walked.end) {
    case Walk::End::Value:
      return {Found::Yes, walked.value, {}};
    case Walk::End::Absent:
      return {Found::Wrong, {}, "does not exist: " + walked.absent};
    case Walk::End::NoSuchPath:
      break;
  }
  return {};
}

// Finds a field of a process that was named by its index. The path can only mean this process, so a
// field that does not exist is an error.
FieldLookup find_in_item(View item, const Steps& steps) {
  const ObjectType& type = item.type->object();
  const PathStep& step = steps[1];
  FieldLookup lookup = found(walk(item, steps, 1));
  if (lookup.found != Found::No) return lookup;
  const Field* field = type.find(step.key);
  if (field != nullptr && field->type.kind == Kind::Object && step.indices.empty()) {
    return no_value(field->type.object(), step.key);
  }
  NearestWord nearest(step.key);
  for (const Field& one : type.fields) nearest.offer(one.key);
  return {Found::Wrong,
          {},
          "does not exist: " + std::string(type.noun) + " has no such field" + nearest.hint()};
}

// Finds a value in `list`, which is a list of objects in `owner`, such as processes or constraints.
FieldLookup find_in_object_list(View owner, const Field& field, View list, const Steps& steps) {
  const ObjectType& item = list.type->item->object();
  const std::string entry = std::string(field.key) + "[0]." + std::string(item.fields.front().key);
  const bool names_list = item.fields.front().type.kind == Kind::List;
  FieldLookup no_text{Found::Wrong,
                      {},
                      names_list ? "is not a string: name an entry, as in " + entry + "[0]"
                                 : "is not a string: name a field, as in " + entry};
  if (steps[0].indices.size() != 1 || steps.size() < 2) return no_text;
  const std::string the_owner =
      "the " + std::string(without_article(owner.type->object().noun)) + " has ";
  const bool there = steps[0].indices[0] < list.size();
  if (item.scope) {
    if (there) return find_in_item(list.item(steps[0].indices[0]), steps);
    return {Found::Wrong,
            {},
            "is out of range: " + the_owner + std::to_string(list.size()) + " " +
                std::string(field.key) + ", from [0] on"};
  }
  const View one = there ? list.item(steps[0].indices[0]) : View{list.type->item, item.usual};
  const Walk walked = walk(one, steps, 1);
  if (walked.end == Walk::End::NoSuchPath) return no_text;
  if (there && walked.end == Walk::End::Value) return found(walked);
  return {Found::Wrong,
          {},
          "does not exist: " + the_owner + "no such " + std::string(without_article(item.noun))};
}

// The error for a key that leads to several values, with what can be named behind it. Returns No if
// the key leads to a single value.
FieldLookup name_values(const Field& field, const PathStep& step) {
  const Kind kind = field.type.kind;
  if (kind == Kind::Object && step.indices.empty()) {
    return no_value(field.type.object(), step.key);
  }
  if (kind == Kind::List || kind == Kind::Map) {
    const std::string key(field.key);
    return {
        Found::Wrong, {}, "is not a string: name " + key + (kind == Kind::List ? "[0]" : ".NAME")};
  }
  return {};
}

}  // namespace

FieldLookup find_beside(const Enclosing& inside, const Steps& steps) {
  for (auto object = inside.rbegin(); object != inside.rend(); ++object) {
    const ObjectType& type = object->type->object();
    if (type.find(steps[0].key) == nullptr) continue;
    FieldLookup lookup = found(walk(*object, steps, 0));
    return lookup.found == Found::No ? no_value(type, type.name) : lookup;
  }
  return {};
}

FieldLookup find_in_scope(View process, const Steps& steps) {
  const Field* field = process.type->object().find(steps[0].key);
  if (field == nullptr || !given(process, *field)) return {};
  FieldLookup lookup = found(walk(process, steps, 0));
  return lookup.found == Found::No ? name_values(*field, steps[0]) : lookup;
}

FieldLookup find_in_task(View task, const Steps& steps) {
  const Field* field = task.type->object().find(steps[0].key);
  if (field == nullptr) return {};
  if (is_object_list(field->type)) {
    return find_in_object_list(task, *field, task.field(*field), steps);
  }
  const bool whole = steps.size() == 1 && steps[0].indices.empty();
  const bool nested = field->type.kind == Kind::Object && steps[0].indices.empty();
  const bool several = field->type.kind == Kind::List || field->type.kind == Kind::Map;
  if (!whole && !nested && !several) return {};
  FieldLookup lookup = found(walk(task, steps, 0));
  return lookup.found == Found::No ? name_values(*field, steps[0]) : lookup;
}

}  // namespace thermos::config
