#include "core/runner/file_receiving.h"

#include <utility>

namespace thermos {
namespace {

using namespace carry;  // NOLINT(google-build-using-namespace)
using S = ReceivingState;

}  // namespace

std::vector<ReceivingEffect> FileReceiving::handle(const ReceivingEvent& event) {
  effects_.clear();
  std::visit([this](const auto& one) { on(one); }, event);
  return std::move(effects_);
}

// Whatever was under way, the other end has gone on to another file, or begins anew.
void FileReceiving::on(const Offered& event) {
  discard();
  offer_ = event;
  came_ = 0;
  state_ = S::Looking;
  add(carry::Look{offer_.path, offer_.facts});
}

void FileReceiving::on(const Looked& event) {
  if (state_ != S::Looking) return;
  if (event.same) {
    answer(Reply::There);
  } else {
    state_ = S::Beginning;
    add(Begin{offer_.path, offer_.facts});
  }
}

void FileReceiving::on(const carry::Done& /*event*/) {
  if (state_ == S::Beginning) {
    answer(Reply::Wanted);
    state_ = S::Receiving;
  } else if (state_ == S::Writing) {
    state_ = S::Receiving;
  } else if (state_ == S::Placing) {
    answer(Reply::There);
  }
}

void FileReceiving::on(const NotDone& event) {
  if (state_ == S::Idle) return;
  discard();
  answer(Reply::Failed, event.failure);
}

void FileReceiving::on(const PieceCame& event) {
  // It was on its way when this end gave the file up.
  if (state_ != S::Receiving || event.number != offer_.number) return;
  if (event.offset != came_ || event.size > offer_.facts.size - came_) {
    add(Refuse{"a piece of a file that has no place in it"});
    return;
  }
  came_ += event.size;
  state_ = S::Writing;
  add(Write{});
}

void FileReceiving::on(const EndCame& event) {
  if (state_ != S::Receiving || event.number != offer_.number) return;
  if (came_ != offer_.facts.size) {
    add(Refuse{"the end of a file that is not whole"});
    return;
  }
  state_ = S::Placing;
  add(Place{event.digest});
}

void FileReceiving::on(const Dropped& event) {
  if (event.number == offer_.number) discard();
}

void FileReceiving::discard() {
  if (state_ == S::Receiving || state_ == S::Writing || state_ == S::Placing) add(Discard{});
  state_ = S::Idle;
}

void FileReceiving::answer(Reply reply, Failure failure) {
  state_ = S::Idle;
  add(Answer{offer_.number, reply, std::move(failure)});
}

}  // namespace thermos
