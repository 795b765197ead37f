#include "node_carrier.h"

#include <utility>
#include <variant>

#include "broken.h"
#include "core/base/sha256.h"

namespace thermos::sim {
namespace {

constexpr std::size_t kPiece = 4;
constexpr Microseconds kRest = 2 * kSecond;
constexpr std::uint32_t kFull = 3;     // percent
constexpr std::uint32_t kChanges = 2;  // percent

}  // namespace

bool NodeCarrier::forget(ProcessIndex process, std::uint32_t run) {
  if (!sending_.has(process, run)) return false;
  send(carry::Forget{process, run});
  return true;
}

void NodeCarrier::after(Microseconds delay, Timeline::Action action) {
  hooks_.after(delay, [alive = std::weak_ptr<bool>(alive_), action = std::move(action)] {
    if (!alive.expired()) action();
  });
}

// ---- sending -----------------------------------------------------------------------------------

void NodeCarrier::send(carry::SendingEvent event) {
  events_.push_back(std::move(event));
  if (std::exchange(handling_, true)) return;
  const std::weak_ptr<bool> here = alive_;
  while (!events_.empty()) {
    const carry::SendingEvent next = std::move(events_.front());
    events_.pop_front();
    for (const carry::SendingEffect& effect : sending_.handle(next)) {
      std::visit([this](const auto& one) { carry_out(one); }, effect);
      if (here.expired()) return;
    }
  }
  handling_ = false;
}

void NodeCarrier::carry_out(const carry::Open& effect) {
  sent_.process = effect.process;
  sent_.path = effect.path;
  const NodeFile* file = disk_.find(effect.path);
  require(file != nullptr, effect.path + " is to be carried, and is not there");
  sent_.file = *file;
  send(carry::Opened{});
}

void NodeCarrier::carry_out(const carry::Offer& effect) {
  hooks_.say(nodes::FileOffer{sent_.process, {effect.number, sent_.path, sent_.file.facts}});
}

void NodeCarrier::carry_out(const carry::Send& effect) {
  sent_.number = effect.number;
  sent_.under_way = true;
  after(0, [this, number = effect.number] { send_piece(number, 0); });
}

void NodeCarrier::send_piece(std::uint64_t number, std::size_t at) {
  if (!sent_.under_way || sent_.number != number) return;
  // One that changes again and again is given up.
  if (!sent_.changed && around_.random.chance(kChanges)) {
    sent_.changed = true;
    return send(carry::Changed{});
  }
  const std::string& bytes = sent_.file.bytes;
  if (at >= bytes.size()) {
    sent_.changed = false;
    hooks_.say(carry::EndCame{number, sha256(bytes)});
    return send(carry::Sent{});
  }
  hooks_.say(nodes::FilePiece{number, at, bytes.substr(at, kPiece)});
  after(around_.random.between(0, 200 * kMs),
        [this, number, at] { send_piece(number, at + kPiece); });
}

void NodeCarrier::carry_out(const carry::Close& /*effect*/) {
  sent_.under_way = false;
}

void NodeCarrier::carry_out(const carry::Drop& effect) {
  hooks_.say(carry::Dropped{effect.number});
}

void NodeCarrier::carry_out(const carry::Rest& /*effect*/) {
  after(kRest, [this] { send(carry::Rested{}); });
}

void NodeCarrier::carry_out(const carry::Over& effect) {
  hooks_.over(effect);
}

// ---- receiving ---------------------------------------------------------------------------------

void NodeCarrier::take(const nodes::FileMessage& message) {
  if (const auto* replied = std::get_if<carry::Replied>(&message)) return send(*replied);
  if (const auto* offer = std::get_if<nodes::FileOffer>(&message)) return receive(offer->offer);
  if (const auto* piece = std::get_if<nodes::FilePiece>(&message)) {
    piece_ = piece->data;
    return receive(carry::PieceCame{piece->number, piece->offset, piece_.size()});
  }
  if (const auto* end = std::get_if<carry::EndCame>(&message)) return receive(*end);
  receive(std::get<carry::Dropped>(message));
}

void NodeCarrier::receive(carry::ReceivingEvent event) {
  for (NextEvent next = std::move(event); next;) {
    const auto effects = receiving_.handle(*next);
    next.reset();
    for (const carry::ReceivingEffect& effect : effects) {
      next = std::visit([this](const auto& one) { return carry_out(one); }, effect);
    }
  }
}

carry::ReceivingEvent NodeCarrier::done_unless_full() {
  if (around_.random.chance(kFull)) return carry::NotDone{{true, "no space"}};
  return carry::Done{};
}

NodeCarrier::NextEvent NodeCarrier::carry_out(const carry::Look& effect) {
  const NodeFile* file = disk_.find(effect.path);
  return carry::Looked{file != nullptr && is_same_file(file->facts, effect.facts)};
}

NodeCarrier::NextEvent NodeCarrier::carry_out(const carry::Begin& effect) {
  target_ = effect.path;
  part_.clear();
  return done_unless_full();
}

NodeCarrier::NextEvent NodeCarrier::carry_out(const carry::Write& /*effect*/) {
  part_ += piece_;
  return done_unless_full();
}

NodeCarrier::NextEvent NodeCarrier::carry_out(const carry::Place& effect) {
  require(sha256(part_) == effect.digest, target_ + " has come otherwise than it was sent");
  if (!hooks_.may_place()) return carry::NotDone{{true, "another leads the task"}};
  const carry::ReceivingEvent done = done_unless_full();
  if (std::holds_alternative<carry::Done>(done)) {
    around_.say("* " + target_ + " is placed: " + part_);
    disk_.write(target_, part_, ++around_.files);
  }
  return done;
}

NodeCarrier::NextEvent NodeCarrier::carry_out(const carry::Discard& /*effect*/) {
  part_.clear();
  return std::nullopt;
}

NodeCarrier::NextEvent NodeCarrier::carry_out(const carry::Answer& effect) {
  hooks_.say(carry::Replied{effect.number, effect.reply, effect.failure});
  return std::nullopt;
}

NodeCarrier::NextEvent NodeCarrier::carry_out(const carry::Refuse& effect) {
  require(false, effect.why);
  return std::nullopt;
}

}  // namespace thermos::sim
