// Answers that would take too long for one turn of the loop, so they are made in steps.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capnp/control.h"
#include "reactor/daemon/task_walk.h"
#include "reactor/daemon/visible_tasks.h"
#include "reactor/host/order_words.h"

namespace thermos {

class LongAnswer {
 public:
  LongAnswer() = default;
  LongAnswer(const LongAnswer&) = delete;
  LongAnswer& operator=(const LongAnswer&) = delete;
  virtual ~LongAnswer() = default;

  // Does a small step. Returns the reply to send after it, if any.
  virtual std::optional<control::ReplyBody> step() = 0;
  // Whether no step is left.
  virtual bool complete() const = 0;
};

// The answer to `list` and `status`.
class TaskAnswer : public LongAnswer {
 public:
  TaskAnswer(VisibleTasks& tasks, TaskWalk walk, bool status)
      : tasks_(tasks), walk_(std::move(walk)), status_(status) {}
  std::optional<control::ReplyBody> step() override;
  bool complete() const override { return complete_; }

 private:
  VisibleTasks& tasks_;
  TaskWalk walk_;
  bool status_;
  bool complete_ = false;
};

// The answer to `kill`: finds the tasks that match and that the caller may see, and then calls
// `meant` once with their ids, which kills them.
class KillAnswer : public LongAnswer {
 public:
  using Meant = std::function<void(const std::vector<std::string>& ids)>;
  KillAnswer(TaskWalk walk, Meant meant) : walk_(std::move(walk)), meant_(std::move(meant)) {}
  std::optional<control::ReplyBody> step() override;
  bool complete() const override { return complete_; }

 private:
  TaskWalk walk_;
  Meant meant_;
  std::vector<std::string> ids_;
  bool complete_ = false;
};

// The answer to `order`: finds the processes that its words mean, and then calls `give` once, which
// gives them the order.
class OrderAnswer : public LongAnswer {
 public:
  using Give = std::function<void(const OrderWords& words)>;
  OrderAnswer(OrderWords words, Give give) : words_(std::move(words)), give_(std::move(give)) {}
  std::optional<control::ReplyBody> step() override;
  bool complete() const override { return complete_; }

 private:
  OrderWords words_;
  Give give_;
  bool complete_ = false;
};

}  // namespace thermos
