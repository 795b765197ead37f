#include "reactor/host/order_words.h"

#include <map>
#include <string_view>
#include <utility>

namespace thermos {
namespace {

Result<TaskPatterns> compile(const std::vector<std::string>& patterns) {
  return TaskPatterns::compile(
      patterns, [](const std::string& /*text*/) { return false; }, "process's name");
}

}  // namespace

Result<OrderWords> OrderWords::read(std::shared_ptr<const TaskConfig> task,
                                    const std::vector<std::string>& words) {
  if (words.size() > TaskPatterns::kMostPatterns) {
    return Error{ErrorCode::Usage,
                 "more than " + std::to_string(TaskPatterns::kMostPatterns) + " processes named"};
  }
  std::map<std::string_view, std::optional<ProcessIndex>> named;
  for (const std::string& word : words) {
    if (word.empty()) return Error{ErrorCode::Usage, "an order for a process without a name"};
    named.emplace(word, std::nullopt);
  }
  OrderWords read(std::move(task));
  if (words.empty()) return read;
  const std::vector<ProcessConfig>& processes = read.task_->processes;
  for (ProcessIndex p = 0; p < processes.size(); ++p) {
    if (const auto it = named.find(processes[p].name); it != named.end()) it->second = p;
  }
  std::vector<std::string> patterns;
  for (const std::string& word : words) {
    if (!named.at(word)) patterns.push_back(word);
  }
  // Compiles all patterns together for their common limits, and then each by itself, because each
  // must match a process.
  if (const auto all = compile(patterns); !all) return all.error();
  for (const std::string& word : words) {
    Word& added = read.words_.emplace_back(Word{word, {}, {}});
    if (const auto name = named.at(word)) {
      added.meant.push_back(*name);
      continue;
    }
    auto pattern = compile({word});
    if (!pattern) return pattern.error();
    added.pattern.emplace(std::move(*pattern));
  }
  read.pass_names();
  return read;
}

void OrderWords::pass_names() {
  while (!done() && !words_[current_].pattern) ++current_;
}

void OrderWords::step() {
  if (done()) return;
  Word& word = words_[current_];
  if (next_ < task_->processes.size()) {
    if (word.pattern->match(task_->processes[next_].name)) word.meant.push_back(next_);
    ++next_;
    return;
  }
  next_ = 0;
  ++current_;
  pass_names();
}

}  // namespace thermos
