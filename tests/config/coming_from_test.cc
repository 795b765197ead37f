// The page for those who come from other programs names keys that there are.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "core/task/task_fields.h"

namespace thermos::config {
namespace {

using fields::Field;
using fields::Kind;
using fields::ObjectType;

// The spans of code in the last column of the page's tables.
std::vector<std::string> spans_of_ours() {
  std::ifstream page(THERMOS_SOURCE "/reactor/examples/COMING_FROM.md");
  std::vector<std::string> spans;
  const std::regex code("`([^`]+)`");
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| ") || !line.ends_with(" |")) continue;
    std::string ours = line.substr(0, line.size() - 2);
    ours = ours.substr(ours.rfind(" | ") + 3);
    for (std::sregex_iterator at(ours.begin(), ours.end(), code), end; at != end; ++at) {
      spans.push_back((*at)[1]);
    }
  }
  return spans;
}

const Field* find(const std::string& key) {
  for (const ObjectType* type :
       {&fields::object_type<ProcessConfig>(), &fields::object_type<TaskConfig>()}) {
    if (const Field* field = type->find(key)) return field;
  }
  // Of what is inside of a process, those that the page names on their own.
  for (const ObjectType* type :
       {&fields::object_type<Ready>(), &fields::object_type<Constraint>()}) {
    if (const Field* field = type->find(key)) return field;
  }
  return nullptr;
}

// The object that the field's value is, or that the values of its map are; nullptr: neither.
const ObjectType* object_of(const Field& field) {
  const fields::Type* type = &field.type;
  if (type->kind == Kind::Map && type->item->kind == Kind::Object) type = type->item;
  return type->kind == Kind::Object ? &type->object() : nullptr;
}

TEST(ComingFrom, NamesKeysThatThereAre) {
  const std::regex key("([a-z_]+)(:.*)?");
  const std::regex inner("[{,] ?([a-z_]+)(?=[:,}])");
  std::set<std::string> named;
  for (const std::string& span : spans_of_ours()) {
    std::smatch parts;
    if (!std::regex_match(span, parts, key)) continue;
    const std::string name = parts[1];
    named.insert(name);
    const Field* field = find(name);
    EXPECT_NE(field, nullptr) << "there is no key " << name << ": `" << span << "`";
    const ObjectType* object = field == nullptr ? nullptr : object_of(*field);
    if (object == nullptr) continue;
    for (std::sregex_iterator at(span.begin(), span.end(), inner), end; at != end; ++at) {
      const std::string below = (*at)[1];
      bool known = object->find(below) != nullptr;
      for (const Field& one : object->fields) {
        const ObjectType* deeper = object_of(one);
        known = known || (deeper != nullptr && deeper->find(below) != nullptr);
      }
      EXPECT_TRUE(known) << object->noun << " has no key " << below << ": `" << span << "`";
    }
  }
  EXPECT_GE(named.size(), 25U);
}

}  // namespace
}  // namespace thermos::config
