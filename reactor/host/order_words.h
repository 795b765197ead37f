// Finds the processes of a task that the words of an order mean.
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

// A word is the name of one process, or a pattern (task_list.h), which is matched from the start of
// the names. Words may come from other users, and one pattern may take a millisecond for each name.
// So the matching is done in small steps, between which the loop serves others.
class OrderWords {
 public:
  struct Word {
    std::string text;
    std::optional<TaskPatterns> pattern;  // nothing: the word is a process's name
    std::vector<ProcessIndex> meant;      // the processes that the word means, in the task's order
  };

  // Reads the words of an order. Fails with Usage for too many words, an empty word, or patterns
  // that TaskPatterns::compile() refuses. The limits of compile() hold for all patterns together.
  static Result<OrderWords> read(std::shared_ptr<const TaskConfig> task,
                                 const std::vector<std::string>& words);

  // Does a small step.
  void step();
  // Whether no step is left.
  bool done() const { return current_ == words_.size(); }
  // The words with their processes, complete when done(). Empty if the order has no words.
  const std::vector<Word>& words() const { return words_; }
  const TaskConfig& task() const { return *task_; }

 private:
  explicit OrderWords(std::shared_ptr<const TaskConfig> task) : task_(std::move(task)) {}
  void pass_names();

  std::shared_ptr<const TaskConfig> task_;
  std::vector<Word> words_;
  std::size_t current_ = 0;  // the index of the pattern that is being matched
  ProcessIndex next_ = 0;    // the process whose name is matched next
};

}  // namespace thermos
