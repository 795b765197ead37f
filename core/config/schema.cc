#include "core/config/schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "core/config/number.h"
#include "core/text.h"

namespace thermos::config {
namespace {

using Keys = std::span<const std::string_view>;

constexpr std::array<std::string_view, 8> kTaskKeys = {
    "name",         "processes",       "constraints",       "resources",
    "max_failures", "max_concurrency", "finalization_wait", "user"};
constexpr std::array<std::string_view, 8> kProcessKeys = {
    "name", "cmdline", "max_failures", "daemon", "ephemeral", "min_duration", "final", "resources"};
constexpr std::array<std::string_view, 3> kResourcesKeys = {"cpu", "ram", "disk"};
constexpr std::array<std::string_view, 1> kConstraintKeys = {"order"};

// Walks down the tree. Each call returns false once something is wrong; problem() says what.
class Reader {
 public:
  bool task(Value& value, Draft& draft) {
    TaskConfig& task = draft.task;
    if (!object(value, "a task", kTaskKeys)) return false;
    Value* processes_value = value.find("processes");
    if (processes_value == nullptr) {
      return fail(value, "'processes' is missing: a task needs at least one process");
    }
    return each_key(value, [&](std::string_view key, Value& field) {
      if (key == "name") return draft.named = true, text(field, task.name);
      if (key == "processes") return processes(field, task.processes);
      if (key == "constraints") return constraints(field, task.constraints);
      if (key == "resources") return resources(field, task.resources.emplace());
      if (key == "max_failures") return count(field, task.max_failures);
      if (key == "max_concurrency") return count(field, task.max_concurrency);
      if (key == "finalization_wait") return seconds(field, task.finalization_wait);
      return text(field, task.user);
    });
  }

  Problem& problem() { return problem_; }

 private:
  struct Step {
    std::string_view key;  // empty: the index counts
    std::size_t index = 0;
  };

  bool process(Value& value, ProcessConfig& process) {
    if (!object(value, "a process", kProcessKeys)) return false;
    if (value.find("name") == nullptr) return fail(value, "'name' is missing");
    if (value.find("cmdline") == nullptr) return fail(value, "'cmdline' is missing");
    return each_key(value, [&](std::string_view key, Value& field) {
      if (key == "name") return text(field, process.name);
      if (key == "cmdline") return text(field, process.cmdline);
      if (key == "max_failures") return count(field, process.max_failures);
      if (key == "daemon") return flag(field, process.daemon);
      if (key == "ephemeral") return flag(field, process.ephemeral);
      if (key == "min_duration") return seconds(field, process.min_duration);
      if (key == "final") return flag(field, process.final);
      return resources(field, process.resources.emplace());
    });
  }

  bool processes(Value& value, std::vector<ProcessConfig>& out) {
    auto* list = this->list(value);
    if (list == nullptr) return false;
    if (list->empty()) return fail(value, "is empty: a task needs at least one process");
    out.resize(list->size());
    return each_item(*list, [&](std::size_t i, Value& item) { return process(item, out[i]); });
  }

  bool constraints(Value& value, std::vector<Constraint>& out) {
    auto* list = this->list(value);
    if (list == nullptr) return false;
    out.resize(list->size());
    return each_item(*list, [&](std::size_t i, Value& item) { return constraint(item, out[i]); });
  }

  bool constraint(Value& value, Constraint& constraint) {
    if (!object(value, "a constraint", kConstraintKeys)) return false;
    if (value.find("order") == nullptr) return fail(value, "'order' is missing");
    return each_key(value, [&](std::string_view /*key*/, Value& field) {
      auto* names = list(field);
      if (names == nullptr) return false;
      constraint.order.resize(names->size());
      return each_item(*names,
                       [&](std::size_t i, Value& item) { return text(item, constraint.order[i]); });
    });
  }

  bool resources(Value& value, Resources& resources) {
    if (!object(value, "resources", kResourcesKeys)) return false;
    return each_key(value, [&](std::string_view key, Value& field) {
      if (key == "cpu") return cores(field, resources.cpu);
      return bytes(field, key == "ram" ? resources.ram : resources.disk);
    });
  }

  bool text(Value& value, std::string& out) {
    auto* string = std::get_if<std::string>(&value.data);
    if (string == nullptr) return wrong_kind(value, "a string");
    out = std::move(*string);
    return true;
  }

  bool flag(const Value& value, bool& out) {
    const auto* boolean = std::get_if<bool>(&value.data);
    if (boolean == nullptr) return wrong_kind(value, "true or false");
    out = *boolean;
    return true;
  }

  bool count(const Value& value, std::uint32_t& out) {
    std::int64_t whole = 0;
    if (!integer(value, std::numeric_limits<std::uint32_t>::max(), whole)) return false;
    out = static_cast<std::uint32_t>(whole);
    return true;
  }

  bool bytes(const Value& value, std::int64_t& out) {
    return integer(value, std::numeric_limits<std::int64_t>::max(), out);
  }

  bool integer(const Value& value, std::int64_t max, std::int64_t& out) {
    bool fits = false;
    if (const auto* big = std::get_if<std::uint64_t>(&value.data)) {
      fits = *big <= static_cast<std::uint64_t>(max);
      if (fits) out = static_cast<std::int64_t>(*big);
    } else if (const auto* real = std::get_if<double>(&value.data)) {
      if (std::trunc(*real) != *real) {
        return fail(value, "must be a whole number, not " + number_text(*real));
      }
      // `max` itself may round up to a double beyond it.
      fits = *real >= 0 && *real <= static_cast<double>(max) && *real < 0x1p63;
      if (fits) out = static_cast<std::int64_t>(*real);
    } else if (!std::holds_alternative<std::int64_t>(value.data)) {
      return wrong_kind(value, "a number");
    }
    // The parser calls only negative numbers signed.
    return fits || out_of_range(value, "0 to " + std::to_string(max));
  }

  bool real(const Value& value, double& out) {
    if (const auto* number = std::get_if<std::int64_t>(&value.data)) {
      out = static_cast<double>(*number);
    } else if (const auto* big = std::get_if<std::uint64_t>(&value.data)) {
      out = static_cast<double>(*big);
    } else if (const auto* floating = std::get_if<double>(&value.data)) {
      out = *floating;
    } else {
      return wrong_kind(value, "a number");
    }
    return true;
  }

  bool seconds(const Value& value, Microseconds& out) {
    double number = 0;
    if (!real(value, number)) return false;
    if (!(number >= 0 && number <= 1e9)) return out_of_range(value, "0 to 1000000000 seconds");
    out = std::llround(number * static_cast<double>(kSecond));
    return true;
  }

  bool cores(const Value& value, double& out) {
    double number = 0;
    if (!real(value, number)) return false;
    if (!(number >= 0 && number <= 1e6)) return out_of_range(value, "0 to 1000000 cores");
    out = number + 0.0;  // -0 is 0
    return true;
  }

  Array* list(Value& value) {
    auto* list = std::get_if<Array>(&value.data);
    if (list == nullptr) wrong_kind(value, "a list");
    return list;
  }

  // Is it an object, and are all its keys known? Before anything is said to be missing: the missing
  // key may be the misspelled one.
  bool object(const Value& value, std::string_view noun, Keys known) {
    const auto* object = std::get_if<Object>(&value.data);
    if (object == nullptr) {
      return fail(value, std::string(noun) + " is an object, not " + std::string(kind_of(value)));
    }
    for (const Member& member : *object) {
      if (std::find(known.begin(), known.end(), member.key) == known.end()) {
        return unknown_key(member, noun, known);
      }
    }
    return true;
  }

  bool unknown_key(const Member& member, std::string_view noun, Keys known) {
    NearestWord nearest(member.key);
    for (const std::string_view key : known) nearest.offer(key);
    std::string what = "unknown key " + quoted(member.key) + nearest.hint();
    if (nearest.hint().empty()) {
      what += ": " + std::string(noun) + (noun == "resources" ? " have" : " has");
      for (const std::string_view key : known) {
        what += (key == known.front() ? " " : ", ") + std::string(key);
      }
    }
    return fail(member.value, std::move(what));
  }

  template <typename Read>
  bool each_key(Value& value, Read read) {
    for (Member& member : std::get<Object>(value.data)) {
      path_.push_back({member.key, 0});
      if (!read(member.key, member.value)) return false;
      path_.pop_back();
    }
    return true;
  }

  template <typename Read>
  bool each_item(Array& list, Read read) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      path_.push_back({{}, i});
      if (!read(i, list[i])) return false;
      path_.pop_back();
    }
    return true;
  }

  static std::string item_path(std::size_t index) { return "[" + std::to_string(index) + "]"; }

  bool wrong_kind(const Value& value, std::string_view wanted) {
    return fail(value, "must be " + std::string(wanted) + ", not " + std::string(kind_of(value)));
  }

  bool out_of_range(const Value& value, const std::string& range) {
    std::string number;
    if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
      number = std::to_string(*whole);
    } else if (const auto* big = std::get_if<std::uint64_t>(&value.data)) {
      number = std::to_string(*big);
    } else if (const auto* floating = std::get_if<double>(&value.data)) {
      number = number_text(*floating);
    }
    return fail(value, number + " is out of range: " + range);
  }

  bool fail(const Value& value, std::string what) {
    std::string path;
    for (const Step& step : path_) {
      path = join_path(path, step.key.empty() ? item_path(step.index) : std::string(step.key));
    }
    problem_ = {std::move(path), std::move(what), value.line};
    return false;
  }

  std::vector<Step> path_;
  Problem problem_;
};

}  // namespace

std::optional<Problem> read_task(Value& value, Draft& draft) {
  Reader reader;
  if (reader.task(value, draft)) return std::nullopt;
  return std::move(reader.problem());
}

}  // namespace thermos::config
