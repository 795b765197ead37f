#include "core/config/bound_texts.h"

#include <string>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "core/config/template.h"

namespace thermos::config {
namespace {

class Texts {
 public:
  explicit Texts(std::size_t most) : most_(most) {}

  bool full() const { return problems_.size() >= most_; }
  Problems& problems() { return problems_; }

  // `path` is made only when it is needed: there may be a million texts.
  template <typename Path>
  void take(std::string& text, const Path& path) {
    auto reference = find_reference(text, 0);
    if (!reference) return;
    std::string taken;
    std::size_t at = 0;
    for (; reference; reference = find_reference(text, at)) {
      if (reference->escapes == 0) {
        const std::string_view whole =
            std::string_view(text).substr(reference->begin, reference->end - reference->begin);
        problems_.push_back({path(),
                             "the reference " + quoted(whole) +
                                 " is to be bound before a task is submitted or recorded; the "
                                 "text itself is written with an & behind the braces",
                             {},
                             path()});
        return;
      }
      taken.append(text, at, reference->begin + 2 - at);
      taken.append(text, reference->begin + 3, reference->end - reference->begin - 3);
      at = reference->end;
    }
    taken.append(text, at);
    text = std::move(taken);
  }

 private:
  std::size_t most_;
  Problems problems_;
};

std::string item(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

}  // namespace

Problems take_texts_as_bound(Draft& draft, std::size_t most) {
  Texts texts(most);
  TaskConfig& task = draft.task;
  texts.take(task.name, [] { return "name"; });
  texts.take(task.user, [] { return "user"; });
  for (std::size_t i = 0; i < task.processes.size() && !texts.full(); ++i) {
    ProcessConfig& process = task.processes[i];
    texts.take(process.name, [i] { return item("processes", i) + ".name"; });
    texts.take(process.cmdline, [i] { return item("processes", i) + ".cmdline"; });
  }
  for (std::size_t c = 0; c < task.constraints.size() && !texts.full(); ++c) {
    auto& order = task.constraints[c].order;
    for (std::size_t i = 0; i < order.size() && !texts.full(); ++i) {
      texts.take(order[i], [c, i] { return item(item("constraints", c) + ".order", i); });
    }
  }
  for (std::size_t i = 0; i < draft.deferred.size() && !texts.full(); ++i) {
    Deferred& number = draft.deferred[i];
    texts.take(number.text, [&] { return number.path; });
    if (const auto complaint = number.settle(number.text); complaint && !texts.full()) {
      texts.problems().push_back({number.path, *complaint, {}, number.path});
    }
  }
  return std::move(texts.problems());
}

}  // namespace thermos::config
