// JSON text as a tree in which every value knows its line. Stricter than JSON: no key twice in one
// object, and no nesting that could exhaust a stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>
#include <vector>

#include "core/result.h"

namespace thermos::config {

struct Value;
struct Member;
using Array = std::vector<Value>;
using Object = std::vector<Member>;  // in the order written

struct Value {
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array,
               Object>
      data;
  std::uint32_t line = 0;  // where it ends, or begins if it is a list or an object

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
};

// `where` names the text in errors: "where:line:column: ..." or "where:line: path: ...".
Result<Document> parse_document(std::string_view text, std::string_view where);

// "an object", "a string", ... for messages.
std::string_view kind_of(const Value& value);

// The line of the value at a path such as "processes[3].name" below `root`, or of the nearest value
// above it that was written.
std::uint32_t line_of(const Value& root, std::string_view path);

// "a" and "b" -> "a.b"; "a" and "[1]" -> "a[1]"; either may be empty.
std::string join_path(std::string_view above, std::string_view below);

}  // namespace thermos::config
