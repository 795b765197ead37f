#include "core/config/ancestor_values.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/config/scalar.h"

namespace thermos::config {
namespace {

using Keys = std::span<const std::string_view>;

constexpr std::array<std::string_view, 3> kFlags = {"daemon", "ephemeral", "final"};
constexpr std::array<std::string_view, 2> kProcessNumbers = {"max_failures", "min_duration"};
constexpr std::array<std::string_view, 3> kTaskNumbers = {"max_failures", "max_concurrency",
                                                          "finalization_wait"};
constexpr std::array<std::string_view, 3> kAmounts = {"cpu", "ram", "disk"};
constexpr std::array<std::string_view, 1> kNoTaskKeys = {"min_successes"};
constexpr std::array<std::string_view, 2> kNoResources = {"gpu", "best_effort"};

bool has(Keys keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// Integers that are not negative.
bool is_count(const Value& value) {
  return std::holds_alternative<std::uint64_t>(value.data);
}

void read_flags(Value& object) {
  for (const std::string_view key : kFlags) {
    Value* value = object.find(key);
    if (value == nullptr || !is_count(*value)) continue;
    const std::uint64_t number = std::get<std::uint64_t>(value->data);
    if (number <= 1) value->data = number == 1;
  }
}

void read_numbers(Value& object, Keys keys) {
  for (const std::string_view key : keys) {
    Value* value = object.find(key);
    const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(&value->data);
    if (text == nullptr || has_leading_zero(*text)) continue;
    Value number = plain_scalar(*text);
    if (is_count(number) || std::holds_alternative<double>(number.data)) {
      value->data = std::move(number.data);
    }
  }
}

void drop(Value& value, Keys keys) {
  auto* object = std::get_if<Object>(&value.data);
  if (object == nullptr) return;
  std::erase_if(*object, [&](const Member& m) { return has(keys, m.key) && is_count(m.value); });
}

void read_resources(Value& object) {
  Value* resources = object.find("resources");
  if (resources == nullptr) return;
  drop(*resources, kNoResources);
  read_numbers(*resources, kAmounts);
}

}  // namespace

void settle_ancestor_values(Value& task) {
  drop(task, kNoTaskKeys);
  read_numbers(task, kTaskNumbers);
  read_resources(task);
  Value* processes = task.find("processes");
  auto* list = processes == nullptr ? nullptr : std::get_if<Array>(&processes->data);
  if (list == nullptr) return;
  for (Value& process : *list) {
    read_flags(process);
    read_numbers(process, kProcessNumbers);
  }
}

}  // namespace thermos::config
