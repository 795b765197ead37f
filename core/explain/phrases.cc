#include "core/explain/phrases.h"

#include <algorithm>

#include "core/base/text.h"

namespace thermos {

std::string names_text(const std::vector<std::string>& names, std::size_t most) {
  std::string text;
  const std::size_t shown = std::min(names.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == names.size();
    text += (i == 0 ? "" : last ? " and " : ", ") + printable(names[i]);
  }
  if (shown < names.size()) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

std::string count_text(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

std::string need_text(Condition condition, std::string_view process) {
  const std::string name = printable(process);
  switch (condition) {
    case Condition::Success:
      return "the success of " + name;
    case Condition::Start:
      return "the start of " + name;
    case Condition::Ready:
      return name + " to be ready";
    case Condition::End:
      break;
  }
  return "the end of " + name;
}

std::string met_text(Condition condition, std::string_view process) {
  const std::string name = printable(process);
  switch (condition) {
    case Condition::Success:
      return name + " had succeeded";
    case Condition::Start:
      return name + " had started";
    case Condition::Ready:
      return name + " was ready";
    case Condition::End:
      break;
  }
  return name + " had ended";
}

}  // namespace thermos
