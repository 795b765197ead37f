#include "core/config/load.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/config/document.h"
#include "core/config/references.h"
#include "core/config/schema.h"
#include "core/graph.h"
#include "core/template.h"
#include "core/text.h"

namespace thermos::config {
namespace {

constexpr std::size_t kMaxListed = 10;

// One task of the document.
struct Candidate {
  Value* value = nullptr;
  std::string path;  // "[2]", "tasks[2]"; "" when the document is the task
  std::string name;
};

Error place(std::string_view where, std::uint32_t line, std::string_view path,
            std::string_view what, ErrorCode code = ErrorCode::BadConfig) {
  std::string message = std::string(where) + ":" + std::to_string(line) + ": ";
  if (!path.empty()) message += std::string(path) + ": ";
  return {code, message += what};
}

Error place(std::string_view where, const Candidate& candidate, const Problem& problem) {
  const std::uint32_t line =
      problem.line != 0 ? problem.line : line_of(*candidate.value, problem.path);
  return place(where, line, join_path(candidate.path, problem.path), problem.what);
}

// A problem in a task that has passed the schema is known by its path alone.
Error place(std::string_view where, const Candidate& candidate, const Error& error) {
  const std::size_t colon = error.message.find(": ");
  return place(where, candidate,
               Problem{error.message.substr(0, colon), error.message.substr(colon + 2)});
}

// The text that will be the task's name, as far as it can be told. Takes only what it needs: a
// document's other tasks need not be right.
std::string name_of(Value& task, const Bindings& bindings) {
  const Value* value = task.find("name");
  if (value == nullptr) {
    Value* processes = task.find("processes");
    auto* list = processes == nullptr ? nullptr : std::get_if<Array>(&processes->data);
    if (list != nullptr && !list->empty()) value = list->front().find("name");
  }
  const auto* name = value == nullptr ? nullptr : std::get_if<std::string>(&value->data);
  if (name == nullptr) return "";
  if (!find_reference(*name, 0)) return *name;
  std::string bound = *name;
  Value copy = task;
  Draft draft;
  if (!read_task(copy, draft)) bind_name(draft, bindings, bound);
  return bound;
}

Result<std::vector<Candidate>> candidates(Value& root, std::string_view where) {
  std::vector<Candidate> found;
  Value* list = &root;
  std::string path;
  if (std::holds_alternative<Object>(root.data)) {
    list = root.find("tasks");
    if (list == nullptr) return std::vector<Candidate>{{&root, "", ""}};
    path = "tasks";
    for (const Member& member : std::get<Object>(root.data)) {
      if (member.key != "tasks") {
        return place(where, member.value.line, "",
                     "unknown key " + quoted(member.key) + " beside 'tasks'");
      }
    }
  }
  auto* tasks = std::get_if<Array>(&list->data);
  if (tasks == nullptr && list != &root) {
    return place(where, list->line, path, "must be a list, not " + std::string(kind_of(*list)));
  }
  if (tasks == nullptr) {
    return place(where, root.line, "",
                 "a configuration is a task (an object) or a list of tasks, not " +
                     std::string(kind_of(root)));
  }
  if (tasks->empty()) return place(where, list->line, path, "holds no task");
  for (std::size_t i = 0; i < tasks->size(); ++i) {
    found.push_back({&(*tasks)[i], path + "[" + std::to_string(i) + "]", ""});
  }
  return found;
}

std::string listed(const std::vector<Candidate>& tasks) {
  std::string text;
  for (std::size_t i = 0; i < std::min(tasks.size(), kMaxListed); ++i) {
    text += (i == 0 ? "" : ", ") + quoted(tasks[i].name);
  }
  return text + (tasks.size() > kMaxListed ? ", ..." : "");
}

Result<Candidate> pick(Document& document, std::string_view where, std::string_view task_name,
                       const Bindings& bindings) {
  auto tasks = candidates(document.root, where);
  if (!tasks) return tasks.error();
  for (Candidate& task : *tasks) task.name = name_of(*task.value, bindings);
  if (task_name.empty()) {
    if (tasks->size() == 1) return std::move(tasks->front());
    return Error{ErrorCode::Usage, std::string(where) + ": holds " + std::to_string(tasks->size()) +
                                       " tasks: name one with --task: " + listed(*tasks)};
  }
  Candidate* picked = nullptr;
  for (Candidate& task : *tasks) {
    if (task.name != task_name) continue;
    if (picked != nullptr) {
      return place(where, task.value->line, task.path,
                   "is a second task named " + quoted(task_name));
    }
    picked = &task;
  }
  if (picked != nullptr) return std::move(*picked);
  NearestWord nearest(task_name);
  for (const Candidate& task : *tasks) nearest.offer(task.name);
  const std::string hint = nearest.hint();
  return Error{ErrorCode::NotFound, std::string(where) + ": holds no task " + quoted(task_name) +
                                        (hint.empty() ? ": it has " + listed(*tasks) : hint)};
}

// What comes from the command line may be any bytes; a task's texts may not.
std::optional<Error> check_bindings(const Bindings& bindings) {
  const auto complain = [](std::string_view what) {
    return Error{ErrorCode::BadConfig,
                 std::string(what) + " is not UTF-8: a task's texts hold nothing else"};
  };
  if (!is_utf8(bindings.task_id)) return complain("the task id " + quoted(bindings.task_id));
  if (!is_utf8(bindings.user)) return complain("the user's name " + quoted(bindings.user));
  for (const auto& [name, value] : bindings.environment) {
    if (!is_utf8(value)) return complain("the value of -E " + quoted(name));
  }
  return std::nullopt;
}

}  // namespace

Result<TaskConfig> load_json(std::string_view text, std::string_view where,
                             std::string_view task_name, const Bindings& bindings) {
  if (auto error = check_bindings(bindings)) return *error;
  auto document = parse_document(text, where);
  if (!document) return document.error();
  auto picked = pick(*document, where, task_name, bindings);
  if (!picked) return picked.error();
  Draft draft;
  if (auto problem = read_task(*picked->value, draft)) return place(where, *picked, *problem);
  if (auto problem = bind_references(draft, bindings)) return place(where, *picked, *problem);
  if (auto graph = check_task(draft.task); !graph) return place(where, *picked, graph.error());
  return std::move(draft.task);
}

Result<std::string> task_name_of(std::string_view text, std::string_view where,
                                 std::string_view task_name, const Bindings& bindings) {
  if (auto error = check_bindings(bindings)) return *error;
  auto document = parse_document(text, where);
  if (!document) return document.error();
  auto picked = pick(*document, where, task_name, bindings);
  if (!picked) return picked.error();
  if (!picked->name.empty()) return std::move(picked->name);
  // No name to be found: say what is wrong as load_json() would.
  Draft draft;
  if (auto problem = read_task(*picked->value, draft)) return place(where, *picked, *problem);
  return place(where, *picked, Problem{"name", "a name can't be empty"});
}

}  // namespace thermos::config
