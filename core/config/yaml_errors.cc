#include "core/config/yaml_errors.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <yaml-cpp/exceptions.h>

#include "core/base/text.h"
#include "core/base/utf8.h"

namespace thermos::config {
namespace {

constexpr std::string_view kTabIndents = "a tab indents this line: YAML takes spaces alone";

// The meaning of a parser's message that begins with `says`. The first explanation that fits is
// used.
struct Explanation {
  std::string_view says;
  std::string_view means;
};

// Not constexpr, because the parser's messages are not constant expressions.
const std::array<Explanation, 20>& explanations() {
  static const std::array<Explanation, 20> all = {{
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
  return all;
}

std::size_t offset_of(std::string_view text, const YAML::Mark& mark) {
  return mark.is_null() ? text.size() : std::min(static_cast<std::size_t>(mark.pos), text.size());
}

// The part of the line that stands before byte `at`.
std::string_view line_before(std::string_view text, std::size_t at) {
  const std::size_t newline = text.substr(0, at).find_last_of('\n');
  if (newline == std::string_view::npos) return text.substr(0, at);
  return text.substr(newline + 1, at - newline - 1);
}

std::string_view indentation_of(std::string_view line) {
  return line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
}

// Returns "in double quotes \q means nothing ...", or nullopt for any other error.
std::optional<std::string> explain_escape(std::string_view message) {
  const std::string_view says = YAML::ErrorMsg::INVALID_ESCAPE;
  if (!message.starts_with(says)) return std::nullopt;
  const std::string escape(message.substr(says.size()));
  return "in double quotes \\" + escape + " means nothing: write \\\\" + escape +
         ", or use single quotes";
}

// Whether something stands on the line before the error. The parser says only that no 'key: value'
// follows here, and the line shows why.
bool stands_behind_what_is_closed(std::string_view message, std::string_view before) {
  return message.starts_with(YAML::ErrorMsg::END_OF_MAP) &&
         !message.starts_with(YAML::ErrorMsg::END_OF_MAP_FLOW) &&
         before.size() > indentation_of(before).size();
}

// `at`: where the '*' stands.
std::string explain_unknown_alias(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(std::min(at + 1, text.size()));
  const std::string name(rest.substr(0, rest.find_first_of(" \t\r\n,[]{}")));
  return thermos::quoted("*" + name) +
         " names nothing: there is no & of that name before it (a text that begins with '*' needs "
         "quotes)";
}

// Returns the parser's own message, shortened, if there is no explanation for it.
std::string in_its_own_words(std::string_view message) {
  const std::string shown = thermos::quoted(message, 200);
  return shown.substr(1, shown.size() - 2);
}

}  // namespace

Position YamlPlaces::of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  const auto pos = std::min(static_cast<std::size_t>(mark.pos), text_.size());
  const std::size_t begin = pos - std::min(static_cast<std::size_t>(mark.column), pos);
  if (begin != line_begin_) {
    line_begin_ = pos_ = begin;
    columns_ = 0;
  }
  if (pos >= pos_) {
    columns_ += utf8_columns(text_.substr(pos_, pos - pos_));
  } else {
    columns_ -= utf8_columns(text_.substr(pos, pos_ - pos));
  }
  pos_ = pos;
  return {static_cast<std::uint32_t>(mark.line) + 1, static_cast<std::uint32_t>(columns_) + 1};
}

Position yaml_position(std::string_view text, const YAML::Mark& mark) {
  return YamlPlaces(text).of(mark);
}

std::string explain_yaml_error(const std::string& message, std::string_view text,
                               const YAML::Mark& mark) {
  if (auto escape = explain_escape(message)) return *escape;
  const std::size_t at = offset_of(text, mark);
  const std::string_view before = line_before(text, at);
  if (indentation_of(before).find('\t') != std::string_view::npos) return std::string(kTabIndents);
  if (stands_behind_what_is_closed(message, before)) {
    return "nothing can stand here, behind a quote or a bracket that is closed: put the whole text "
           "in quotes";
  }
  if (message.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR)) return explain_unknown_alias(text, at);
  const auto known = std::find_if(explanations().begin(), explanations().end(),
                                  [&message](const Explanation& one) {
                                    return std::string_view(message).starts_with(one.says);
                                  });
  return known == explanations().end() ? in_its_own_words(message) : std::string(known->means);
}

}  // namespace thermos::config
