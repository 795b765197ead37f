// Makes the JSON Schema of a configuration from the field tables that the loader uses too.
#include "core/config/json_schema.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/load.h"
#include "core/task/task_fields.h"

namespace thermos::config {
namespace {

using fields::Field;
using fields::Kind;
using fields::ObjectType;
using fields::Type;
using fields::View;
using Json = nlohmann::ordered_json;

Json reference_to(const ObjectType& type) {
  return {{"$ref", "#/$defs/" + std::string(type.name)}};
}

Json text_schema(bool filled) {
  Json text = {{"type", "string"}};
  if (filled) text["minLength"] = 1;
  return text;
}

Json either(Json one, Json other) {
  Json either;
  either["anyOf"] = Json::array({std::move(one), std::move(other)});
  return either;
}

// Also allows a text with references, which may become a value of the right kind.
Json or_reference(Json schema) {
  return either(std::move(schema), {{"type", "string"}, {"pattern", "\\{\\{"}});
}

Json ranged(std::string_view type, const Json& most) {
  return or_reference({{"type", type}, {"minimum", 0}, {"maximum", most}});
}

// Returns a whole number as an integer, so that it is printed without ".0".
Json number(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  if (static_cast<double>(whole) == value) return whole;
  return value;
}

Json schema_of(const Type& type);

// One value in a matrix.
Json matrix_value_schema() {
  return either({{"type", "string"}}, {{"type", "integer"}});
}

Json list_schema(const Type& type) {
  Json item = schema_of(*type.item);
  // The combinations in `exclude` hold values of a matrix.
  if (type.spread) item["additionalProperties"] = matrix_value_schema();
  Json list = {{"type", "array"}, {"items", item}};
  if (type.one_alone) return either(std::move(list), std::move(item));
  if (!type.by_name) return list;
  // In a map from names, an object needs no name inside.
  return either(std::move(list),
                {{"type", "object"}, {"additionalProperties", {{"type", "object"}}}});
}

// What stands behind one name of a matrix: a list of values, or one value.
Json spread_schema() {
  Json one = matrix_value_schema();
  return either({{"type", "array"}, {"items", one}, {"minItems", 1}}, one);
}

Json map_schema(const Type& type) {
  if (type.spread) return {{"type", "object"}, {"additionalProperties", spread_schema()}};
  Json map = {{"type", "object"}, {"additionalProperties", schema_of(*type.item)}};
  if (!type.names_alone) return map;
  return either(std::move(map), {{"type", "array"}, {"items", text_schema(true)}});
}

Json schema_of(const Type& type) {
  switch (type.kind) {
    case Kind::Text:
      return text_schema(type.filled);
    case Kind::Flag:
      return or_reference({{"type", "boolean"}});
    case Kind::Count:
      return ranged("integer", std::numeric_limits<std::uint32_t>::max());
    case Kind::Bytes:
      return ranged("integer", std::numeric_limits<std::int64_t>::max());
    case Kind::Seconds:
      return either(ranged("number", number(type.unit.most)),
                    {{"type", "string"}, {"pattern", "^([0-9.]+(ms|d|h|m|s))+$"}});
    case Kind::Real:
      return ranged("number", number(type.unit.most));
    case Kind::Word:
      return or_reference({{"enum", type.words}});
    case Kind::Signal:
      return either({{"type", "string"}},
                    {{"type", "integer"}, {"minimum", 1}, {"maximum", kLastSignal}});
    case Kind::List:
      return list_schema(type);
    case Kind::Map:
      return map_schema(type);
    case Kind::Object:
      break;
  }
  const ObjectType& object = type.object();
  if (!object.short_form) return reference_to(object);
  return either(reference_to(object), schema_of(object.fields.front().type));
}

// Returns null if there is no default that an editor could fill in.
Json default_of(View usual) {
  if (!usual) return nullptr;
  switch (usual.type->kind) {
    case Kind::Flag:
      return usual.flag();
    case Kind::Count:
      return usual.count();
    case Kind::Bytes:
      return usual.whole();
    case Kind::Seconds:
      return number(static_cast<double>(usual.whole()) / static_cast<double>(kSecond));
    case Kind::Real:
      return number(usual.real());
    case Kind::Word:
      return usual.word();
    case Kind::Signal:
      return name_of(usual.signal());
    case Kind::List: {
      Json list = Json::array();
      for (std::size_t i = 0; i < usual.size(); ++i) list.push_back(default_of(usual.item(i)));
      if (list.empty()) return nullptr;
      return list;
    }
    default:
      return nullptr;
  }
}

Json property_of(const Field& field, View usual) {
  Json property = {{"description", field.about}};
  property.update(schema_of(field.type));
  if (field.type.kind == Kind::List && field.required.size() > 1) property["minItems"] = 1;
  if (Json value = default_of(usual.field(field)); !value.is_null()) {
    property["default"] = std::move(value);
  }
  return property;
}

Json definition_of(const Type& type) {
  const ObjectType& of = type.object();
  Json object = {{"type", "object"}, {"description", of.about}};
  Json required = Json::array();
  Json one_of = Json::array();
  Json& properties = object["properties"] = Json::object();
  for (const Field& field : of.fields) {
    properties[std::string(field.key)] = property_of(field, {&type, of.usual});
    if (!field.instead.empty()) {
      one_of.push_back({{"required", Json::array({field.key})}});
    } else if (!field.required.empty()) {
      required.push_back(field.key);
    }
  }
  if (!required.empty()) object["required"] = std::move(required);
  for (const Field& choice : of.fields.first(of.choices)) {
    one_of.push_back({{"required", Json::array({choice.key})}});
  }
  if (!one_of.empty()) object["oneOf"] = std::move(one_of);
  object["additionalProperties"] = false;
  return object;
}

}  // namespace

Json object_definitions(const Type& root) {
  Json definitions = Json::object();
  // The list grows during the loop: behind each object come the objects that it holds.
  std::vector<const Type*> objects = {&root};
  for (std::size_t next = 0; next < objects.size(); ++next) {
    const ObjectType& object = objects[next]->object();
    if (definitions.contains(object.name)) continue;
    definitions[std::string(object.name)] = definition_of(*objects[next]);
    for (const Field& field : object.fields) {
      const Type* inner = &field.type;
      while (inner->item != nullptr) inner = inner->item;
      if (inner->kind == Kind::Object) objects.push_back(inner);
    }
  }
  return definitions;
}

std::string json_schema() {
  const Type& root = fields::kObjectOf<TaskConfig>;
  const Json task = reference_to(root.object());
  const Json tasks = {{"type", "array"}, {"items", task}, {"minItems", 1}};
  Json several = {{"type", "object"}};
  several["properties"]["tasks"] = tasks;
  several["properties"]["tasks"]["description"] = "Several tasks: --task picks one by its name.";
  several["required"] = Json::array({"tasks"});
  several["additionalProperties"] = false;

  Json schema;
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "thermos-reactor configuration";
  schema["description"] =
      "A task, or several. In every text {{NAME}} is a reference, and {{&NAME}} the text {{NAME}}.";
  schema["anyOf"] = Json::array({task, several, tasks});
  schema["$defs"] = object_definitions(root);
  return schema.dump(2) + "\n";
}

}  // namespace thermos::config
