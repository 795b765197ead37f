#include "reactor/daemon/long_answers.h"

#include <utility>

namespace thermos {

std::optional<control::ReplyBody> TaskAnswer::step() {
  auto id = walk_.step();
  if (id && status_) return control::StatusText{tasks_.status_json(*id)};
  if (id) {
    std::string state = tasks_.state_of(*id);
    return control::TaskEntry{std::move(*id), std::move(state)};
  }
  if (!walk_.done()) return std::nullopt;
  complete_ = true;
  return control::Finished{};
}

std::optional<control::ReplyBody> KillAnswer::step() {
  if (auto id = walk_.step()) ids_.push_back(std::move(*id));
  if (!walk_.done()) return std::nullopt;
  complete_ = true;
  meant_(ids_);
  return std::nullopt;
}

std::optional<control::ReplyBody> OrderAnswer::step() {
  if (!words_.done()) {
    words_.step();
    return std::nullopt;
  }
  complete_ = true;
  give_(words_);
  return std::nullopt;
}

}  // namespace thermos
