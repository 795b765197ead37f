// What is wrong with a task's references, and what led to the one that is looked at.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/schema.h"

namespace thermos::config {

class BindReport {
 public:
  explicit BindReport(std::size_t most) : most_(most) {}

  bool full() const { return problems_.size() >= most_; }
  Problems& problems() { return problems_; }

  // One reference deeper, into what is called `label`, which outlives the way back. References are
  // followed by recursion, so their depth is bounded: false, and said of `path`, when it is too
  // deep.
  bool enter(const std::string& path, std::string_view label);
  std::size_t depth() const { return trail_.size(); }
  // Back to a depth.
  void leave_to(std::size_t depth) { trail_.resize(depth); }

  // All of these say what is wrong with the text at `path`, and give false.
  bool fail(const std::string& path, std::string what);
  // `value_of`: the name in whose value the reference stands; "" for none.
  bool fail_reference(const std::string& path, std::string_view name, std::string_view value_of,
                      const std::string& what);
  // `label` is on the way to itself.
  bool fail_endless(const std::string& path, std::string_view label);

 private:
  std::size_t most_;
  std::vector<std::string_view> trail_;
  Problems problems_;
};

}  // namespace thermos::config
