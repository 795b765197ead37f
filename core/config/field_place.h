// Where in a task a walk through its fields is.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/task/field.h"

namespace thermos::config {

// The objects whose fields a text may name plainly, from the task inwards.
using Enclosing = std::vector<fields::View>;

// One step down from another place, which outlives it; they are made as the walk recurses.
class FieldPlace {
 public:
  FieldPlace() = default;  // the whole

  // The key outlives the place.
  FieldPlace below(std::string_view key) const { return {this, key, 0, false}; }
  FieldPlace below(std::size_t index) const { return {this, {}, index, true}; }
  // The same place, where an object is whose fields come next.
  FieldPlace holding(fields::View object) const;

  // "processes[3].cmdline"; "" for the whole.
  std::string path() const;
  Enclosing enclosing() const;

 private:
  FieldPlace(const FieldPlace* above, std::string_view key, std::size_t index, bool is_item)
      : above_(above), key_(key), index_(index), is_item_(is_item) {}

  const FieldPlace* above_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;  // instead of a key
  bool is_item_ = false;
  fields::View object_;  // absent: none, or one whose fields can't be named plainly
};

// Calls `visit` with every text inside `root` that holds a reference, escaped or not, in the order
// of the table, until it gives false. A text may be replaced, and nothing else may be changed.
using VisitText = std::function<bool(std::string& text, const FieldPlace& place)>;
void visit_references(fields::Slot root, const VisitText& visit);

}  // namespace thermos::config
