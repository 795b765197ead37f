#include "core/config/references.h"

#include <utility>

#include "core/config/binder.h"
#include "core/task/task_fields.h"

namespace thermos::config {
namespace {

// Returns the text that is the task's name, or nullptr if there is none.
std::string* name_text(Draft& draft) {
  if (draft.named) return &draft.task.name;
  return draft.task.processes.empty() ? nullptr : &draft.task.processes.front().name;
}

Binder binder_of(Draft& draft, const Bindings& bindings, std::size_t most) {
  return {fields::slot_of(draft.task), draft.deferred, name_text(draft), bindings, most};
}

}  // namespace

Problems bind_references(Draft& draft, const Bindings& bindings, std::size_t most) {
  Binder binder = binder_of(draft, bindings, most);
  binder.bind_all();
  if (!draft.named && !draft.task.processes.empty()) {
    draft.task.name = draft.task.processes.front().name;
  }
  return std::move(binder.problems());
}

std::optional<Problem> bind_name(Draft& draft, const Bindings& bindings, std::string& name) {
  const std::string* text = name_text(draft);
  if (text == nullptr) return std::nullopt;
  Binder binder = binder_of(draft, bindings, 1);
  if (!binder.bind_at(text)) return std::move(binder.problems().front());
  name = *text;
  return std::nullopt;
}

}  // namespace thermos::config
