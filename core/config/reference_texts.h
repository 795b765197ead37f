// The texts of a task that hold references, with the state of their binding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "core/config/read_task.h"
#include "core/task/field.h"

namespace thermos::config {

struct ReferenceText {
  // ContextDependent: bound, but another process would get another value.
  enum class Mark : std::uint8_t { Raw, Busy, Bound, ContextDependent, Failed };

  std::string* text = nullptr;         // in the task, or Deferred::text
  const Deferred* deferred = nullptr;  // a number, a boolean or a word
  std::string path;
  fields::View process;  // the process that holds the text; absent if none does
  Enclosing inside;  // the objects between the process, or the task, and the text; innermost last
  Mark mark = Mark::Raw;
  // The text as written. Set if no process holds the text, or it is ContextDependent.
  std::string raw;
};

class ReferenceTexts {
 public:
  // `root` and `deferred` outlive this and stay where they are; nobody else changes their texts.
  ReferenceTexts(fields::Slot root, std::vector<Deferred>& deferred);

  // All texts, in the order in which they must be bound: the fields' in the order of the tables,
  // and then `deferred`.
  std::deque<ReferenceText>& all() { return texts_; }
  // Returns the text of the field at this address; nullptr if it never held a reference.
  ReferenceText* at(const void* place);

 private:
  void add(const void* place, std::string& text, const Deferred* deferred, std::string path,
           const Enclosing& enclosing);

  std::deque<ReferenceText> texts_;
  std::unordered_map<const void*, ReferenceText*> by_place_;
};

}  // namespace thermos::config
