#include "core/task/check_name.h"

#include "core/base/text.h"
#include "core/base/utf8.h"

namespace thermos {

std::optional<std::string> check_name(std::string_view name) {
  if (name.empty()) return "a name can't be empty";
  if (name.size() > kMaxName) {
    return quoted(name) + " is " + std::to_string(name.size()) +
           " bytes long: a name has at most 243, to fit into a file name";
  }
  if (name.front() == '.') return quoted(name) + ": a name can't begin with '.'";
  if (name.find('/') != std::string_view::npos) return quoted(name) + ": a name can't hold '/'";
  if (holds_control(name)) {
    return quoted(name) + ": a name can't hold control characters";
  }
  if (!is_utf8(name)) return quoted(name) + " is not UTF-8";
  return std::nullopt;
}

}  // namespace thermos
