#include "core/config/yaml_checks.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/base/text.h"
#include "core/base/utf8.h"

namespace thermos::config {
namespace {

// Returns an error for a byte that YAML can't hold in one line of the text, given without its
// newline.
std::optional<YamlRefusal> check_row(std::string_view row, std::uint32_t line) {
  const bool good = is_utf8(row);
  std::uint32_t column = 1;
  for (std::size_t i = 0; i < row.size(); ++column) {
    const auto c = static_cast<unsigned char>(row[i]);
    if (c == '\r' && i + 1 != row.size()) {
      return YamlRefusal{
          {line, column}, "", "not valid YAML: a carriage return that no newline follows"};
    }
    if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7F) {
      return YamlRefusal{{line, column},
                         "",
                         "not valid YAML: a control character, " +
                             thermos::quoted(row.substr(i, 1)) +
                             ": in double quotes write it as \\x.."};
    }
    const std::size_t next = next_utf8_boundary(row, i);
    if (!good && !is_utf8(row.substr(i, next - i))) {
      return YamlRefusal{{line, column}, "", "not valid YAML: a byte that is no UTF-8"};
    }
    i = next;
  }
  return std::nullopt;
}

}  // namespace

std::optional<YamlRefusal> check_yaml_bytes(std::string_view text) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return YamlRefusal{{1, 1}, "", "not valid YAML: this is UTF-16: write it as UTF-8"};
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos &&
      (text.substr(first).starts_with("//") || text.substr(first).starts_with("/*"))) {
    const auto lines =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(first), '\n');
    return YamlRefusal{{static_cast<std::uint32_t>(lines) + 1, 0},
                       "",
                       "not valid YAML: a comment begins with '#' there, and JSON has none"};
  }
  std::uint32_t line = 1;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (auto refusal = check_row(text.substr(begin, end - begin), line)) return refusal;
    begin = end + 1;
  }
  return std::nullopt;
}

bool ends_inside_quotes(std::string_view text, std::size_t scalar) {
  std::string_view rest = text.substr(scalar);
  // An anchor and a tag come first.
  while (!rest.empty() && (rest.front() == '&' || rest.front() == '!')) {
    rest.remove_prefix(std::min(rest.find_first_of(" \t\r\n"), rest.size()));
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
  }
  if (rest.empty() || (rest.front() != '"' && rest.front() != '\'')) return false;
  const char quote = rest.front();
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (quote == '"' && rest[i] == '\\') {
      ++i;
    } else if (rest[i] == quote) {
      if (quote == '"' || rest.substr(i + 1, 1) != "'") return false;
      ++i;
    }
  }
  return true;
}

bool is_behind_document_end(std::string_view text, std::size_t at) {
  std::string_view before = text.substr(0, at);
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

}  // namespace thermos::config
