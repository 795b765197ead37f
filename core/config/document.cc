#include "core/config/document.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/config/yaml.h"

namespace thermos::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// An iterator that hands out characters and records how far the parser has read, because the
// parser's callbacks don't tell it.
class CountedChar {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountedChar(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  CountedChar& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  CountedChar operator++(int) {
    CountedChar before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountedChar& other) const { return at_ == other.at_; }
  bool operator!=(const CountedChar& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** reached_;
};

// Returns the message of the parser's exception without the parser's own tag and place, and without
// the text that the parser last read, which may be megabytes long.
std::string reason_of(std::string_view what) {
  if (const auto tag = what.find("] "); tag != std::string_view::npos) what.remove_prefix(tag + 2);
  if (const auto place = what.find(", column "); place != std::string_view::npos) {
    const auto colon = what.find(": ", place);
    if (colon != std::string_view::npos) what.remove_prefix(colon + 2);
  }
  std::string reason(what);
  if (const auto last = reason.find("; last read: '"); last != std::string::npos) {
    const auto rest = reason.rfind("'; expected ");
    reason.erase(last,
                 rest == std::string::npos || rest < last ? std::string::npos : rest + 1 - last);
  }
  reason.resize(utf8_boundary(reason, 200));
  // The parser quotes the input here and there, so it may have cut a character in two.
  if (!is_utf8(reason)) reason = "a byte that is no UTF-8";
  std::replace_if(
      reason.begin(), reason.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; },
      ' ');
  return reason;
}

// Builds the tree from the parser's callbacks. Each returns false to stop the parser.
class Builder {
 public:
  Builder(std::string_view text, std::string_view where, Document& document)
      : text_(text),
        where_(where),
        document_(document),
        reached_(text.data()),
        counted_(reached_) {}

  CountedChar begin() { return {text_.data(), &reached_}; }
  CountedChar end() { return {text_.data() + text_.size(), &reached_}; }
  std::optional<Error>& error() { return error_; }
  bool syntax_error() const { return syntax_error_; }

  // NOLINTBEGIN(readability-identifier-naming)
  bool null() { return add(nullptr, line()) != nullptr; }
  bool boolean(bool value) { return add(value, line()) != nullptr; }
  bool number_integer(std::int64_t value) { return add(value, line_of_number()) != nullptr; }
  bool number_unsigned(std::uint64_t value) { return add(value, line_of_number()) != nullptr; }
  bool number_float(double value, const std::string& /*text*/) {
    return add(value, line_of_number()) != nullptr;
  }
  bool string(std::string& value) { return add(std::move(value), line()) != nullptr; }
  bool binary(nlohmann::json::binary_t& /*value*/) { return false; }
  bool start_object(std::size_t /*size*/) { return open(Object()); }
  bool start_array(std::size_t /*size*/) { return open(Array()); }
  bool end_array() {
    open_.pop_back();
    return true;
  }
  bool key(std::string& key) {
    const std::string& kept = *document_.keys.insert(std::move(key)).first;
    std::get<Object>(open_.back()->data).push_back({kept, {}});
    return true;
  }
  bool end_object() {
    const bool good = check_keys(std::get<Object>(open_.back()->data));
    open_.pop_back();
    return good;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& exception) {
    const std::size_t at = std::min(position == 0 ? 0 : position - 1, text_.size());
    const std::string_view before = text_.substr(0, at);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const std::size_t start = lines == 0 ? 0 : before.rfind('\n') + 1;
    const std::size_t column = utf8_columns(before.substr(start));
    syntax_error_ = true;
    error_ = Error{ErrorCode::BadConfig, where_ + ":" + std::to_string(lines + 1) + ":" +
                                             std::to_string(column + 1) +
                                             ": not valid JSON: " + reason_of(exception.what())};
    return false;
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  template <typename T>
  Value* add(T data, std::uint32_t line) {
    if (open_.empty()) {
      document_.root = Value{std::move(data), line};
      return &document_.root;
    }
    if (auto* list = std::get_if<Array>(&open_.back()->data)) {
      return &list->emplace_back(Value{std::move(data), line});
    }
    Value& value = std::get<Object>(open_.back()->data).back().value;
    value = Value{std::move(data), line};
    return &value;
  }

  template <typename T>
  bool open(T container) {
    if (open_.size() >= kMaxDepth) {
      return fail(line(), "", "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    // The pointer stays valid while the value is open: only the innermost open value's list grows.
    open_.push_back(add(std::move(container), line()));
    return true;
  }

  bool check_keys(const Object& object) {
    const Member* twice = repeated_key(object);
    if (twice == nullptr) return true;
    return fail(twice->value.line, path(),
                "key " + thermos::quoted(twice->key) + " is given twice");
  }

  // Returns the path of the innermost open value.
  std::string path() const {
    std::string text;
    for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
      if (const auto* list = std::get_if<Array>(&open_[i]->data)) {
        text += "[" + std::to_string(list->size() - 1) + "]";
      } else {
        const std::string key = thermos::quoted(std::get<Object>(open_[i]->data).back().key);
        text = join_path(text, std::string_view(key).substr(1, key.size() - 2));
      }
    }
    return text;
  }

  bool fail(std::uint32_t line, const std::string& path, const std::string& what) {
    error_ = Error{ErrorCode::BadConfig, place_text(where_, {line, 0}, path) + what};
    return false;
  }

  std::uint32_t line() { return line_at(reached_); }
  // The parser has read one character more to see a number's end, and that may be a newline.
  std::uint32_t line_of_number() { return line_at(std::max(reached_ - 1, counted_)); }
  std::uint32_t line_at(const char* at) {
    lines_ += static_cast<std::uint32_t>(std::count(counted_, at, '\n'));
    counted_ = at;
    return lines_;
  }

  std::string_view text_;
  std::string where_;
  Document& document_;
  const char* reached_;
  const char* counted_;
  std::uint32_t lines_ = 1;
  std::vector<Value*> open_;
  std::optional<Error> error_;
  bool syntax_error_ = false;
};

// Whether the text begins like JSON: behind its opening brackets comes a '"', a closing bracket, or
// nothing.
bool looks_like_json(std::string_view text) {
  const std::size_t open = text.find_first_not_of(" \t\r\n");
  if (open == std::string_view::npos || (text[open] != '{' && text[open] != '[')) return false;
  const std::size_t first = text.find_first_not_of(" \t\r\n[{", open);
  return first == std::string_view::npos || text[first] == '"' || text[first] == ']' ||
         text[first] == '}';
}

bool is_called_json(std::string_view where) {
  constexpr std::string_view kEnding = ".json";
  if (where.size() < kEnding.size()) return false;
  where.remove_prefix(where.size() - kEnding.size());
  return std::equal(where.begin(), where.end(), kEnding.begin(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

}  // namespace

Value* Value::find(std::string_view key) {
  auto* object = std::get_if<Object>(&data);
  if (object == nullptr) return nullptr;
  const auto found = std::find_if(object->begin(), object->end(),
                                  [key](const Member& member) { return member.key == key; });
  return found == object->end() ? nullptr : &found->value;
}

const Value* Value::find(std::string_view key) const {
  return const_cast<Value*>(this)->find(key);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

const Member* repeated_key(const Object& object) {
  if (object.size() <= 16) {
    for (std::size_t i = 1; i < object.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (object[i].key.data() == object[j].key.data()) return &object[i];
      }
    }
    return nullptr;
  }
  std::unordered_set<const char*> seen;
  for (const Member& member : object) {
    if (!seen.insert(member.key.data()).second) return &member;
  }
  return nullptr;
}

std::string place_text(std::string_view where, Position at, std::string_view path) {
  std::string text(where);
  if (at.line != 0) text += ":" + std::to_string(at.line);
  text += ": ";
  if (at.column != 0) text.insert(text.size() - 1, std::to_string(at.column) + ":");
  if (!path.empty()) text.append(path).append(": ");
  return text;
}

Result<Document> parse_document(std::string_view text, std::string_view where) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (!blank && !looks_like_json(text)) return parse_yaml(text, where);
  bool syntax_error = false;
  auto json = parse_json(text, where, &syntax_error);
  if (json || blank || !syntax_error || is_called_json(where)) return json;
  // YAML may begin like JSON and then have what JSON lacks: comments, texts without quotes.
  auto yaml = parse_yaml(text, where);
  return yaml ? std::move(yaml) : std::move(json);
}

Result<Document> parse_json(std::string_view text, std::string_view where, bool* syntax_error) {
  // The parser would skip the byte order mark too, but count it as a column.
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return Error{ErrorCode::BadConfig, std::string(where) + ": is empty: a task is an object"};
  }
  Document document;
  Builder builder(text, where, document);
  if (!nlohmann::json::sax_parse(builder.begin(), builder.end(), &builder)) {
    if (syntax_error != nullptr) *syntax_error = builder.syntax_error();
    return builder.error() ? *builder.error()
                           : Error{ErrorCode::BadConfig, std::string(where) + ": not valid JSON"};
  }
  return document;
}

std::string_view kind_of(const Value& value) {
  switch (value.data.index()) {
    case 0:
      return "null";
    case 1:
      return "true or false";
    case 5:
      return "a string";
    case 6:
      return "a list";
    case 7:
      return "an object";
    default:
      return "a number";
  }
}

Position position_of(const Value& root, std::string_view path) {
  const Value* value = &root;
  while (!path.empty()) {
    const Value* next = nullptr;
    if (path.front() == '[') {
      std::size_t index = 0;
      const auto parsed = std::from_chars(path.data() + 1, path.data() + path.size(), index);
      const auto* list = std::get_if<Array>(&value->data);
      if (list != nullptr && index < list->size()) next = &(*list)[index];
      path.remove_prefix(static_cast<std::size_t>(parsed.ptr - path.data()));
      if (!path.empty()) path.remove_prefix(1);
    } else {
      if (path.front() == '.') path.remove_prefix(1);
      const std::size_t end = std::min(path.find_first_of(".["), path.size());
      next = value->find(path.substr(0, end));
      path.remove_prefix(end);
    }
    if (next == nullptr) break;
    value = next;
  }
  return value->position();
}

std::string join_path(std::string_view above, std::string_view below) {
  std::string path(above);
  if (!above.empty() && !below.empty() && below.front() != '[') path += '.';
  return path += below;
}

}  // namespace thermos::config
