// Where in a task a walk through its fields is.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/task/field.h"

namespace thermos::config {

// The objects whose fields a text may name plainly, from the task inwards.
using Enclosing = std::vector<fields::View>;

class FieldTrail {
 public:
  // Down by a key, which outlives this, or by an index; and up again.
  void enter(std::string_view key) { steps_.push_back({key, std::nullopt}); }
  void enter(std::size_t index) { steps_.push_back({{}, index}); }
  void leave() { steps_.pop_back(); }
  // What is at this place is an object, whose fields come next; and is done.
  void open(fields::View object);
  void close() { objects_.pop_back(); }

  // "processes[3].cmdline"; "" for the task itself.
  std::string path() const;
  Enclosing enclosing() const;

 private:
  struct Step {
    std::string_view key;
    std::optional<std::size_t> index;  // instead of a key
  };
  std::vector<Step> steps_;
  std::vector<fields::View> objects_;  // absent: one whose fields can't be named plainly
};

// Calls `visit` with every text inside `root`, in the order of the table, until it gives false. The
// trail is at the text. A text may be replaced, and nothing else may be changed.
using VisitText = std::function<bool(std::string& text, const FieldTrail& trail)>;
void visit_texts(fields::Slot root, const VisitText& visit);

}  // namespace thermos::config
