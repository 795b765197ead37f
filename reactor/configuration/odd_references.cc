#include "reactor/configuration/odd_references.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/base/text.h"

namespace thermos {
namespace {

constexpr std::string_view kName =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-[]/";

// Returns the text from `at`, behind "{{", to the end of the line or of the quoted text.
std::string_view rest_of_text(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_of("\n\"'", at);
  return text.substr(at, end == std::string_view::npos ? end : end - at);
}

}  // namespace

std::vector<OddReference> odd_references(std::string_view text) {
  std::vector<OddReference> found;
  for (std::size_t at = 0; (at = text.find("{{", at)) != std::string_view::npos; at += 2) {
    const std::string_view rest = rest_of_text(text, at + 2);
    const std::size_t begin = std::min(rest.find_first_not_of(' '), rest.size());
    const std::size_t end = std::min(rest.find_first_not_of(kName, begin), rest.size());
    const std::size_t after = std::min(rest.find_first_not_of(' ', end), rest.size());
    const bool named = end > begin && (begin == 0 || rest.substr(after).starts_with("}}"));
    const bool closed = rest.substr(after).starts_with("}}");
    const bool spaced = begin > 0 || after > end;
    // "{{NAME" followed by other text may be anything. It is reported only if the line ends there.
    const bool cut = !closed && begin == 0 && after == rest.size();
    if (!named || !((closed && spaced) || cut)) continue;
    const std::string name(rest.substr(begin, end - begin));
    const auto line = static_cast<std::size_t>(
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1);
    const std::size_t size = closed ? after + 2 : end;
    found.push_back({line, "{{" + std::string(rest.substr(0, size)), "{{" + name + "}}"});
  }
  return found;
}

void warn_of_odd_references(const ConfigurationText& text) {
  for (const OddReference& odd : odd_references(text.text)) {
    spdlog::warn("{}:{}: {} is not a reference, and stays as it is; did you mean {}?", text.where,
                 odd.line, printable(odd.text), printable(odd.meant));
  }
}

}  // namespace thermos
