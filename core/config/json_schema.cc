// The JSON Schema of a configuration, from the table that the loader reads by.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/config/load.h"
#include "core/config/schema_table.h"

namespace thermos::config {
namespace {

using Json = nlohmann::ordered_json;

Json reference_to(std::string_view name) {
  return {{"$ref", "#/$defs/" + std::string(name)}};
}

// What may also be a text, if its references make it a value of the right kind.
Json or_reference(Json schema) {
  Json either;
  either["anyOf"] = Json::array({std::move(schema), {{"type", "string"}, {"pattern", "\\{\\{"}}});
  return either;
}

Json ranged(std::string_view type, const Json& most) {
  return or_reference({{"type", type}, {"minimum", 0}, {"maximum", most}});
}

// A whole number of seconds as one.
Json number(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  if (static_cast<double>(whole) == value) return whole;
  return value;
}

// Where the defaults are found.
template <typename S>
struct Usual {
  static const S& get() {
    static const S usual;
    return usual;
  }
};

template <typename S>
Json schema_of(const Field<S>& field, std::string S::* /*at*/) {
  Json text = {{"type", "string"}};
  if (field.kind == Kind::Name) text["minLength"] = 1;
  return text;
}
template <typename S>
Json schema_of(const Field<S>& /*field*/, bool S::*at) {
  Json flag = or_reference({{"type", "boolean"}});
  flag["default"] = Usual<S>::get().*at;
  return flag;
}
template <typename S>
Json schema_of(const Field<S>& /*field*/, std::uint32_t S::*at) {
  Json count = ranged("integer", kMaxCount);
  count["default"] = Usual<S>::get().*at;
  return count;
}
template <typename S>
Json schema_of(const Field<S>& field, std::int64_t S::*at) {
  if (field.kind == Kind::Bytes) {
    Json bytes = ranged("integer", kMaxBytes);
    bytes["default"] = Usual<S>::get().*at;
    return bytes;
  }
  Json seconds = ranged("number", number(kMaxSeconds));
  seconds["default"] =
      number(static_cast<double>(Usual<S>::get().*at) / static_cast<double>(kSecond));
  return seconds;
}
template <typename S>
Json schema_of(const Field<S>& /*field*/, double S::*at) {
  Json real = ranged("number", number(kMaxCores));
  real["default"] = number(Usual<S>::get().*at);
  return real;
}
template <typename S, typename E>
Json words_schema(E S::*at) {
  Json words = or_reference({{"enum", Words<E>::kAll}});
  words["default"] = word_of(Usual<S>::get().*at);
  return words;
}
template <typename S>
Json schema_of(const Field<S>& /*field*/, LogDestination S::*at) {
  return words_schema(at);
}
template <typename S>
Json schema_of(const Field<S>& /*field*/, LogMode S::*at) {
  return words_schema(at);
}
template <typename S>
Json schema_of(const Field<S>& /*field*/, std::vector<std::string> S::* /*at*/) {
  return {{"type", "array"}, {"items", {{"type", "string"}, {"minLength", 1}}}};
}
template <typename S, typename T>
Json schema_of(const Field<S>& /*field*/, std::optional<T> S::* /*at*/) {
  return reference_to(Schema<T>::kName);
}
template <typename S>
Json schema_of(const Field<S>& /*field*/, RotatePolicy S::* /*at*/) {
  return reference_to(Schema<RotatePolicy>::kName);
}
template <typename S, typename T>
Json schema_of(const Field<S>& field, std::vector<T> S::* /*at*/) {
  Json list = {{"type", "array"}, {"items", reference_to(Schema<T>::kName)}};
  if (field.required.size() > 1) list["minItems"] = 1;
  return list;
}

template <typename S>
void define(Json& definitions) {
  using Of = Schema<S>;
  Json object = {{"type", "object"}, {"description", Of::kAbout}};
  Json required = Json::array();
  Json& properties = object["properties"] = Json::object();
  for (const Field<S>& field : Of::kFields) {
    Json schema = {{"description", field.about}};
    schema.update(std::visit([&field](auto at) { return schema_of(field, at); }, field.member));
    properties[std::string(field.key)] = std::move(schema);
    if (!field.required.empty()) required.push_back(field.key);
  }
  if (!required.empty()) object["required"] = std::move(required);
  object["additionalProperties"] = false;
  definitions[std::string(Of::kName)] = std::move(object);
}

}  // namespace

std::string json_schema() {
  const Json task = reference_to(Schema<TaskConfig>::kName);
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
  Json& definitions = schema["$defs"] = Json::object();
  define<TaskConfig>(definitions);
  define<ProcessConfig>(definitions);
  define<Constraint>(definitions);
  define<Resources>(definitions);
  define<Logger>(definitions);
  define<RotatePolicy>(definitions);
  return schema.dump(2) + "\n";
}

}  // namespace thermos::config
