#include "core/task/node_choice.h"

#include <algorithm>

namespace thermos {
namespace {

constexpr std::string_view kSameAs = "same-as ";
constexpr std::size_t kMostNameBytes = 200;

}  // namespace

On on_of(std::string_view text) {
  if (text.empty()) return {};
  if (text == "each") return {On::Rule::Each, {}};
  if (text.starts_with(kSameAs)) return {On::Rule::SameAs, text.substr(kSameAs.size())};
  return {On::Rule::Node, text};
}

Status check_node_name(std::string_view name) {
  const auto bad = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte == 0x7f || c == '/';
  };
  if (!name.empty() && name.size() <= kMostNameBytes && name[0] != '.' && name[0] != '-' &&
      std::none_of(name.begin(), name.end(), bad)) {
    return Done{};
  }
  return Error{ErrorCode::Usage, "\"" + std::string(name) +
                                     "\" can't be the name of a node: it has 1 to 200 bytes "
                                     "without '/' and white space, and does not begin with '.' or "
                                     "'-'"};
}

}  // namespace thermos
