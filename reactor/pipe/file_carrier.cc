#include "reactor/pipe/file_carrier.h"

#include <utility>
#include <variant>

#include "reactor/os/clocks.h"

namespace thermos {
namespace {

// While this many bytes wait for the pipe, no more of a file is read: the file may be larger than
// our memory, and other messages have to wait behind these bytes.
constexpr std::size_t kMostUnsent = std::size_t{1} << 20;
constexpr int kPiecesATurn = 4;
// The time from a shortage to the next try. No event tells that the shortage is over.
constexpr Microseconds kRest = 2 * kSecond;

}  // namespace

FileCarrier::FileCarrier(Loop& loop, Deadlines& deadlines, SandboxDisk disk, Hooks hooks)
    : deadlines_(deadlines),
      disk_(std::move(disk)),
      hooks_(std::move(hooks)),
      source_(disk_),
      busy_(loop, [this] { send_pieces(); }),
      target_(disk_) {}

FileCarrier::~FileCarrier() {
  if (rest_) deadlines_.cancel(*rest_);
}

void FileCarrier::carry(carry::Cargo cargo) {
  send(carry::Carry{std::move(cargo)});
}

bool FileCarrier::forget(ProcessIndex process, std::uint32_t run) {
  if (!sending_.has(process, run)) return false;
  send(carry::Forget{process, run});
  return true;
}

void FileCarrier::remove_leftovers(const std::vector<std::string>& paths) const {
  for (const std::string& path : paths) target_.remove_leftover(path);
}

// ---- sending -----------------------------------------------------------------------------------

// Queues the event if another one is being handled: an effect may be answered at once, and the
// owner may call carry() or forget() in Hooks::over().
void FileCarrier::send(carry::SendingEvent event) {
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

void FileCarrier::carry_out(const carry::Open& effect) {
  sent_.process = effect.process;
  sent_.path = effect.path;
  if (auto failed = source_.open(effect.path)) {
    source_.close();
    send(carry::NotOpened{std::move(*failed)});
  } else {
    send(carry::Opened{});
  }
}

void FileCarrier::carry_out(const carry::Offer& effect) {
  hooks_.say(nodes::FileOffer{sent_.process, {effect.number, sent_.path, source_.facts()}});
}

void FileCarrier::carry_out(const carry::Send& effect) {
  sent_.number = effect.number;
  sent_.offset = 0;
  sent_.under_way = true;
  busy_.on();
}

void FileCarrier::carry_out(const carry::Close& /*effect*/) {
  sent_.under_way = false;
  source_.close();
}

void FileCarrier::carry_out(const carry::Drop& effect) {
  hooks_.say(carry::Dropped{effect.number});
}

void FileCarrier::carry_out(const carry::Rest& effect) {
  hooks_.rests(effect.why);
  if (rest_) deadlines_.cancel(*rest_);
  rest_ = deadlines_.add(read_clocks().boot + kRest, [this] {
    rest_.reset();
    send(carry::Rested{});
  });
}

void FileCarrier::carry_out(const carry::Over& effect) {
  hooks_.over(effect);
}

void FileCarrier::room() {
  if (sent_.under_way) busy_.on();
}

void FileCarrier::send_pieces() {
  for (int i = 0; i < kPiecesATurn; ++i) {
    if (!sent_.under_way || hooks_.unsent() >= kMostUnsent) {
      busy_.off();
      return;
    }
    const std::weak_ptr<bool> here = alive_;
    if (!send_piece() || here.expired()) return;
  }
}

// Returns false if this may be destroyed.
bool FileCarrier::send_piece() {
  if (source_.at_end()) {
    if (source_.has_changed()) {
      send(carry::Changed{});
    } else {
      hooks_.say(carry::EndCame{sent_.number, source_.digest()});
      send(carry::Sent{});
    }
    return false;
  }
  std::string bytes(nodes::kFilePiece, '\0');
  std::size_t size = 0;
  if (auto failed = source_.read(std::as_writable_bytes(std::span(bytes)), size)) {
    send(carry::NotRead{std::move(*failed)});
    return false;
  }
  if (size == 0) {
    send(carry::Changed{});
    return false;
  }
  bytes.resize(size);
  hooks_.say(nodes::FilePiece{sent_.number, sent_.offset, std::move(bytes)});
  sent_.offset += size;
  return true;
}

// ---- receiving ---------------------------------------------------------------------------------

Status FileCarrier::take(nodes::FileMessage message) {
  if (const auto* replied = std::get_if<carry::Replied>(&message)) {
    send(*replied);
    return Done{};
  }
  if (auto* offer = std::get_if<nodes::FileOffer>(&message)) {
    if (!hooks_.expects(offer->process, offer->offer.path)) {
      return Error{ErrorCode::Corrupt, "a file that nobody expects"};
    }
    return receive(std::move(offer->offer));
  }
  if (auto* piece = std::get_if<nodes::FilePiece>(&message)) {
    piece_ = std::move(piece->data);
    return receive(carry::PieceCame{piece->number, piece->offset, piece_.size()});
  }
  if (const auto* end = std::get_if<carry::EndCame>(&message)) return receive(*end);
  return receive(std::get<carry::Dropped>(message));
}

Status FileCarrier::receive(carry::ReceivingEvent event) {
  for (NextEvent next = std::move(event); next;) {
    const auto effects = receiving_.handle(*next);
    next.reset();
    for (const carry::ReceivingEffect& effect : effects) {
      next = std::visit([this](const auto& one) { return carry_out(one); }, effect);
    }
  }
  if (auto refusal = std::exchange(refusal_, std::nullopt)) {
    return Error{ErrorCode::Corrupt, *refusal};
  }
  return Done{};
}

namespace {

carry::ReceivingEvent answer_of(std::optional<carry::Failure> failure) {
  if (failure) return carry::NotDone{std::move(*failure)};
  return carry::Done{};
}

}  // namespace

FileCarrier::NextEvent FileCarrier::carry_out(const carry::Look& effect) {
  return carry::Looked{target_.is_there(effect.path, effect.facts)};
}

FileCarrier::NextEvent FileCarrier::carry_out(const carry::Begin& effect) {
  return answer_of(target_.begin(effect.path, effect.facts));
}

FileCarrier::NextEvent FileCarrier::carry_out(const carry::Write& /*effect*/) {
  return answer_of(target_.write(piece_));
}

FileCarrier::NextEvent FileCarrier::carry_out(const carry::Place& effect) {
  return answer_of(target_.place(effect.digest, hooks_.may_place));
}

FileCarrier::NextEvent FileCarrier::carry_out(const carry::Discard& /*effect*/) {
  target_.discard();
  return std::nullopt;
}

FileCarrier::NextEvent FileCarrier::carry_out(const carry::Answer& effect) {
  hooks_.say(carry::Replied{effect.number, effect.reply, effect.failure});
  return std::nullopt;
}

FileCarrier::NextEvent FileCarrier::carry_out(const carry::Refuse& effect) {
  refusal_ = effect.why;
  return std::nullopt;
}

}  // namespace thermos
