#include "core/config/yaml.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/config/scalar.h"

namespace thermos::config {
namespace {

// What aliases may copy in all: a few anchors that name each other double with each.
constexpr std::size_t kMaxCopied = 4'000'000;                    // values
constexpr std::size_t kMaxCopiedBytes = std::size_t{256} << 20;  // of their texts
constexpr std::string_view kOwnTags = "tag:yaml.org,2002:";
constexpr std::string_view kMergeKey = "<<";
constexpr std::string_view kTabIndents = "a tab indents this line: YAML takes spaces alone";

// Leaves the parser by way of its callbacks.
struct Refusal {
  Position at;
  std::string path;
  std::string what;
};

// How much a value holds, for what copying it costs.
struct Extent {
  std::size_t values = 1;
  std::size_t bytes = 0;
  std::size_t depth = 0;  // of the lists and objects

  void add(const Extent& inner) {
    values += inner.values;
    bytes += inner.bytes;
    depth = std::max(depth, inner.depth + 1);
  }
};

Extent extent_of(const Value& value) {
  Extent extent;
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    extent.bytes = text->size();
  } else if (const auto* list = std::get_if<Array>(&value.data)) {
    extent.depth = 1;
    for (const Value& item : *list) extent.add(extent_of(item));
  } else if (const auto* object = std::get_if<Object>(&value.data)) {
    extent.depth = 1;
    for (const Member& member : *object) extent.add(extent_of(member.value));
  }
  return extent;
}

// Where the parser's byte columns are as characters. Asked in the text's order, it walks it once.
class Columns {
 public:
  explicit Columns(std::string_view text) : text_(text) {}

  Position operator()(const YAML::Mark& mark) {
    if (mark.is_null()) return {};
    const auto pos = std::min(static_cast<std::size_t>(mark.pos), text_.size());
    const auto column = std::min(static_cast<std::size_t>(mark.column), pos);
    const std::string_view before = text_.substr(pos - column, column);
    return {static_cast<std::uint32_t>(mark.line) + 1,
            static_cast<std::uint32_t>(utf8_columns(before)) + 1};
  }

 private:
  std::string_view text_;
};

// Builds the tree from the parser's events. Throws Refusal.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, Document& document)
      : text_(text), columns_(text), document_(document) {}

  // The parser takes the end of the text for the end of a quote. What is not closed is the last.
  void check_last_quote() {
    if (last_scalar_.is_null()) return;
    std::string_view rest = text_.substr(static_cast<std::size_t>(last_scalar_.pos));
    // An anchor and a tag come first.
    while (!rest.empty() && (rest.front() == '&' || rest.front() == '!')) {
      rest.remove_prefix(std::min(rest.find_first_of(" \t\r\n"), rest.size()));
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    }
    if (rest.empty() || (rest.front() != '"' && rest.front() != '\'')) return;
    const char quote = rest.front();
    for (std::size_t i = 1; i < rest.size(); ++i) {
      if (quote == '"' && rest[i] == '\\') {
        ++i;
      } else if (rest[i] == quote) {
        if (quote == '"' || rest.substr(i + 1, 1) != "'") return;
        ++i;
      }
    }
    throw Refusal{columns_(last_scalar_), "", "not valid YAML: a quote is not closed"};
  }

  // Of every document that holds something.
  std::vector<Value>& documents() { return documents_; }

  // NOLINTBEGIN(readability-identifier-naming)
  void OnDocumentStart(const YAML::Mark& mark) override {
    anchors_.clear();
    const std::size_t pos = std::min(static_cast<std::size_t>(mark.pos), text_.size());
    // The parser goes on where a value has ended, and calls the rest another document. At a ','
    // that belongs nowhere it takes nothing, and would begin documents there for ever.
    const bool apart = text_.substr(pos).starts_with("---") || behind_an_end(pos);
    if (begun_at_ && (!apart || *begun_at_ == pos)) {
      throw Refusal{columns_(mark), "",
                    "not valid YAML: this belongs to nothing above: check its indentation (another "
                    "task begins behind a line '---')"};
    }
    begun_at_ = pos;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) refuse_key(columns_(mark));
    const bool in_object = !open_.empty() && is_object(open_.back());
    Value null{nullptr};
    null.plain = 1;
    // The parser gives the place of what comes next, on another line.
    const Position at = in_object ? open_.back().key_at : columns_(mark);
    null.line = at.line;
    null.column = at.column & 0x7FFFFFFF;
    if (anchor != 0) remember(anchor, null);
    put(std::move(null));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    last_scalar_ = mark;
    if (tag == "?") {
      if (expects_key()) {
        take_key(text, columns_(mark), anchor, true);
        return;
      }
      if (has_leading_zero(text)) refuse_leading_zero(columns_(mark), text);
      add(plain_scalar(text), mark, anchor, true);
      return;
    }
    if (tag == "!" || tag == std::string(kOwnTags) + "str") {
      if (expects_key()) return take_key(text, columns_(mark), anchor, false);
      return add(Value{text}, mark, anchor, false);
    }
    add(tagged(columns_(mark), tag, text), mark, anchor, false);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Position at = columns_(mark);
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Refusal{at, inner_path(), "an alias stands inside what it names"};
    const Anchored& anchored = found->second;
    if (expects_key()) {
      const auto* text = std::get_if<std::string>(&anchored.value.data);
      if (text == nullptr) refuse_key(at);
      return take_key(*text, at, 0, false);
    }
    copied_.add(anchored.extent);
    if (copied_.values > kMaxCopied || copied_.bytes > kMaxCopiedBytes) {
      throw Refusal{at, inner_path(),
                    "the aliases stand for more than " + std::to_string(kMaxCopied) +
                        " values or 256 MiB in all"};
    }
    if (open_.size() + anchored.extent.depth > kMaxDepth) refuse_depth(at);
    put(Value(anchored.value));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(Value{Array()}, mark, tag, "seq", anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(Value{Object()}, mark, tag, "map", anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapEnd() override {
    merge();
    close();
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  struct Anchored {
    Value value;
    Extent extent;
  };

  // A list or an object whose end has not come yet.
  struct Open {
    Value value;
    YAML::anchor_t anchor = 0;
    bool has_key = false;  // of an object: its value comes next
    bool merging = false;  // and is one to merge
    std::string_view key;
    Position key_at;
    std::vector<Value> merged;
  };

  bool is_object(const Open& open) const { return std::holds_alternative<Object>(open.value.data); }
  bool expects_key() const {
    return !open_.empty() && is_object(open_.back()) && !open_.back().has_key;
  }

  void take_key(const std::string& text, Position at, YAML::anchor_t anchor, bool plain) {
    Open& object = open_.back();
    object.has_key = true;
    object.key_at = at;
    object.merging = plain && text == kMergeKey;
    object.key = *document_.keys.insert(text).first;
    if (anchor != 0) remember(anchor, Value{text, at.line, at.column});
  }

  [[noreturn]] void refuse_key(Position at) const {
    throw Refusal{
        at, path(),
        "a '{' or '[' begins no key: a text that begins with it needs quotes, an object or "
        "a list its end"};
  }
  [[noreturn]] void refuse_depth(Position at) const {
    throw Refusal{at, "", "nested deeper than " + std::to_string(kMaxDepth) + " levels"};
  }
  [[noreturn]] void refuse_leading_zero(Position at, const std::string& text) const {
    throw Refusal{at, inner_path(),
                  quoted(text) +
                      ": no number may begin with 0, which made it octal once: leave "
                      "the 0 out, or write a text in quotes"};
  }

  Value tagged(Position at, const std::string& tag, const std::string& text) const {
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
        throw Refusal{at, inner_path(), quoted(text) + " is no !!" + std::string(kind)};
      }
    }
    refuse_tag(at, tag);
  }

  [[noreturn]] void refuse_tag(Position at, std::string tag) const {
    if (tag.starts_with(kOwnTags)) tag.replace(0, kOwnTags.size(), "!!");
    throw Refusal{at, inner_path(), "the tag " + quoted(tag) + " means nothing here: leave it out"};
  }

  void add(Value value, const YAML::Mark& mark, YAML::anchor_t anchor, bool plain) {
    const Position at = columns_(mark);
    if (expects_key()) refuse_key(at);
    value.line = at.line;
    value.column = at.column & 0x7FFFFFFF;
    value.plain = plain ? 1 : 0;
    if (anchor != 0) remember(anchor, value);
    put(std::move(value));
  }

  void open(Value value, const YAML::Mark& mark, const std::string& tag, std::string_view kind,
            YAML::anchor_t anchor) {
    const Position at = columns_(mark);
    if (expects_key()) refuse_key(at);
    if (open_.size() >= kMaxDepth) refuse_depth(at);
    if (tag != "?" && tag != "!" && !tag.empty() && tag != std::string(kOwnTags).append(kind)) {
      refuse_tag(at, tag);
    }
    value.line = at.line;
    value.column = at.column & 0x7FFFFFFF;
    open_.push_back(Open{std::move(value), anchor, false, false, {}, {}, {}});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor != 0) remember(done.anchor, done.value);
    put(std::move(done.value));
  }

  void remember(YAML::anchor_t anchor, Value value) {
    const Extent extent = extent_of(value);
    anchors_.insert_or_assign(anchor, Anchored{std::move(value), extent});
  }

  // Is the last line before `pos` that says something the end of a document, "..."?
  bool behind_an_end(std::size_t pos) const {
    std::string_view before = text_.substr(0, pos);
    while (!before.empty()) {
      const std::size_t newline = before.find_last_of('\n');
      const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
      const std::string_view row = before.substr(begin);
      const std::size_t first = row.find_first_not_of(" \t\r");
      if (first != std::string_view::npos && row[first] != '#') return row.starts_with("...");
      before = before.substr(0, begin == 0 ? 0 : begin - 1);
    }
    return false;
  }

  // A whole value, to where it belongs.
  void put(Value value) {
    if (open_.empty()) {
      if (!std::holds_alternative<std::nullptr_t>(value.data))
        documents_.push_back(std::move(value));
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

  void take_merged(Open& around, Value value) {
    if (!around.merged.empty()) {
      throw Refusal{around.key_at, path(), "key '<<' is given twice: give it a list"};
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
    throw Refusal{around.key_at, path(),
                  "'<<' merges an object or a list of objects, not " + std::string(kind_of(value))};
  }

  // At the end of an object: what it says itself wins, and of what it merges the first.
  void merge() {
    Open& done = open_.back();
    auto& object = std::get<Object>(done.value.data);
    if (const Member* twice = repeated_key(object)) {
      throw Refusal{twice->value.position(), path(),
                    "key " + quoted(twice->key) + " is given twice"};
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

  // Of the innermost open value.
  std::string path() const { return path_of(open_.empty() ? 0 : open_.size() - 1); }
  // Of what comes next inside it.
  std::string inner_path() const {
    const bool named = !open_.empty() && (!is_object(open_.back()) || open_.back().has_key);
    return named ? path_of(open_.size()) : path();
  }
  std::string path_of(std::size_t steps) const {
    std::string text;
    for (std::size_t i = 0; i < steps; ++i) {
      if (const auto* list = std::get_if<Array>(&open_[i].value.data)) {
        text += "[" + std::to_string(list->size()) + "]";
      } else {
        const std::string key = quoted(open_[i].key);
        text = join_path(text, std::string_view(key).substr(1, key.size() - 2));
      }
    }
    return text;
  }

  std::string_view text_;
  Columns columns_;
  Document& document_;
  std::vector<Value> documents_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  Extent copied_;
  YAML::Mark last_scalar_ = YAML::Mark::null_mark();
  std::optional<std::size_t> begun_at_;  // where the last document begins
};

// What the parser's own messages mean to a person. The first that a message begins with.
struct Explanation {
  std::string_view says;
  std::string_view means;
};
std::string explained(const std::string& message, std::string_view text, const YAML::Mark& mark) {
  static const std::array<Explanation, 20> kExplanations = {{
      {YAML::ErrorMsg::END_OF_MAP_FLOW,
       "a '{' is not closed by '}', or a ',' is missing (a text that begins with '{' needs "
       "quotes)"},
      {YAML::ErrorMsg::END_OF_SEQ_FLOW,
       "a '[' is not closed by ']', or a ',' is missing (a text that begins with '[' needs "
       "quotes)"},
      {YAML::ErrorMsg::END_OF_MAP,
       "this is no 'key: value' of the object above: check the "
       "indentation, and the ': ' behind the key"},
      {YAML::ErrorMsg::END_OF_SEQ,
       "this is no '- item' of the list above: check the indentation, and the '- '"},
      {YAML::ErrorMsg::MAP_VALUE,
       "a ': ' can't stand here: the text needs quotes, the indentation is wrong, or the line "
       "above "
       "lacks its ': '"},
      {YAML::ErrorMsg::MAP_KEY, "a '? ' can't stand here: a text that begins with it needs quotes"},
      {YAML::ErrorMsg::BLOCK_ENTRY,
       "a '- ' can't stand here: the list begins on a line of its own, or the text needs quotes"},
      {YAML::ErrorMsg::FLOW_END,
       "a '}' or ']' that closes nothing: a text that begins with it needs "
       "quotes"},
      {YAML::ErrorMsg::UNKNOWN_TOKEN, "no text can begin with this character: put it in quotes"},
      {YAML::ErrorMsg::TAB_IN_INDENTATION, kTabIndents},
      {YAML::ErrorMsg::EOF_IN_SCALAR, "a quote is not closed"},
      {YAML::ErrorMsg::DOC_IN_SCALAR, "a quote is not closed before the document ends"},
      {YAML::ErrorMsg::CHAR_IN_BLOCK,
       "behind '|' or '>' only +, - and a digit can stand: the text "
       "begins on the next line"},
      {YAML::ErrorMsg::ALIAS_NOT_FOUND,
       "a text that begins with '*' needs quotes: it names an alias"},
      {YAML::ErrorMsg::CHAR_IN_ALIAS,
       "a text that begins with '*' needs quotes: it names an alias"},
      {YAML::ErrorMsg::ANCHOR_NOT_FOUND,
       "a text that begins with '&' needs quotes: it names an anchor"},
      {YAML::ErrorMsg::CHAR_IN_ANCHOR,
       "a text that begins with '&' needs quotes: it names an anchor"},
      {YAML::ErrorMsg::INVALID_HEX, "\\x, \\u and \\U need 2, 4 and 8 hexadecimal digits"},
      {YAML::ErrorMsg::INVALID_UNICODE, "\\u or \\U with a number that is no character"},
      {YAML::ErrorMsg::ALIAS_CONTENT, "an alias stands alone, without an anchor or a tag"},
  }};
  const auto behind = [&message](std::string_view head) {
    return message.starts_with(head) ? std::optional(message.substr(head.size())) : std::nullopt;
  };
  if (const auto escape = behind(YAML::ErrorMsg::INVALID_ESCAPE)) {
    return "in double quotes \\" + *escape + " means nothing: write \\\\" + *escape +
           ", or use single quotes";
  }
  const std::size_t pos =
      mark.is_null() ? text.size() : std::min(static_cast<std::size_t>(mark.pos), text.size());
  const std::size_t newline = text.substr(0, pos).find_last_of('\n');
  const std::string_view before = newline == std::string_view::npos
                                      ? text.substr(0, pos)
                                      : text.substr(newline + 1, pos - newline - 1);
  const std::string_view blanks =
      before.substr(0, std::min(before.find_first_not_of(" \t"), before.size()));
  if (blanks.find('\t') != std::string_view::npos) return std::string(kTabIndents);
  if (message.starts_with(YAML::ErrorMsg::END_OF_MAP) && before.size() > blanks.size() &&
      !message.starts_with(YAML::ErrorMsg::END_OF_MAP_FLOW)) {
    return "nothing can stand here, behind a quote or a bracket that is closed: put the whole text "
           "in "
           "quotes";
  }
  if (message.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR)) {
    const std::string_view rest = text.substr(std::min(pos + 1, text.size()));
    const std::string shown(rest.substr(0, rest.find_first_of(" \t\r\n,[]{}")));
    return quoted("*" + shown) + " names nothing: there is no &" +
           " of that name before it (a text that begins with '*' needs quotes)";
  }
  const auto known = std::find_if(
      kExplanations.begin(), kExplanations.end(),
      [&message](const Explanation& e) { return std::string_view(message).starts_with(e.says); });
  if (known != kExplanations.end()) return std::string(known->means);
  const std::string shown = quoted(message, 200);
  return shown.substr(1, shown.size() - 2);
}

// Bytes that YAML can't hold. The parser would take some of them for the end of the text.
std::optional<Refusal> check_bytes(std::string_view text) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return Refusal{{1, 1}, "", "not valid YAML: this is UTF-16: write it as UTF-8"};
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos &&
      (text.substr(first).starts_with("//") || text.substr(first).starts_with("/*"))) {
    const auto lines =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(first), '\n');
    return Refusal{{static_cast<std::uint32_t>(lines) + 1, 0},
                   "",
                   "not valid YAML: a comment begins with '#' there, and JSON has none"};
  }
  std::uint32_t line = 1;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view row = text.substr(begin, end - begin);
    begin = end + 1;
    const bool good = is_utf8(row);
    std::uint32_t column = 1;
    for (std::size_t i = 0; i < row.size(); ++column) {
      const auto c = static_cast<unsigned char>(row[i]);
      if (c == '\r' && i + 1 != row.size()) {
        return Refusal{
            {line, column}, "", "not valid YAML: a carriage return that no newline follows"};
      }
      if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7F) {
        return Refusal{{line, column},
                       "",
                       "not valid YAML: a control character, " + quoted(row.substr(i, 1)) +
                           ": in double quotes write it as \\x.."};
      }
      const std::size_t next = next_utf8_boundary(row, i);
      if (!good && !is_utf8(row.substr(i, next - i))) {
        return Refusal{{line, column}, "", "not valid YAML: a byte that is no UTF-8"};
      }
      i = next;
    }
  }
  return std::nullopt;
}

Error refused(std::string_view where, const Refusal& refusal) {
  return {ErrorCode::BadConfig, place_text(where, refusal.at, refusal.path) + refusal.what};
}

}  // namespace

Result<Document> parse_yaml(std::string_view text, std::string_view where) {
  if (const auto refusal = check_bytes(text)) return refused(where, *refusal);
  Document document;
  TreeBuilder builder(text, document);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    builder.check_last_quote();
  } catch (const Refusal& refusal) {
    return refused(where, refusal);
  } catch (const YAML::DeepRecursion& deep) {
    return refused(where, {Columns(text)(deep.mark), "",
                           "nested deeper than " + std::to_string(kMaxDepth) + " levels"});
  } catch (const YAML::Exception& exception) {
    return refused(where, {Columns(text)(exception.mark), "",
                           "not valid YAML: " + explained(exception.msg, text, exception.mark)});
  }
  std::vector<Value>& found = builder.documents();
  if (found.empty()) {
    return Error{ErrorCode::BadConfig, std::string(where) + ": is empty: a task is an object"};
  }
  if (found.size() == 1) {
    document.root = std::move(found.front());
  } else {
    const Position first = found.front().position();
    document.root = Value{std::move(found), first.line, first.column};
  }
  return document;
}

}  // namespace thermos::config
