#include "core/config/bind_report.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"

namespace thermos::config {
namespace {

constexpr std::size_t kMaxReferences = 100;

}  // namespace

bool BindReport::enter(const std::string& path, std::string_view label) {
  if (trail_.size() >= kMaxReferences) {
    return fail(path, "references lead to references more than " + std::to_string(kMaxReferences) +
                          " deep");
  }
  trail_.push_back(label);
  return true;
}

bool BindReport::fail(const std::string& path, std::string what) {
  // If the same error occurs twice in one text, it is reported once.
  for (auto it = problems_.rbegin(); it != problems_.rend() && it->path == path; ++it) {
    if (it->what == what) return false;
  }
  problems_.push_back({path, std::move(what), {}, path});
  return false;
}

bool BindReport::fail_reference(const std::string& path, std::string_view name,
                                std::string_view value_of, const std::string& what) {
  const std::string in_value =
      value_of.empty() ? "" : ", in the value of " + std::string(value_of) + ",";
  const std::string shown = thermos::quoted("{{" + std::string(name) + "}}", 300);
  return fail(path, shown.substr(1, shown.size() - 2) + in_value + " " + what);
}

bool BindReport::fail_endless(const std::string& path, std::string_view label) {
  std::string text = "endless reference: ";
  for (auto from = std::find(trail_.begin(), trail_.end(), label); from != trail_.end(); ++from) {
    text.append(*from).append(" -> ");
  }
  return fail(path, text.append(label));
}

}  // namespace thermos::config
