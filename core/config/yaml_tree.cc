#include "core/config/yaml_tree.h"

#include <algorithm>
#include <cstdint>
#include <unordered_set>
#include <utility>
#include <variant>

#include "core/base/text.h"
#include "core/config/scalar.h"
#include "core/config/yaml_checks.h"
#include "core/config/yaml_refusal.h"

namespace thermos::config {
namespace {

constexpr std::string_view kOwnTags = "tag:yaml.org,2002:";
constexpr std::string_view kMergeKey = "<<";

}  // namespace

void YamlTree::check_last_quote() const {
  if (last_scalar_.is_null()) return;
  if (ends_inside_quotes(text_, static_cast<std::size_t>(last_scalar_.pos))) {
    throw YamlRefusal{position(last_scalar_), "", "not valid YAML: a quote is not closed"};
  }
}

// NOLINTBEGIN(readability-identifier-naming)
void YamlTree::OnDocumentStart(const YAML::Mark& mark) {
  anchors_.clear();
  const std::size_t pos = std::min(static_cast<std::size_t>(mark.pos), text_.size());
  // When a text goes on behind its complete value, the parser treats the rest as another document.
  // At a stray ',' it consumes nothing, and would begin documents there for ever.
  const bool apart = text_.substr(pos).starts_with("---") || is_behind_document_end(text_, pos);
  if (begun_at_ && (!apart || *begun_at_ == pos)) {
    throw YamlRefusal{
        position(mark), "",
        "not valid YAML: wrong indentation: this line belongs to no key above (another "
        "task begins behind a line '---')"};
  }
  begun_at_ = pos;
}

void YamlTree::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (expects_key()) refuse_key(position(mark));
  const bool in_object = !open_.empty() && is_object(open_.back());
  Value null{nullptr};
  null.plain = 1;
  // The parser's mark is the place of the next token, which is on another line.
  const Position at = in_object ? open_.back().key_at : position(mark);
  null.line = at.line;
  null.column = at.column & 0x7FFFFFFF;
  anchors_.remember(anchor, null);
  put(std::move(null));
}

void YamlTree::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                        const std::string& text) {
  last_scalar_ = mark;
  if (tag == "?") {
    if (expects_key()) {
      take_key(text, position(mark), anchor, true);
      return;
    }
    if (has_leading_zero(text)) refuse_leading_zero(position(mark), text);
    add(plain_scalar(text), position(mark), anchor, true);
    return;
  }
  if (tag == "!" || tag == std::string(kOwnTags) + "str") {
    if (expects_key()) return take_key(text, position(mark), anchor, false);
    return add(Value{text}, position(mark), anchor, false);
  }
  add(tagged(position(mark), tag, text), position(mark), anchor, false);
}

void YamlTree::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const Position at = position(mark);
  const AnchoredValue* anchored = anchors_.find(anchor);
  if (anchored == nullptr) {
    throw YamlRefusal{at, inner_path(), "an alias stands inside what it names"};
  }
  if (expects_key()) {
    const auto* text = std::get_if<std::string>(&anchored->value.data);
    if (text == nullptr) refuse_key(at);
    return take_key(*text, at, 0, false);
  }
  if (!anchors_.count_copy(*anchored)) {
    throw YamlRefusal{at, inner_path(), YamlAnchors::limit_text()};
  }
  if (open_.size() + anchored->extent.depth > kMaxDepth) refuse_depth(at);
  put(Value(anchored->value));
}

void YamlTree::OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                               YAML::anchor_t anchor, YAML::EmitterStyle::value /*style*/) {
  open(Value{Array()}, mark, tag, "seq", anchor);
}

void YamlTree::OnSequenceEnd() {
  close();
}

void YamlTree::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                          YAML::EmitterStyle::value /*style*/) {
  open(Value{Object()}, mark, tag, "map", anchor);
}

void YamlTree::OnMapEnd() {
  merge();
  close();
}
// NOLINTEND(readability-identifier-naming)

bool YamlTree::expects_key() const {
  return !open_.empty() && is_object(open_.back()) && !open_.back().has_key;
}

void YamlTree::take_key(const std::string& text, Position at, YAML::anchor_t anchor, bool plain) {
  Open& object = open_.back();
  object.has_key = true;
  object.key_at = at;
  object.merging = plain && text == kMergeKey;
  object.key = *document_.keys.insert(text).first;
  if (anchor != 0) anchors_.remember(anchor, Value{text, at.line, at.column});
}

Value YamlTree::tagged(Position at, const std::string& tag, const std::string& text) const {
  if (tag.starts_with(kOwnTags)) {
    const std::string_view kind = std::string_view(tag).substr(kOwnTags.size());
    Value value = plain_scalar(text);
    if ((kind == "int" || kind == "float") && has_leading_zero(text)) {
      refuse_leading_zero(at, text);
    }
    const bool real = std::holds_alternative<double>(value.data);
    const bool whole = std::holds_alternative<std::int64_t>(value.data) ||
                       std::holds_alternative<std::uint64_t>(value.data);
    const bool good = (kind == "int" && whole) || (kind == "float" && (real || whole)) ||
                      (kind == "bool" && std::holds_alternative<bool>(value.data)) ||
                      (kind == "null" && std::holds_alternative<std::nullptr_t>(value.data));
    if (good) return value;
    if (kind == "int" || kind == "float" || kind == "bool" || kind == "null") {
      throw YamlRefusal{at, inner_path(), thermos::quoted(text) + " is no !!" + std::string(kind)};
    }
  }
  refuse_tag(at, tag);
}

void YamlTree::add(Value value, Position at, YAML::anchor_t anchor, bool plain) {
  if (expects_key()) refuse_key(at);
  value.line = at.line;
  value.column = at.column & 0x7FFFFFFF;
  value.plain = plain ? 1 : 0;
  anchors_.remember(anchor, value);
  put(std::move(value));
}

void YamlTree::open(Value value, const YAML::Mark& mark, const std::string& tag,
                    std::string_view kind, YAML::anchor_t anchor) {
  const Position at = position(mark);
  if (expects_key()) refuse_key(at);
  if (open_.size() >= kMaxDepth) refuse_depth(at);
  if (tag != "?" && tag != "!" && !tag.empty() && tag != std::string(kOwnTags).append(kind)) {
    refuse_tag(at, tag);
  }
  value.line = at.line;
  value.column = at.column & 0x7FFFFFFF;
  open_.push_back(Open{std::move(value), anchor, false, false, {}, {}, {}});
}

void YamlTree::close() {
  Open done = std::move(open_.back());
  open_.pop_back();
  anchors_.remember(done.anchor, done.value);
  put(std::move(done.value));
}

void YamlTree::put(Value value) {
  if (open_.empty()) {
    if (!std::holds_alternative<std::nullptr_t>(value.data)) documents_.push_back(std::move(value));
    return;
  }
  Open& around = open_.back();
  if (auto* list = std::get_if<Array>(&around.value.data)) {
    list->push_back(std::move(value));
    return;
  }
  around.has_key = false;
  if (around.merging) {
    around.merging = false;
    take_merged(around, std::move(value));
    return;
  }
  auto& object = std::get<Object>(around.value.data);
  object.push_back({around.key, std::move(value)});
}

void YamlTree::take_merged(Open& around, Value value) {
  if (!around.merged.empty()) {
    throw YamlRefusal{around.key_at, path(), "key '<<' is given twice: give it a list"};
  }
  if (std::holds_alternative<Object>(value.data)) {
    around.merged.push_back(std::move(value));
    return;
  }
  if (auto* list = std::get_if<Array>(&value.data)) {
    const auto all = std::all_of(list->begin(), list->end(), [](const Value& item) {
      return std::holds_alternative<Object>(item.data);
    });
    if (all) {
      around.merged = std::move(*list);
      return;
    }
  }
  throw YamlRefusal{
      around.key_at, path(),
      "'<<' merges an object or a list of objects, not " + std::string(kind_of(value))};
}

void YamlTree::merge() {
  Open& done = open_.back();
  auto& object = std::get<Object>(done.value.data);
  if (const Member* twice = repeated_key(object)) {
    throw YamlRefusal{twice->value.position(), path(),
                      "key " + thermos::quoted(twice->key) + " is given twice"};
  }
  if (done.merged.empty()) return;
  std::unordered_set<const char*> known;
  for (const Member& member : object) known.insert(member.key.data());
  for (Value& from : done.merged) {
    for (Member& member : std::get<Object>(from.data)) {
      if (known.insert(member.key.data()).second) object.push_back(std::move(member));
    }
  }
}

std::string YamlTree::inner_path() const {
  const bool named = !open_.empty() && (!is_object(open_.back()) || open_.back().has_key);
  return named ? path_of(open_.size()) : path();
}

std::string YamlTree::path_of(std::size_t steps) const {
  std::string text;
  for (std::size_t i = 0; i < steps; ++i) {
    if (const auto* list = std::get_if<Array>(&open_[i].value.data)) {
      text += "[" + std::to_string(list->size()) + "]";
    } else {
      const std::string key = thermos::quoted(open_[i].key);
      text = join_path(text, std::string_view(key).substr(1, key.size() - 2));
    }
  }
  return text;
}

void YamlTree::refuse_key(Position at) const {
  throw YamlRefusal{
      at, path(),
      "a '{' or '[' begins no key: a text that begins with it needs quotes, an object or "
      "a list its end"};
}

void YamlTree::refuse_depth(Position at) {
  throw YamlRefusal{at, "", "nested deeper than " + std::to_string(kMaxDepth) + " levels"};
}

void YamlTree::refuse_leading_zero(Position at, const std::string& text) const {
  throw YamlRefusal{at, inner_path(),
                    thermos::quoted(text) +
                        ": no number may begin with 0, which made it octal once: leave "
                        "the 0 out, or write a text in quotes"};
}

void YamlTree::refuse_tag(Position at, std::string tag) const {
  if (tag.starts_with(kOwnTags)) tag.replace(0, kOwnTags.size(), "!!");
  throw YamlRefusal{at, inner_path(),
                    "the tag " + thermos::quoted(tag) + " means nothing here: leave it out"};
}

}  // namespace thermos::config
