#include "core/config/process_map.h"

#include <string>
#include <utility>
#include <variant>

#include "core/base/text.h"

namespace thermos::config {
namespace {

constexpr std::string_view kProcessNameKey = "name";

}  // namespace

Problems list_processes(Value& task) {
  Problems problems;
  Value* processes = task.find("processes");
  auto* map = processes == nullptr ? nullptr : std::get_if<Object>(&processes->data);
  if (map == nullptr) return problems;
  Array list;
  list.reserve(map->size());
  for (Member& member : *map) {
    Value& process = list.emplace_back(std::move(member.value));
    auto* fields = std::get_if<Object>(&process.data);
    if (fields == nullptr) continue;  // read_task() refuses it
    const Value* name = process.find(kProcessNameKey);
    if (name == nullptr) {
      Value text{std::string(member.key), process.line, process.column};
      fields->insert(fields->begin(), Member{kProcessNameKey, std::move(text)});
      continue;
    }
    const auto* text = std::get_if<std::string>(&name->data);
    if (text == nullptr || *text == member.key) continue;
    problems.push_back({"processes[" + std::to_string(list.size() - 1) + "].name",
                        thermos::quoted(*text) +
                            " is the name of a process that stands behind the name " +
                            thermos::quoted(member.key) + ": leave one of them out",
                        name->position(), std::nullopt});
  }
  processes->data = std::move(list);
  return problems;
}

}  // namespace thermos::config
