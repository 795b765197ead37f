// The printed schema: that it is one, and that it says what the loader does.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "core/config/json_schema.h"
#include "core/config/load.h"
#include "core/config/to_json.h"

namespace thermos::config {
namespace {

using Json = nlohmann::json;

// As much of draft 2020-12 as the schema uses; a word that this does not know fails.
class Validator {
 public:
  explicit Validator(const Json& schema) : root_(schema) {}
  bool accepts(const Json& value) const { return valid(root_, value); }

 private:
  bool valid(const Json& schema, const Json& value) const {
    for (const auto& [word, rule] : schema.items()) {
      if (!holds(word, rule, schema, value)) return false;
    }
    return true;
  }

  bool holds(const std::string& word, const Json& rule, const Json& schema,
             const Json& value) const {
    if (word == "$schema" || word == "$defs" || word == "title" || word == "description" ||
        word == "default") {
      return true;
    }
    if (word == "$ref") {
      return valid(root_.at(Json::json_pointer(rule.get<std::string>().substr(1))), value);
    }
    if (word == "anyOf") {
      return std::any_of(rule.begin(), rule.end(),
                         [&](const Json& one) { return valid(one, value); });
    }
    if (word == "oneOf") {
      return std::count_if(rule.begin(), rule.end(),
                           [&](const Json& one) { return valid(one, value); }) == 1;
    }
    if (word == "enum") return std::find(rule.begin(), rule.end(), value) != rule.end();
    if (word == "type") return is(rule.get<std::string>(), value);
    if (word == "minimum") return !value.is_number() || value >= rule;
    if (word == "maximum") return !value.is_number() || value <= rule;
    if (word == "minLength") return !value.is_string() || value.get<std::string>().size() >= rule;
    if (word == "minItems") return !value.is_array() || value.size() >= rule;
    if (word == "pattern") {
      return !value.is_string() ||
             std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>()));
    }
    if (word == "items") {
      return !value.is_array() || std::all_of(value.begin(), value.end(),
                                              [&](const Json& item) { return valid(rule, item); });
    }
    if (!value.is_object()) {
      return word == "properties" || word == "required" || word == "additionalProperties";
    }
    if (word == "required") {
      return std::all_of(rule.begin(), rule.end(),
                         [&](const Json& key) { return value.contains(key.get<std::string>()); });
    }
    if (word == "properties") {
      for (const auto& [key, inner] : value.items()) {
        if (rule.contains(key) && !valid(rule.at(key), inner)) return false;
      }
      return true;
    }
    if (word == "additionalProperties") {
      for (const auto& [key, inner] : value.items()) {
        if (schema.contains("properties") && schema.at("properties").contains(key)) continue;
        if (rule == false || !valid(rule, inner)) return false;
      }
      return true;
    }
    ADD_FAILURE() << "the schema uses " << word;
    return false;
  }

  static bool is(const std::string& type, const Json& value) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "number") return value.is_number();
    if (type == "integer") return value.is_number_integer();
    ADD_FAILURE() << "no type " << type;
    return false;
  }

  const Json& root_;
};

TEST(JsonSchema, IsOfDraft202012AndDescribesEveryKey) {
  const Json schema = Json::parse(json_schema());
  EXPECT_EQ(schema.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema.at("$defs").size(), 12U);
  for (const auto& [name, object] : schema.at("$defs").items()) {
    EXPECT_FALSE(object.at("description").get<std::string>().empty()) << name;
    EXPECT_EQ(object.at("additionalProperties"), false);
    for (const auto& [key, property] : object.at("properties").items()) {
      EXPECT_FALSE(property.at("description").get<std::string>().empty()) << name << "." << key;
    }
  }
  EXPECT_EQ(schema.at("$defs").at("resources").at("description"),
            "What is wanted of the machine: limits under a service with control groups, else "
            "recorded.");
  const Json& process = schema.at("$defs").at("process");
  EXPECT_EQ(process.at("required"), Json({"name"}));
  EXPECT_EQ(process.at("properties").at("success_codes").at("default"), Json::array({0U}));
  EXPECT_EQ(process.at("properties").at("stop_signal").at("default"), "TERM");
  EXPECT_EQ(process.at("properties").at("min_duration").at("default"), 5);
  EXPECT_EQ(process.at("properties").at("daemon").at("default"), false);
  EXPECT_EQ(schema.at("$defs").at("task").at("properties").at("max_failures").at("default"), 1);
}

TEST(JsonSchema, HasTheKeysThatTheLoaderNames) {
  const Json schema = Json::parse(json_schema());
  const std::string prefix = "f:1: unknown key 'zzzzzzzz': a task has ";
  const std::string message = load(R"({"zzzzzzzz": 1})", "f", "", {}).error().message;
  ASSERT_TRUE(message.starts_with(prefix)) << message;
  std::string keys;
  const auto ordered = nlohmann::ordered_json::parse(json_schema());
  for (const auto& [key, property] : ordered.at("$defs").at("task").at("properties").items()) {
    keys += (keys.empty() ? "" : ", ") + key;
  }
  EXPECT_EQ(message.substr(prefix.size()), keys);
}

// The structs that .thermos and .aurora files fill in are made of it.
TEST(JsonSchema, LiesBesideThePythonPackage) {
  constexpr const char* kFile = "/reactor/python/thermos_config/schema.json";
  std::ifstream file(THERMOS_SOURCE + std::string(kFile));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(text == json_schema())
      << "the keys have changed: build/bin/thermos schema >" << (kFile + 1);
}

TEST(JsonSchema, AcceptsWhatIsWritten) {
  const Json schema = Json::parse(json_schema());
  const Validator validator(schema);
  int examples = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(THERMOS_SOURCE "/reactor/examples")) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    EXPECT_TRUE(validator.accepts(Json::parse(file))) << entry.path();
    ++examples;
  }
  EXPECT_GE(examples, 4);
  const std::string task = R"({"processes": [{"name": "a", "cmdline": "x", "uses": {"gpu": 1},
      "needs": {"b": "start"}}, {"name": "b", "cmdline": "x", "needs": []}], "pools": {"gpu": 2}})";
  const auto full = load(task, "f", "", {});
  ASSERT_TRUE(full.ok());
  EXPECT_TRUE(validator.accepts(Json::parse(to_json(*full, 2))));
  EXPECT_TRUE(validator.accepts(Json::parse("[" + task + "]")));
  EXPECT_TRUE(validator.accepts(Json::parse(R"({"tasks": [)" + task + "]}")));
  const std::string matrix = R"({"processes": [{"name": "a", "cmdline": "x",
      "matrix": {"py": [1, 2, "3.10"], "os": "mac"}, "exclude": [{"py": 1, "os": "mac"}]}]})";
  ASSERT_TRUE(load(matrix, "f", "", {}).ok());
  EXPECT_TRUE(validator.accepts(Json::parse(matrix)));
}

TEST(JsonSchema, RefusesWhatTheLoaderRefuses) {
  const Json schema = Json::parse(json_schema());
  const Validator validator(schema);
  const auto with = [](const std::string& more) {
    return R"({"processes": [{"name": "a", "cmdline": "x")" + more + "}]}";
  };
  for (const std::string& text : {std::string("{}"),
                                  std::string("[]"),
                                  std::string("3"),
                                  std::string(R"({"processes": []})"),
                                  std::string(R"({"tasks": []})"),
                                  std::string(R"({"processes": [{"name": "a"}]})"),
                                  std::string(R"({"processes": [{"name": "", "cmdline": "x"}]})"),
                                  with(R"(, "colour": 1)"),
                                  with(R"(, "max_failures": -1)"),
                                  with(R"(, "max_failures": 1.5)"),
                                  with(R"(, "max_failures": "x")"),
                                  with(R"(, "max_failures": 4294967296)"),
                                  with(R"(, "argv": ["x"])"),
                                  with(R"(, "stop_signal": 65)"),
                                  with(R"(, "env": {"A": 1})"),
                                  with(R"(, "daemon": "yes")"),
                                  with(R"(, "min_duration": 1000000001)"),
                                  with(R"(, "needs": {"a": "begin"})"),
                                  with(R"(, "needs": "a")"),
                                  with(R"(, "uses": ["a"])"),
                                  with(R"(, "ready": {})"),
                                  with(R"(, "ready": {"file": "a", "log": "b"})"),
                                  with(R"(, "ready": {"file": 1})"),
                                  with(R"(, "healthy": {"failures": 1})"),
                                  with(R"(, "healthy": {"log": "b"})"),
                                  with(R"(, "resources": {"gpu": 1})"),
                                  with(R"(, "resources": {"cpu": 1000001})")}) {
    EXPECT_FALSE(load(text, "f", "", {}).ok()) << text;
    EXPECT_FALSE(validator.accepts(Json::parse(text))) << text;
  }
  const std::string ready = with(R"(, "ready": {"file": "a", "within": 0.5})");
  EXPECT_TRUE(load(ready, "f", "", {}).ok());
  EXPECT_TRUE(validator.accepts(Json::parse(ready)));
  const std::string healthy = with(R"(, "healthy": {"tcp": "localhost:80", "failures": 2})");
  EXPECT_TRUE(load(healthy, "f", "", {}).ok());
  EXPECT_TRUE(validator.accepts(Json::parse(healthy)));
  const std::string bound = with(R"(, "max_failures": "1{{max_concurrency}}")");
  EXPECT_TRUE(load(bound, "f", "", {}).ok());
  EXPECT_TRUE(validator.accepts(Json::parse(bound)));
  const std::string plain = R"({"processes": [{"name": "a", "argv": ["x"], "stop_signal": 9}]})";
  const auto loaded = load(plain, "f", "", {});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_TRUE(validator.accepts(Json::parse(plain)));
  EXPECT_TRUE(validator.accepts(Json::parse(to_json(*loaded, 2))));
}

}  // namespace
}  // namespace thermos::config
