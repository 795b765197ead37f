#include "core/runner/file_sending.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"

namespace thermos {
namespace {

// How often a file that changes again and again is sent from its beginning.
constexpr std::uint32_t kMostChanges = 5;

}  // namespace

std::vector<carry::SendingEffect> FileSending::handle(const carry::SendingEvent& event) {
  effects_.clear();
  std::visit([this](const auto& one) { on(one); }, event);
  return std::move(effects_);
}

bool FileSending::has(ProcessIndex process, std::uint32_t run) const {
  return std::any_of(queue_.begin(), queue_.end(), [&](const carry::Cargo& cargo) {
    return cargo.process == process && cargo.run == run;
  });
}

void FileSending::on(const carry::Carry& event) {
  queue_.push_back(event.cargo);
  if (state_ == State::Idle) begin_next();
}

void FileSending::on(const carry::Forget& event) {
  const auto is_it = [&event](const carry::Cargo& cargo) {
    return cargo.process == event.process && cargo.run == event.run;
  };
  const bool under_way = state_ != State::Idle && is_it(queue_.front());
  std::erase_if(queue_, is_it);
  if (!under_way) return;
  close();
  drop();
  begin_next();
}

void FileSending::on(const carry::Opened& /*event*/) {
  if (state_ != State::Opening) return;
  state_ = State::Offered;
  is_open_ = true;
  offered_ = true;
  add(carry::Offer{++number_});
}

void FileSending::on(const carry::NotOpened& event) {
  if (state_ == State::Opening) fail(event.failure);
}

void FileSending::on(const carry::Replied& event) {
  if (event.number != number_ || !offered_) return;
  if (event.reply == carry::Reply::Wanted) {
    if (state_ != State::Offered) return;
    state_ = State::Sending;
    add(carry::Send{number_});
    return;
  }
  offered_ = false;
  close();
  if (event.reply == carry::Reply::There) {
    next_file();
  } else {
    fail(event.failure);
  }
}

void FileSending::on(const carry::Sent& /*event*/) {
  if (state_ != State::Sending) return;
  close();
  state_ = State::Placing;
}

// The next offer takes the place of this one at the other end.
void FileSending::on(const carry::Changed& /*event*/) {
  if (state_ != State::Sending) return;
  close();
  if (++changes_ < kMostChanges) {
    open();
  } else {
    fail({false, "it changes again and again while it is read: " + quoted(path())});
  }
}

void FileSending::on(const carry::NotRead& event) {
  if (state_ != State::Sending) return;
  close();
  fail(event.failure);
}

void FileSending::on(const carry::Rested& /*event*/) {
  if (state_ == State::Resting) open();
}

void FileSending::open() {
  state_ = State::Opening;
  add(carry::Open{queue_.front().process, path()});
}

void FileSending::close() {
  if (std::exchange(is_open_, false)) add(carry::Close{});
}

void FileSending::drop() {
  if (std::exchange(offered_, false)) add(carry::Drop{number_});
}

void FileSending::next_file() {
  ++at_;
  changes_ = 0;
  if (at_ < queue_.front().paths.size()) {
    open();
  } else {
    over(std::nullopt);
  }
}

void FileSending::fail(carry::Failure failure) {
  drop();
  if (failure.retry && queue_.front().insists) {
    state_ = State::Resting;
    changes_ = 0;
    add(carry::Rest{std::move(failure.reason)});
  } else {
    over(std::move(failure));
  }
}

void FileSending::over(std::optional<carry::Failure> failure) {
  carry::Cargo cargo = std::move(queue_.front());
  queue_.pop_front();
  add(carry::Over{std::move(cargo), std::move(failure)});
  begin_next();
}

void FileSending::begin_next() {
  at_ = 0;
  changes_ = 0;
  state_ = State::Idle;
  if (queue_.empty()) return;
  if (queue_.front().paths.empty()) return over(std::nullopt);
  open();
}

}  // namespace thermos
