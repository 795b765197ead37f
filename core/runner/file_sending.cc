#include "core/runner/file_sending.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"

namespace thermos {
namespace {

using namespace carry;  // NOLINT(google-build-using-namespace)
using S = SendingState;

// How often a file is sent from its beginning that changes again and again.
constexpr std::uint32_t kMostChanges = 5;

}  // namespace

std::vector<SendingEffect> FileSending::handle(const SendingEvent& event) {
  effects_.clear();
  std::visit([this](const auto& one) { on(one); }, event);
  return std::move(effects_);
}

bool FileSending::has(ProcessIndex process, std::uint32_t run) const {
  return std::any_of(queue_.begin(), queue_.end(), [&](const Cargo& cargo) {
    return cargo.process == process && cargo.run == run;
  });
}

void FileSending::on(const Carry& event) {
  queue_.push_back(event.cargo);
  if (state_ == S::Idle) begin_next();
}

void FileSending::on(const Forget& event) {
  const auto is_it = [&event](const Cargo& cargo) {
    return cargo.process == event.process && cargo.run == event.run;
  };
  const bool under_way = state_ != S::Idle && is_it(queue_.front());
  std::erase_if(queue_, is_it);
  if (!under_way) return;
  close();
  drop();
  begin_next();
}

void FileSending::on(const Opened& /*event*/) {
  if (state_ != S::Opening) return;
  state_ = S::Offered;
  is_open_ = true;
  offered_ = true;
  add(Offer{++number_});
}

void FileSending::on(const NotOpened& event) {
  if (state_ == S::Opening) fail(event.failure);
}

void FileSending::on(const Replied& event) {
  if (event.number != number_ || !offered_) return;
  if (event.reply == Reply::Wanted) {
    if (state_ != S::Offered) return;
    state_ = S::Sending;
    add(Send{number_});
    return;
  }
  offered_ = false;
  close();
  if (event.reply == Reply::There) {
    next_file();
  } else {
    fail(event.failure);
  }
}

void FileSending::on(const Sent& /*event*/) {
  if (state_ != S::Sending) return;
  close();
  state_ = S::Placing;
}

// The next offer takes the place of this one at the other end.
void FileSending::on(const Changed& /*event*/) {
  if (state_ != S::Sending) return;
  close();
  if (++changes_ < kMostChanges) {
    open();
  } else {
    fail({false, "it changes again and again while it is read: " + quoted(path())});
  }
}

void FileSending::on(const NotRead& event) {
  if (state_ != S::Sending) return;
  close();
  fail(event.failure);
}

void FileSending::on(const Rested& /*event*/) {
  if (state_ == S::Resting) open();
}

void FileSending::open() {
  state_ = S::Opening;
  add(Open{queue_.front().process, path()});
}

void FileSending::close() {
  if (std::exchange(is_open_, false)) add(Close{});
}

void FileSending::drop() {
  if (std::exchange(offered_, false)) add(Drop{number_});
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

void FileSending::fail(Failure failure) {
  drop();
  if (failure.retry && queue_.front().insists) {
    state_ = S::Resting;
    changes_ = 0;
    add(Rest{std::move(failure.reason)});
  } else {
    over(std::move(failure));
  }
}

void FileSending::over(std::optional<Failure> failure) {
  Cargo cargo = std::move(queue_.front());
  queue_.pop_front();
  add(Over{std::move(cargo), std::move(failure)});
  begin_next();
}

void FileSending::begin_next() {
  at_ = 0;
  changes_ = 0;
  state_ = S::Idle;
  if (queue_.empty()) return;
  if (queue_.front().paths.empty()) return over(std::nullopt);
  open();
}

}  // namespace thermos
