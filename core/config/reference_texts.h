// The texts of a task that hold references, and how far each of them is bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "core/config/schema.h"
#include "core/task/field.h"

namespace thermos::config {

struct ReferenceText {
  // ContextDependent: bound, but from another process it would have become something else.
  enum class Mark : std::uint8_t { Raw, Busy, Bound, ContextDependent, Failed };

  std::string* text = nullptr;         // in the task, or Deferred::text
  const Deferred* deferred = nullptr;  // a number, a boolean or a word
  std::string path;
  fields::View process;  // that it stands in; absent: the task alone
  Enclosing inside;      // the objects inside that, the innermost last
  Mark mark = Mark::Raw;
  // As written: of one that stands in no process always, of others once they are ContextDependent.
  std::string raw;
};

class ReferenceTexts {
 public:
  // Both stay where they are while this is used, and nobody else changes their texts.
  ReferenceTexts(fields::Slot root, std::vector<Deferred>& deferred);

  // In the order in which they are to be bound: that of the table, and then what is deferred.
  std::deque<ReferenceText>& all() { return texts_; }
  // The one that is at `place` in the task; nullptr: what is there never held a reference.
  ReferenceText* at(const void* place);

 private:
  void add(const void* place, std::string& text, const Deferred* deferred, std::string path,
           const Enclosing& enclosing);

  std::deque<ReferenceText> texts_;
  std::unordered_map<const void*, ReferenceText*> by_place_;
};

}  // namespace thermos::config
