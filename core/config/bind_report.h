// The errors in a task's references, and the trail of references that leads to the one being bound.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/read_task.h"

namespace thermos::config {

class BindReport {
 public:
  explicit BindReport(std::size_t most) : most_(most) {}

  bool full() const { return problems_.size() >= most_; }
  Problems& problems() { return problems_; }

  // Enters a reference called `label`, which stays valid until leave_to(). References are followed
  // by recursion, so their depth is limited: if the trail is too deep, reports a problem for `path`
  // and returns false.
  bool enter(const std::string& path, std::string_view label);
  std::size_t depth() const { return trail_.size(); }
  // Returns to an earlier depth().
  void leave_to(std::size_t depth) { trail_.resize(depth); }

  // These report an error in the text at `path` and return false.
  bool fail(const std::string& path, std::string what);
  // Reports that the reference `name` is wrong. `value_of` is the name in whose value the reference
  // stands, or "".
  bool fail_reference(const std::string& path, std::string_view name, std::string_view value_of,
                      const std::string& what);
  // Reports that the trail leads from `label` back to `label`.
  bool fail_endless(const std::string& path, std::string_view label);

 private:
  std::size_t most_;
  std::vector<std::string_view> trail_;
  Problems problems_;
};

}  // namespace thermos::config
