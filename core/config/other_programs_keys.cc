#include "core/config/other_programs_keys.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/task/task_fields.h"

namespace thermos::config {
namespace {

using fields::ForeignKey;
using fields::ObjectType;
using Json = nlohmann::ordered_json;

std::string said(const ForeignKey& foreign) {
  std::string text = "here it is '" + std::string(foreign.ours) + "'";
  if (!foreign.more.empty()) text.append(", ").append(foreign.more);
  return text;
}

Json hints_of(const ObjectType& type) {
  Json hints = Json::object();
  for (const ForeignKey& one : type.foreign) {
    if (type.find(one.ours) != nullptr) hints[std::string(one.key)] = said(one);
  }
  return hints;
}

}  // namespace

std::string foreign_hint(std::string_view key, const ObjectType& type) {
  const auto found = std::find_if(
      type.foreign.begin(), type.foreign.end(),
      [&](const ForeignKey& one) { return one.key == key && type.find(one.ours) != nullptr; });
  return found == type.foreign.end() ? "" : ": " + said(*found);
}

std::string foreign_keys_json() {
  Json all;
  for (const ObjectType* type :
       {&fields::object_type<TaskConfig>(), &fields::object_type<ProcessConfig>()}) {
    all[std::string(type->name)] = hints_of(*type);
  }
  return all.dump(2) + "\n";
}

}  // namespace thermos::config
