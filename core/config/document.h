// JSON or YAML text as a tree in which every value has its position. Stricter than both formats: no
// key may occur twice in one object, and nesting is limited, so that no text can exhaust the stack.
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

// A position in the text. Both count from 1; a column counts characters.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;  // 0: not known
};

struct Value {
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array,
               Object>
      data;
  // The position of the value. In JSON it is the value's end, or its beginning if it is a list or
  // an object; in YAML it is the value's beginning.
  std::uint32_t line = 0;
  std::uint32_t column : 31 = 0;  // 0: not known
  std::uint32_t plain : 1 = 0;    // written in YAML without quotes

  Position position() const { return {line, column}; }

  Value* find(std::string_view key);  // nullptr: not an object, or no such key
  const Value* find(std::string_view key) const;
};

struct Member {
  std::string_view key;  // owned by the Document
  Value value;
};

struct Document {
  Value root;
  // Owns each key's text once, however often it is used: a million processes share eight texts.
  std::unordered_set<std::string> keys;
  // Further names of each task (evaluated.h); empty if none has any.
  std::vector<std::vector<std::string>> names;
};

// The limit of nesting: code walks the tree by recursion.
inline constexpr std::size_t kMaxDepth = 100;

// Parses JSON. `where` names the text in errors: "where:line:column: ..." or "where:line: path:
// ...". `syntax_error`, if given, is set if the text is not JSON at all. Fails with BadConfig.
Result<Document> parse_json(std::string_view text, std::string_view where,
                            bool* syntax_error = nullptr);

// Parses JSON or YAML; the text's contents decide which. Only if the text begins like JSON, but is
// valid only as YAML, `where` decides: a name that ends in .json means JSON. Fails with BadConfig.
Result<Document> parse_document(std::string_view text, std::string_view where);

// Returns a member that has the same key as an earlier one, or nullptr if all keys differ. The keys
// must be owned by the Document.
const Member* repeated_key(const Object& object);

// Returns "where:line:column: " or "where:line: ", followed by "path: " if `path` is not empty.
std::string place_text(std::string_view where, Position at, std::string_view path);

// Returns "an object", "a string", ... for messages.
std::string_view kind_of(const Value& value);

// Returns the position of the value at a path such as "processes[3].name" below `root`. If the text
// does not hold that value, returns the position of the nearest value above it.
Position position_of(const Value& root, std::string_view path);

// Joins two paths: "a" and "b" to "a.b", "a" and "[1]" to "a[1]". Either may be empty.
std::string join_path(std::string_view above, std::string_view below);

}  // namespace thermos::config
