#include "core/config/reference_syntax.h"

#include <algorithm>

namespace thermos {
namespace {

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool goes_on(char c, bool in_brackets) {
  return begins_name(c) || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '[' || c == ']' ||
         (c == '/' && in_brackets);
}

// The depth is limited because matching is recursive, and a nested reference is matched again for
// every "{{" around it.
constexpr int kDeepest = 8;

// Returns the reference that begins exactly at `begin`, where "{{" stands.
std::optional<Reference> match(std::string_view text, std::size_t begin, int depth) {
  if (depth > kDeepest) return std::nullopt;
  std::size_t i = begin + 2;
  while (i < text.size() && text[i] == '&') ++i;
  const std::size_t name = i;
  bool nested = false;
  bool in_brackets = false;
  while (i < text.size()) {
    if (text.substr(i, 2) == "{{") {
      const auto inner = match(text, i, depth + 1);
      if (!inner || inner->escapes != 0) return std::nullopt;
      nested = true;
      i = inner->end;
    } else if (i == name ? begins_name(text[i]) : goes_on(text[i], in_brackets)) {
      if (text[i] == '[' || text[i] == ']') in_brackets = text[i] == '[';
      ++i;
    } else {
      break;
    }
  }
  if (i == name || text.substr(i, 2) != "}}") return std::nullopt;
  return Reference{begin, i + 2, name - begin - 2, text.substr(name, i - name), nested};
}

}  // namespace

std::optional<Reference> find_reference(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find("{{", from); at != std::string_view::npos;
       at = text.find("{{", at + 1)) {
    if (auto reference = match(text, at, 0)) return reference;
  }
  return std::nullopt;
}

std::string escape_references(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  while (auto reference = find_reference(text, at)) {
    out += text.substr(at, reference->begin + 2 - at);
    out += '&';
    out += text.substr(reference->begin + 2, reference->end - reference->begin - 2);
    at = reference->end;
  }
  return out += text.substr(at);
}

}  // namespace thermos
