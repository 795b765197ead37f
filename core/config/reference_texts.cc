#include "core/config/reference_texts.h"

#include <utility>

namespace thermos::config {

ReferenceTexts::ReferenceTexts(fields::Slot root, std::vector<Deferred>& deferred) {
  visit_references(root, [this](std::string& text, const FieldPlace& place) {
    add(&text, text, nullptr, place.path(), place.enclosing());
    return true;
  });
  for (Deferred& one : deferred) add(one.slot.at, one.text, &one, one.path, one.enclosing);
}

ReferenceText* ReferenceTexts::at(const void* place) {
  const auto found = by_place_.find(place);
  return found == by_place_.end() ? nullptr : found->second;
}

void ReferenceTexts::add(const void* place, std::string& text, const Deferred* deferred,
                         std::string path, const Enclosing& enclosing) {
  ReferenceText& added = texts_.emplace_back();
  added.text = &text;
  added.deferred = deferred;
  added.path = std::move(path);
  // The first enclosing object is the task.
  for (std::size_t i = 1; i < enclosing.size(); ++i) {
    if (!enclosing[i].type->object().scope) {
      added.inside.push_back(enclosing[i]);
      continue;
    }
    added.process = enclosing[i];
    added.inside.clear();
  }
  if (!added.process) added.raw = text;
  by_place_.emplace(place, &added);
}

}  // namespace thermos::config
