#include "reactor/export/quoting.h"

#include <algorithm>
#include <cctype>

#include "core/base/text.h"
#include "core/base/utf8.h"

namespace thermos {
namespace {

bool is_alphanumeric(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// Returns `mark` and the value in `digits` hexadecimal digits, like "\\x1b".
std::string escape(std::string_view mark, std::size_t digits, unsigned value) {
  std::string text(mark);
  for (std::size_t i = digits; i > 0; --i) {
    text += "0123456789abcdef"[value >> (4 * (i - 1)) & 0xFU];
  }
  return text;
}

// Returns whether a reader of YAML may treat the character as a line break, or refuse it.
bool is_odd(char32_t code) {
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool other = code == 0x2028 || code == 0x2029 || code == 0xFEFF || code == 0xFFFE;
  return control || other || code > 0xFFFF;
}

std::string escaped_json(std::string_view text, bool hcl) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character character = utf8_character_at(text, at);
    const char c = text[at];
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (hcl && (c == '$' || c == '%') && text.substr(at + 1, 1) == "{") {
      out += {c, c};
    } else if (is_odd(character.code)) {
      const auto code = static_cast<unsigned>(character.code);
      out += code > 0xFFFF ? escape("\\U", 8, code) : escape("\\u", 4, code);
    } else {
      out += text.substr(at, character.bytes);
    }
    at += character.bytes;
  }
  return out + "\"";
}

// Returns whether every reader of YAML 1.1 or 1.2 reads the unquoted text as this text.
bool is_plain_yaml(std::string_view text) {
  if (text.empty() || text.front() == '-' || text.back() == ':') return false;
  const bool safe = std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) || std::string_view("_-./").find(c) != std::string_view::npos;
  });
  const bool wordy =
      std::isalpha(static_cast<unsigned char>(text.front())) != 0 || text.front() == '/';
  if (!safe || !wordy) return false;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view other :
       {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}) {
    if (lower == other) return false;
  }
  return true;
}

// Returns the word for a unit file. `doubled` are the special characters, which are escaped by
// doubling.
std::string systemd_quoted(std::string_view word, std::string_view doubled) {
  std::string out;
  bool plain = !word.empty();
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    plain = plain && (is_alphanumeric(c) ||
                      std::string_view("_-./:=,+@%$").find(c) != std::string_view::npos);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7F) {
      out += escape("\\x", 2, byte);
    } else {
      out.append(doubled.find(c) == std::string_view::npos ? 1 : 2, c);
    }
  }
  return plain ? out : "\"" + out + "\"";
}

}  // namespace

std::string shell_word(std::string_view word) {
  const auto plain = [](char c) {
    return is_alphanumeric(c) || std::string_view("_-./:=,+@%").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return std::string(word);
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string shell_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + shell_word(word);
  return text;
}

std::string yaml_text(std::string_view text) {
  return is_plain_yaml(text) ? std::string(text) : escaped_json(text, false);
}

std::string yaml_block(std::string_view text, std::size_t indent) {
  bool lines = !text.empty() && text.front() != '\n';
  for (std::size_t at = 0; at < text.size() && lines;) {
    const Utf8Character character = utf8_character_at(text, at);
    lines = character.code == '\n' || character.code == '\t' || !is_odd(character.code);
    at += character.bytes;
  }
  // Readers treat lines of only spaces differently.
  lines = lines && text.find("\t\n") == std::string_view::npos &&
          text.find_first_not_of(" \n") != std::string_view::npos &&
          text.find(" \n") == std::string_view::npos && text.back() != ' ';
  if (!lines) return escaped_json(text, false) + "\n";
  const bool ended = text.back() == '\n';
  std::string out = "|2";  // the text may begin with spaces
  if (!ended) out += '-';
  if (text.ends_with("\n\n")) out += '+';
  out += '\n';
  if (ended) text.remove_suffix(1);
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) out.append(indent + 2, ' ').append(text.substr(begin, end - begin));
    out += '\n';
    begin = end + 1;
  }
  return out;
}

std::string kubernetes_argument(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '$' ? 2 : 1, c);
  return yaml_text(out);
}

std::string hcl_text(std::string_view text) {
  return escaped_json(text, true);
}

std::string hcl_heredoc(std::string_view text) {
  // A heredoc has no escapes for characters that a reader may treat as a line break, or refuse.
  bool lines = text.ends_with('\n');
  for (std::size_t at = 0; at < text.size() && lines;) {
    const Utf8Character character = utf8_character_at(text, at);
    lines = character.code == '\n' || character.code == '\t' || !is_odd(character.code) ||
            character.code > 0xFFFF;
    at += character.bytes;
  }
  if (!lines) return hcl_text(text) + "\n";
  std::string end = "END";
  while (text.find(end) != std::string_view::npos) end += "_END";
  std::string out = "<<" + end + "\n";
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    out.append((c == '$' || c == '%') && text.substr(at + 1, 1) == "{" ? 2 : 1, c);
  }
  return out + end + "\n";
}

std::string systemd_word(std::string_view word) {
  return systemd_quoted(word, "%$");
}

std::string systemd_path(std::string_view path) {
  return systemd_quoted(path, "%");
}

std::string systemd_setting(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '%' ? 2 : 1, c);
  return out;
}

std::string plain_name(std::string_view name, std::string_view others, bool lower,
                       std::size_t most) {
  std::string out;
  for (const char c : name) {
    const bool kept = is_alphanumeric(c) || others.find(c) != std::string_view::npos;
    const char made = lower ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : c;
    if (kept && !(out.empty() && !is_alphanumeric(c))) {
      out += made;
    } else if (!kept && !out.empty() && out.back() != '-') {
      out += '-';
    }
    if (out.size() == most) break;
  }
  while (!out.empty() && !is_alphanumeric(out.back())) out.pop_back();
  return out.empty() ? "task" : out;
}

std::string filled(std::string_view text, const Values& values) {
  std::string out;
  while (!text.empty()) {
    const std::size_t at = text.find('@');
    out += text.substr(0, at);
    if (at == std::string_view::npos) break;
    text.remove_prefix(at);
    const auto known = std::find_if(values.begin(), values.end(), [&](const auto& value) {
      return text.substr(1).starts_with(value.first) &&
             text.substr(1 + value.first.size(), 1) == "@";
    });
    if (known == values.end()) {
      out += '@';
      text.remove_prefix(1);
    } else {
      out += known->second;
      text.remove_prefix(known->first.size() + 2);
    }
  }
  return out;
}

}  // namespace thermos
