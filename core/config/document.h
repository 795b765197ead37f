// JSON or YAML text as a tree in which every value knows its place. Stricter than both: no key
// twice in one object, and no nesting that could exhaust a stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>
#include <vector>

#include "core/base/result.h"

namespace thermos::config {

struct Value;
struct Member;
using Array = std::vector<Value>;
using Object = std::vector<Member>;  // in the order written

// Where something stands in the text, both from 1 on; a column counts characters.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;  // 0: not known
};

struct Value {
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array,
               Object>
      data;
  // In JSON where it ends, or begins if it is a list or an object; in YAML where it begins.
  std::uint32_t line = 0;
  std::uint32_t column : 31 = 0;  // 0: not known
  std::uint32_t plain : 1 = 0;    // written in YAML without quotes

  Position position() const { return {line, column}; }

  Value* find(std::string_view key);  // nullptr: not an object, or no such key
  const Value* find(std::string_view key) const;
};

struct Member {
  std::string_view key;  // kept by the Document
  Value value;
};

struct Document {
  Value root;
  // Each key's text once, however often it is used: a million processes share eight.
  std::unordered_set<std::string> keys;
  // Further names of each of its tasks; empty when none has any.
  std::vector<std::vector<std::string>> names;
};

// Nothing here may be nested deeper: the tree is walked by recursion.
inline constexpr std::size_t kMaxDepth = 100;

// `where` names the text in errors: "where:line:column: ..." or "where:line: path: ...".
// `syntax_error`, if given, is set when an error means that the text is no JSON at all.
Result<Document> parse_json(std::string_view text, std::string_view where,
                            bool* syntax_error = nullptr);

// JSON or YAML, told apart by what the text holds. Only a text that could be both and is right as
// YAML alone is told apart by `where`: what is called .json is JSON.
Result<Document> parse_document(std::string_view text, std::string_view where);

// A member whose key an earlier one has; nullptr: all differ. The keys are the Document's.
const Member* repeated_key(const Object& object);

// "where:line:column: " or "where:line: ", and behind it "path: " if there is one.
std::string place_text(std::string_view where, Position at, std::string_view path);

// "an object", "a string", ... for messages.
std::string_view kind_of(const Value& value);

// The place of the value at a path such as "processes[3].name" below `root`, or of the nearest
// value above it that was written.
Position position_of(const Value& root, std::string_view path);

// "a" and "b" -> "a.b"; "a" and "[1]" -> "a[1]"; either may be empty.
std::string join_path(std::string_view above, std::string_view below);

}  // namespace thermos::config
