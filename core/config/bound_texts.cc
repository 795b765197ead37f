#include "core/config/bound_texts.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "core/config/reference_syntax.h"
#include "core/task/task_fields.h"

namespace thermos::config {
namespace {

// Removes one & from each {{&NAME}} of `text`. If `text` holds an unescaped reference, leaves
// `text` as it is and returns the reference as it is written.
std::optional<std::string> unescape(std::string& text) {
  auto reference = find_reference(text, 0);
  if (!reference) return std::nullopt;
  std::string taken;
  std::size_t at = 0;
  for (; reference; reference = find_reference(text, at)) {
    if (reference->escapes == 0) {
      return text.substr(reference->begin, reference->end - reference->begin);
    }
    taken.append(text, at, reference->begin + 2 - at);
    taken.append(text, reference->begin + 3, reference->end - reference->begin - 3);
    at = reference->end;
  }
  taken.append(text, at);
  text = std::move(taken);
  return std::nullopt;
}

Problem unbound(const std::string& reference, std::string path) {
  return {path,
          "the reference " + thermos::quoted(reference) +
              " is to be bound before a task is submitted or recorded; the text itself is written "
              "with an & behind the braces",
          {},
          path};
}

}  // namespace

Problems take_texts_as_bound(Draft& draft, std::size_t most) {
  Problems problems;
  visit_references(fields::slot_of(draft.task), [&](std::string& text, const FieldPlace& place) {
    if (const auto reference = unescape(text))
      problems.push_back(unbound(*reference, place.path()));
    return problems.size() < most;
  });
  for (Deferred& number : draft.deferred) {
    if (problems.size() >= most) break;
    if (const auto reference = unescape(number.text)) {
      problems.push_back(unbound(*reference, number.path));
    }
    const auto complaint = settle(number, number.text);
    if (complaint && problems.size() < most) {
      problems.push_back({number.path, *complaint, {}, number.path});
    }
  }
  return problems;
}

}  // namespace thermos::config
