#include "core/runner/file_receiving.h"

#include <utility>

namespace thermos {
std::vector<carry::ReceivingEffect> FileReceiving::handle(const carry::ReceivingEvent& event) {
  effects_.clear();
  std::visit([this](const auto& one) { on(one); }, event);
  return std::move(effects_);
}

// Whatever was under way, the other end has gone on to another file, or begins anew.
void FileReceiving::on(const carry::Offered& event) {
  discard();
  offer_ = event;
  came_ = 0;
  state_ = State::Looking;
  add(carry::Look{offer_.path, offer_.facts});
}

void FileReceiving::on(const carry::Looked& event) {
  if (state_ != State::Looking) return;
  if (event.same) {
    answer(carry::Reply::There);
  } else {
    state_ = State::Beginning;
    add(carry::Begin{offer_.path, offer_.facts});
  }
}

void FileReceiving::on(const carry::Done& /*event*/) {
  if (state_ == State::Beginning) {
    answer(carry::Reply::Wanted);
    state_ = State::Receiving;
  } else if (state_ == State::Writing) {
    state_ = State::Receiving;
  } else if (state_ == State::Placing) {
    answer(carry::Reply::There);
  }
}

void FileReceiving::on(const carry::NotDone& event) {
  if (state_ == State::Idle) return;
  discard();
  answer(carry::Reply::Failed, event.failure);
}

void FileReceiving::on(const carry::PieceCame& event) {
  // The piece was on its way when this end gave the file up.
  if (state_ != State::Receiving || event.number != offer_.number) return;
  if (event.offset != came_ || event.size > offer_.facts.size - came_) {
    add(carry::Refuse{"a piece of a file that has no place in it"});
    return;
  }
  came_ += event.size;
  state_ = State::Writing;
  add(carry::Write{});
}

void FileReceiving::on(const carry::EndCame& event) {
  if (state_ != State::Receiving || event.number != offer_.number) return;
  if (came_ != offer_.facts.size) {
    add(carry::Refuse{"the end of a file that is not whole"});
    return;
  }
  state_ = State::Placing;
  add(carry::Place{event.digest});
}

void FileReceiving::on(const carry::Dropped& event) {
  if (event.number == offer_.number) discard();
}

void FileReceiving::discard() {
  if (state_ == State::Receiving || state_ == State::Writing || state_ == State::Placing) {
    add(carry::Discard{});
  }
  state_ = State::Idle;
}

void FileReceiving::answer(carry::Reply reply, carry::Failure failure) {
  state_ = State::Idle;
  add(carry::Answer{offer_.number, reply, std::move(failure)});
}

}  // namespace thermos
