// What the words of an order mean among the names of a task's processes.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/task/task.h"
#include "reactor/store/task_list.h"

namespace thermos {

// Words are names, each for that process alone, and patterns (task_list.h), which match from the
// start of names. They may come from other users, and one pattern may take a millisecond for each
// name: what they mean is found in small steps, so that nobody else waits for it.
class OrderWords {
 public:
  struct Word {
    std::string text;
    std::optional<TaskPatterns> pattern;  // nothing: it is a name
    std::vector<ProcessIndex> meant;      // in the task's order
  };

  // Fails with Usage for too many words, an empty one, or patterns as TaskPatterns::compile()
  // refuses them; their limits hold for all words together.
  static Result<OrderWords> read(std::shared_ptr<const TaskConfig> task,
                                 const std::vector<std::string>& words);

  // Does a small step.
  void step();
  // Whether no step is left.
  bool done() const { return current_ == words_.size(); }
  // Complete when it is done. Empty: no process is named.
  const std::vector<Word>& words() const { return words_; }
  const TaskConfig& task() const { return *task_; }

 private:
  explicit OrderWords(std::shared_ptr<const TaskConfig> task) : task_(std::move(task)) {}
  void pass_names();

  std::shared_ptr<const TaskConfig> task_;
  std::vector<Word> words_;
  std::size_t current_ = 0;  // the pattern that is matched
  ProcessIndex next_ = 0;    // with the name of this process
};

}  // namespace thermos
