#include "core/config/matrix.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/text.h"
#include "core/config/read_scalar.h"

namespace thermos::config {
namespace {

constexpr std::string_view kMatrixKey = "matrix";
constexpr std::string_view kExcludeKey = "exclude";
constexpr std::string_view kReference = "{{matrix.";
// The limit of names in the needs and orders that are made from those that name whole matrices.
constexpr std::size_t kMaxNames = 1'000'000;

// One name of a matrix.
struct Axis {
  std::string_view key;
  std::vector<std::string> values;
  bool listed = false;
};
using Matrix = std::vector<Axis>;
// The index of each axis's value.
using Combination = std::vector<std::size_t>;
// The names of the processes that a matrix made, by the name of the process as written.
using Made = std::map<std::string, std::vector<std::string>, std::less<>>;

std::string at(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

std::optional<std::string> text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) return std::to_string(*whole);
  if (const auto* whole = std::get_if<std::uint64_t>(&value.data)) return std::to_string(*whole);
  return std::nullopt;
}

void remove(Value& object, std::string_view key) {
  auto& members = std::get<Object>(object.data);
  std::erase_if(members, [key](const Member& member) { return member.key == key; });
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

class Expander {
 public:
  explicit Expander(std::unordered_set<std::string>& keys) : keys_(keys) {}

  void expand(Value& task, Array& processes) {
    refuse_shared_names(processes);
    Array all;
    all.reserve(processes.size());
    for (std::size_t i = 0; i < processes.size(); ++i) expand_one(processes[i], i, all);
    processes = std::move(all);
    if (made_.empty()) return;
    for (std::size_t i = 0; i < processes.size(); ++i) spread_needs(processes[i], i);
    spread_orders(task);
  }

  Problems& problems() { return problems_; }

 private:
  void fail(const Value& value, std::string path, std::string what) {
    problems_.push_back({std::move(path), std::move(what), value.position(), std::nullopt});
  }

  bool read_value(const Value& value, const std::string& path, Axis& axis) {
    auto text = text_of(value);
    if (!text) {
      fail(value, path,
           wrong_kind(value, "a string or a whole number") +
               (std::holds_alternative<double>(value.data) ? ": put it in quotes" : ""));
      return false;
    }
    axis.values.push_back(std::move(*text));
    return true;
  }

  // The written name of a process with a matrix stands for all processes of the matrix, so no other
  // process may have it. A name that refers to values of the matrix stands for nothing.
  void refuse_shared_names(const Array& processes) {
    struct First {
      std::size_t index;
      bool matrix;
    };
    std::unordered_map<std::string_view, First> names;
    for (std::size_t i = 0; i < processes.size(); ++i) {
      const Value* name = processes[i].find("name");
      const auto* text = name == nullptr ? nullptr : std::get_if<std::string>(&name->data);
      if (text == nullptr || text->find(kReference) != std::string::npos) continue;
      const bool matrix = processes[i].find(kMatrixKey) != nullptr;
      const auto [first, is_new] = names.try_emplace(*text, First{i, matrix});
      if (is_new || !(first->second.matrix || matrix)) continue;
      fail(*name, join_path(at("processes", i), "name"),
           thermos::quoted(*text) + " is the name of " + at("processes", first->second.index) +
               " already: who needs a matrix by its name needs all of it");
    }
  }

  // Returns nothing if the matrix is wrong; the problem was reported.
  std::optional<Matrix> read_matrix(const Value& value, const std::string& path) {
    const auto* object = std::get_if<Object>(&value.data);
    if (object == nullptr) {
      fail(value, path, wrong_kind(value, "an object"));
      return std::nullopt;
    }
    const std::size_t before = problems_.size();
    Matrix matrix;
    std::size_t count = 1;
    for (const Member& member : *object) {
      const std::string here = join_path(path, member.key);
      Axis& axis = matrix.emplace_back(Axis{member.key, {}, false});
      const auto* list = std::get_if<Array>(&member.value.data);
      axis.listed = list != nullptr;
      if (list == nullptr) {
        read_value(member.value, here, axis);
        continue;
      }
      if (list->empty()) fail(member.value, here, "is empty: then there is no process");
      for (std::size_t i = 0; i < list->size(); ++i) read_value((*list)[i], at(here, i), axis);
      count = std::min(count * std::max<std::size_t>(axis.values.size(), 1), kMaxCombinations + 1);
    }
    if (count > kMaxCombinations) {
      fail(value, path,
           "makes more than " + std::to_string(kMaxCombinations) + " processes of one");
    }
    if (problems_.size() != before) return std::nullopt;
    return matrix;
  }

  // The combinations that one entry of `exclude` leaves out: for some axes the index of a value.
  using Excluded = std::vector<std::optional<std::size_t>>;

  std::vector<Excluded> read_exclude(const Value* value, const Matrix& matrix,
                                     const std::string& path) {
    std::vector<Excluded> all;
    if (value == nullptr) return all;
    const auto* list = std::get_if<Array>(&value->data);
    if (list == nullptr) {
      fail(*value, path, wrong_kind(*value, "a list"));
      return all;
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      const Value& entry = (*list)[i];
      const auto* object = std::get_if<Object>(&entry.data);
      if (object == nullptr || object->empty()) {
        fail(entry, at(path, i),
             object == nullptr ? wrong_kind(entry, "an object")
                               : "is empty: name values of the matrix, as {os: linux}");
        continue;
      }
      Excluded& excluded = all.emplace_back(matrix.size());
      for (const Member& member : *object) {
        exclude_value(member, matrix, join_path(at(path, i), member.key), excluded);
      }
    }
    return all;
  }

  void exclude_value(const Member& member, const Matrix& matrix, const std::string& path,
                     Excluded& excluded) {
    NearestWord nearest(member.key);
    for (std::size_t i = 0; i < matrix.size(); ++i) {
      const Axis& axis = matrix[i];
      nearest.offer(axis.key);
      if (axis.key != member.key) continue;
      const auto text = text_of(member.value);
      const auto found =
          text ? std::find(axis.values.begin(), axis.values.end(), *text) : axis.values.end();
      if (found != axis.values.end()) {
        excluded[i] = static_cast<std::size_t>(found - axis.values.begin());
        return;
      }
      fail(member.value, path,
           (text ? thermos::quoted(*text) : std::string(kind_of(member.value))) +
               " is no value of the matrix's " + thermos::quoted(axis.key));
      return;
    }
    fail(member.value, path, "the matrix has no such name" + nearest.hint());
  }

  static bool is_excluded(const Combination& combination, const std::vector<Excluded>& all) {
    return std::any_of(all.begin(), all.end(), [&](const Excluded& excluded) {
      for (std::size_t i = 0; i < excluded.size(); ++i) {
        if (excluded[i] && *excluded[i] != combination[i]) return false;
      }
      return true;
    });
  }

  // Moves on to the next combination. Returns false behind the last one.
  static bool advance(const Matrix& matrix, Combination& combination) {
    for (std::size_t i = matrix.size(); i-- > 0;) {
      if (++combination[i] < matrix[i].values.size()) return true;
      combination[i] = 0;
    }
    return false;
  }

  void expand_one(Value& process, std::size_t index, Array& all) {
    const Value* written = process.find(kMatrixKey);
    const Value* exclude = process.find(kExcludeKey);
    if (written == nullptr) {
      if (exclude != nullptr) {
        fail(*exclude, join_path(at("processes", index), kExcludeKey),
             "leaves out combinations of a matrix, and the process has none");
        remove(process, kExcludeKey);
      }
      all.push_back(std::move(process));
      return;
    }
    const std::string path = at("processes", index);
    const std::size_t before = problems_.size();
    const auto matrix = read_matrix(*written, join_path(path, kMatrixKey));
    std::vector<Excluded> excluded;
    if (matrix) excluded = read_exclude(exclude, *matrix, join_path(path, kExcludeKey));
    const Value* name = process.find("name");
    const auto* text = name == nullptr ? nullptr : std::get_if<std::string>(&name->data);
    if (!matrix || problems_.size() != before || text == nullptr) {
      remove(process, kMatrixKey);
      remove(process, kExcludeKey);
      all.push_back(std::move(process));
      return;
    }
    const bool one =
        std::none_of(matrix->begin(), matrix->end(), [](const Axis& axis) { return axis.listed; });
    const Value place{nullptr, written->line, written->column};
    remove(process, kExcludeKey);
    std::vector<std::string> names;
    Combination combination(matrix->size(), 0);
    do {
      if (is_excluded(combination, excluded)) continue;
      names.push_back(one ? *text : name_of(*text, *matrix, combination));
      Value copy = process;
      copy.find("name")->data = names.back();
      Object& values = copy.find(kMatrixKey)->data.emplace<Object>();
      for (std::size_t i = 0; i < matrix->size(); ++i) {
        const Axis& axis = (*matrix)[i];
        values.push_back(
            Member{axis.key, Value{axis.values[combination[i]], place.line, place.column}});
      }
      all.push_back(std::move(copy));
    } while (advance(*matrix, combination));
    if (names.empty()) {
      fail(place, join_path(path, kExcludeKey), "leaves no combination of the matrix");
      remove(process, kMatrixKey);
      all.push_back(std::move(process));
    } else if (!one && text->find(kReference) == std::string::npos) {
      made_.emplace(*text, std::move(names));
    }
  }

  static std::string name_of(const std::string& written, const Matrix& matrix,
                             const Combination& combination) {
    const bool references = written.find(kReference) != std::string::npos;
    std::string name = written;
    for (std::size_t i = 0; i < matrix.size(); ++i) {
      std::string value = matrix[i].values[combination[i]];
      std::replace(value.begin(), value.end(), '/', '_');
      if (references) {
        replace_all(name, std::string(kReference).append(matrix[i].key).append("}}"), value);
      } else if (matrix[i].listed) {
        name.append("-").append(value);
      }
    }
    return name;
  }

  const std::vector<std::string>* made_of(std::string_view name) const {
    const auto found = made_.find(name);
    return found == made_.end() ? nullptr : &found->second;
  }

  // Counts names that a matrix adds to needs and orders. Returns false if they are too many, and
  // reports that once.
  bool count(std::size_t names, const Value& value, const std::string& path) {
    const bool before = named_ > kMaxNames;
    named_ += names;
    if (named_ <= kMaxNames) return true;
    if (!before) {
      fail(value, path,
           "whole matrices that wait for whole matrices make more than " +
               std::to_string(kMaxNames) + " waits: put a process between them");
    }
    return false;
  }

  void spread_needs(Value& process, std::size_t index) {
    Value* needs = process.find("needs");
    if (needs == nullptr) return;
    const std::string path = join_path(at("processes", index), "needs");
    if (auto* list = std::get_if<Array>(&needs->data)) {
      Array all;
      for (Value& value : *list) {
        const auto* name = std::get_if<std::string>(&value.data);
        const auto* names = name == nullptr ? nullptr : made_of(*name);
        if (names == nullptr) {
          all.push_back(std::move(value));
          continue;
        }
        if (!count(names->size(), value, path)) return;
        for (const std::string& one : *names) {
          all.push_back(Value{one, value.line, value.column});
        }
      }
      needs->data = std::move(all);
    } else if (auto* map = std::get_if<Object>(&needs->data)) {
      Object all;
      for (Member& member : *map) {
        const auto* names = made_of(member.key);
        if (names == nullptr) {
          all.push_back(std::move(member));
          continue;
        }
        if (!count(names->size(), member.value, path)) return;
        for (const std::string& one : *names) {
          all.push_back(Member{*keys_.insert(one).first, member.value});
        }
      }
      needs->data = std::move(all);
    }
  }

  // An order that names a matrix becomes one for each pair of processes that follow each other.
  void spread_orders(Value& task) {
    Value* constraints = task.find("constraints");
    auto* list = constraints == nullptr ? nullptr : std::get_if<Array>(&constraints->data);
    if (list == nullptr) return;
    Array all;
    for (std::size_t i = 0; i < list->size(); ++i) {
      Value& constraint = (*list)[i];
      const auto steps = steps_of(constraint);
      if (!steps) {
        all.push_back(std::move(constraint));
        continue;
      }
      for (std::size_t step = 0; step + 1 < std::max<std::size_t>(steps->size(), 2); ++step) {
        const std::vector<std::string>& from = (*steps)[step];
        const std::vector<std::string>& to = steps->size() == 1 ? from : (*steps)[step + 1];
        if (!count(from.size() * to.size(), constraint, at("constraints", i))) return;
        for (const std::string& one : from) {
          if (steps->size() == 1) {
            all.push_back(with_order(constraint, {one}));
            continue;
          }
          for (const std::string& other : to) all.push_back(with_order(constraint, {one, other}));
        }
      }
    }
    constraints->data = std::move(all);
  }

  // Returns the processes for each name of an order; nothing if the order names no matrix, or is
  // wrong.
  std::optional<std::vector<std::vector<std::string>>> steps_of(const Value& constraint) const {
    const Value* order = constraint.find("order");
    const auto* names = order == nullptr ? nullptr : std::get_if<Array>(&order->data);
    if (names == nullptr) return std::nullopt;
    std::vector<std::vector<std::string>> steps;
    bool any = false;
    for (const Value& value : *names) {
      const auto* name = std::get_if<std::string>(&value.data);
      if (name == nullptr) return std::nullopt;
      const auto* made = made_of(*name);
      any = any || made != nullptr;
      steps.push_back(made != nullptr ? *made : std::vector<std::string>{*name});
    }
    if (!any) return std::nullopt;
    return steps;
  }

  static Value with_order(const Value& constraint, const std::vector<std::string>& names) {
    Value copy = constraint;
    Value& order = *copy.find("order");
    Array& list = order.data.emplace<Array>();
    for (const std::string& name : names) list.push_back(Value{name, order.line, order.column});
    return copy;
  }

  std::unordered_set<std::string>& keys_;
  Made made_;
  std::size_t named_ = 0;
  Problems problems_;
};

}  // namespace

Problems find_unexpanded(const Value& task) {
  constexpr std::string_view kWhat = "is to be expanded before a task is submitted or recorded";
  Problems problems;
  const Value* processes = task.find("processes");
  const auto* list = processes == nullptr ? nullptr : std::get_if<Array>(&processes->data);
  if (list == nullptr) return problems;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Value* matrix = (*list)[i].find(kMatrixKey);
    const Value* exclude = (*list)[i].find(kExcludeKey);
    const auto refuse = [&](const Value& value, std::string_view key, std::string_view name) {
      problems.push_back({join_path(join_path(at("processes", i), key), name), std::string(kWhat),
                          value.position(), std::nullopt});
    };
    if (exclude != nullptr) refuse(*exclude, kExcludeKey, "");
    const auto* values = matrix == nullptr ? nullptr : std::get_if<Object>(&matrix->data);
    if (values == nullptr) continue;
    for (const Member& member : *values) {
      if (std::holds_alternative<Array>(member.value.data)) {
        refuse(member.value, kMatrixKey, member.key);
      }
    }
  }
  return problems;
}

Problems expand_matrices(Value& task, std::unordered_set<std::string>& keys) {
  Value* processes = task.find("processes");
  auto* list = processes == nullptr ? nullptr : std::get_if<Array>(&processes->data);
  if (list == nullptr) return {};
  const bool any = std::any_of(list->begin(), list->end(), [](const Value& process) {
    return process.find(kMatrixKey) != nullptr || process.find(kExcludeKey) != nullptr;
  });
  if (!any) return {};
  Expander expander(keys);
  expander.expand(task, *list);
  return std::move(expander.problems());
}

}  // namespace thermos::config
