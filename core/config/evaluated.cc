#include "core/config/evaluated.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace thermos::config {
namespace {

constexpr std::string_view kLineKey;
constexpr std::string_view kNamesKey = " names";

// Gives `value`, and every value inside it, the line of the innermost object around it that has
// one.
void settle_lines(Value& value, std::uint32_t line) {
  if (auto* object = std::get_if<Object>(&value.data)) {
    if (!object->empty() && object->front().key == kLineKey) {
      if (const auto* own = std::get_if<std::uint64_t>(&object->front().value.data)) {
        line = static_cast<std::uint32_t>(*own);
        object->erase(object->begin());
      }
    }
    for (Member& member : *object) settle_lines(member.value, line);
  } else if (auto* list = std::get_if<Array>(&value.data)) {
    for (Value& item : *list) settle_lines(item, line);
  }
  value.line = line;
  value.column = 0;
}

std::vector<std::string> take_names(Value& task) {
  std::vector<std::string> names;
  auto* object = std::get_if<Object>(&task.data);
  if (object == nullptr) return names;
  const auto found = std::find_if(object->begin(), object->end(),
                                  [](const Member& m) { return m.key == kNamesKey; });
  if (found == object->end()) return names;
  if (auto* list = std::get_if<Array>(&found->value.data)) {
    for (Value& item : *list) {
      if (auto* name = std::get_if<std::string>(&item.data)) names.push_back(std::move(*name));
    }
  }
  object->erase(found);
  return names;
}

}  // namespace

Result<Document> parse_evaluated(std::string_view text, std::string_view where) {
  Result<Document> document = parse_json(text, where);
  if (!document) return document.error();
  settle_lines(document->root, 0);
  Value* tasks = document->root.find("tasks");
  auto* list = tasks == nullptr ? nullptr : std::get_if<Array>(&tasks->data);
  if (list == nullptr) {
    return Error{ErrorCode::BadConfig, std::string(where) + ": gave no tasks"};
  }
  for (Value& task : *list) document->names.push_back(take_names(task));
  if (list->size() == 1) {
    Value only = std::move(list->front());
    document->root = std::move(only);
  }
  return document;
}

}  // namespace thermos::config
