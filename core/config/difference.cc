#include "core/config/difference.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/config/document.h"
#include "core/config/load.h"
#include "core/config/scalar_text.h"
#include "core/task/task_fields.h"

namespace thermos::config {
namespace {

using fields::Field;
using fields::Kind;
using fields::View;

constexpr std::size_t kShown = 40;

// The first place where two values differ, as a path below them, and how they differ there.
struct Difference {
  std::string path;
  std::string what;
};
using Compared = std::optional<Difference>;

// Returns the text in quotes; of a long text only a part, which begins a little before byte `from`,
// because two command lines may differ only at their ends.
std::string shown(std::string_view text, std::size_t from) {
  if (text.size() <= kShown) return thermos::quoted(text, kShown);
  const std::size_t start = utf8_boundary(text, from > kShown / 4 ? from - kShown / 4 : 0);
  std::string part = thermos::quoted(text.substr(start), kShown);
  if (start > 0) part.insert(1, "...");
  return part;
}

// Returns what to call an item that is new or gone. An object is called by its first field.
std::string label_of(View item) {
  if (item.type->kind == Kind::Text) return thermos::quoted(item.text(), kShown);
  if (item.type->kind != Kind::Object) return scalar_text(item);
  const Field& first = item.type->object().fields.front();
  const View value = item.field_or_usual(first);
  if (value.type->kind != Kind::List) return label_of(value);
  if (value.size() == 0) return "an empty " + std::string(first.key);
  return "the " + std::string(first.key) + " from " + label_of(value.item(0));
}

Compared compare(View recorded, View given);

// Puts the key that holds two values before the path of their difference.
Compared inside(std::string_view key, Compared difference) {
  if (difference) difference->path = join_path(key, difference->path);
  return difference;
}

Compared compare_texts(const std::string& recorded, const std::string& given) {
  if (recorded == given) return std::nullopt;
  const auto differ = std::mismatch(recorded.begin(), recorded.end(), given.begin(), given.end());
  const auto from = static_cast<std::size_t>(differ.first - recorded.begin());
  return Difference{"", shown(recorded, from) + " is now " + shown(given, from)};
}

Compared compare_scalars(View recorded, View given) {
  const bool quotes = recorded.type->kind == Kind::Word || recorded.type->kind == Kind::Signal;
  const auto text = [quotes](View value) {
    return quotes ? thermos::quoted(scalar_text(value)) : scalar_text(value);
  };
  if (fields::same_scalar(recorded, given)) return std::nullopt;
  return Difference{"", text(recorded) + " is now " + text(given)};
}

Compared compare_lists(View recorded, View given) {
  const auto at = [](std::size_t index) { return "[" + std::to_string(index) + "]"; };
  const std::size_t both = std::min(recorded.size(), given.size());
  for (std::size_t i = 0; i < both; ++i) {
    if (auto difference = compare(recorded.item(i), given.item(i))) {
      return inside(at(i), std::move(difference));
    }
  }
  if (recorded.size() > both)
    return Difference{at(both), label_of(recorded.item(both)) + " is gone"};
  if (given.size() > both) return Difference{at(both), label_of(given.item(both)) + " is new"};
  return std::nullopt;
}

// Returns the value of `name` in a map, or an absent view if the map does not have the name.
View value_of(View map, std::string_view name) {
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (map.name(i) == name) return map.item(i);
  }
  return {};
}

// Compares two maps; the order of their names does not matter.
Compared compare_maps(View recorded, View given) {
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    const std::string& name = recorded.name(i);
    const View other = value_of(given, name);
    if (!other) return Difference{name, label_of(recorded.item(i)) + " is gone"};
    if (auto difference = compare(recorded.item(i), other)) {
      return inside(name, std::move(difference));
    }
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!value_of(recorded, given.name(i))) {
      return Difference{given.name(i), label_of(given.item(i)) + " is new"};
    }
  }
  return std::nullopt;
}

// Compares a field that only one of two objects has, or neither.
Compared compare_presence(View recorded, View given, const Field& field) {
  const View was = recorded.field_or_usual(field);
  const View now = given.field_or_usual(field);
  // Leaving this field out means the same as its default.
  if (field.absent.empty() && was && now) return compare(was, now);
  if (!recorded.field(field) && !given.field(field)) return std::nullopt;
  const bool plural = field.type.kind == Kind::Object && field.type.object().plural;
  return Difference{
      "", std::string(plural ? "are " : "is ") + (recorded.field(field) ? "gone" : "new")};
}

Compared compare_objects(View recorded, View given) {
  for (const Field& field : recorded.type->object().fields) {
    const View was = recorded.field(field);
    const View now = given.field(field);
    Compared difference = was && now ? compare(was, now) : compare_presence(recorded, given, field);
    if (difference) return inside(field.key, std::move(difference));
  }
  return std::nullopt;
}

Compared compare(View recorded, View given) {
  switch (recorded.type->kind) {
    case Kind::Text:
      return compare_texts(recorded.text(), given.text());
    case Kind::List:
      return compare_lists(recorded, given);
    case Kind::Map:
      return compare_maps(recorded, given);
    case Kind::Object:
      return compare_objects(recorded, given);
    default:
      return compare_scalars(recorded, given);
  }
}

}  // namespace

std::string first_difference(View recorded, View given) {
  const Compared difference = compare(recorded, given);
  return difference ? difference->path + ": " + difference->what : "";
}

std::string first_difference(const TaskConfig& recorded, const TaskConfig& given) {
  return first_difference(fields::view_of(recorded), fields::view_of(given));
}

}  // namespace thermos::config
