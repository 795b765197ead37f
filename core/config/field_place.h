// The place of a field during a walk through a task.
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

// One step down from another place. That place outlives this one: places live on the stack of the
// walk.
class FieldPlace {
 public:
  FieldPlace() = default;  // the whole task

  // The key outlives the place.
  FieldPlace below(std::string_view key) const { return {this, key, 0, false}; }
  FieldPlace below(std::size_t index) const { return {this, {}, index, true}; }
  // Returns the same place with `object`, which stands there, for the walk into its fields.
  FieldPlace holding(fields::View object) const;

  // "processes[3].cmdline"; "" for the whole task.
  std::string path() const;
  Enclosing enclosing() const;

 private:
  FieldPlace(const FieldPlace* above, std::string_view key, std::size_t index, bool is_item)
      : above_(above), key_(key), index_(index), is_item_(is_item) {}

  const FieldPlace* above_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;  // if is_item_, instead of the key
  bool is_item_ = false;
  fields::View object_;  // absent if there is none, or its fields can't be named plainly
};

// Calls `visit` for every text inside `root` that holds a reference, escaped or not, in the order
// of the tables, until it returns false. `visit` may replace the text and change nothing else.
using VisitText = std::function<bool(std::string& text, const FieldPlace& place)>;
void visit_references(fields::Slot root, const VisitText& visit);

}  // namespace thermos::config
