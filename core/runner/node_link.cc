#include "core/runner/node_link.h"

#include <algorithm>
#include <utility>

namespace thermos {
namespace {

using namespace node;  // NOLINT(google-build-using-namespace)

// Between two tries to start a server. Nothing tells that a node can be reached again.
constexpr Microseconds kFirstRest = kSecond / 2;
constexpr Microseconds kLastRest = 30 * kSecond;

}  // namespace

std::vector<Effect> NodeLink::handle(const Event& event, Microseconds now) {
  now_ = now;
  effects_.clear();
  std::visit([this](const auto& one) { on(one); }, event);
  return std::move(effects_);
}

bool NodeLink::has_server() const {
  return state_ == State::Starting || state_ == State::Telling || state_ == State::Cleaning ||
         state_ == State::Up;
}

void NodeLink::start() {
  state_ = State::Starting;
  add(Arm{});
  add(StartServer{});
}

void NodeLink::rest() {
  state_ = State::Resting;
  const std::uint32_t doublings = std::min<std::uint32_t>(tries_, 10);
  add(Arm{now_ + std::min(kLastRest, kFirstRest << doublings)});
  ++tries_;
}

void NodeLink::on(const Begin& event) {
  if (state_ != State::Idle) return;
  gone_ = event.gone;
  start();
}

// What an earlier leader left there is told before anything new is launched.
void NodeLink::on(const Welcomed& /*event*/) {
  if (state_ != State::Starting) return;
  trouble_.clear();
  if (gone_) {
    state_ = State::Cleaning;
    add(SendClean{});
  } else {
    state_ = State::Telling;
    add(SendRuns{});
  }
}

void NodeLink::on(const Told& /*event*/) {
  if (state_ != State::Telling) return;
  state_ = State::Up;
  tries_ = 0;
  add(TellUp{});
}

void NodeLink::on(const Cleaned& /*event*/) {
  if (state_ != State::Cleaning) return;
  state_ = State::Up;
  gone_ = false;
  tries_ = 0;
  add(TellUp{});
}

void NodeLink::on(const Ended& event) {
  if (!has_server()) return;
  const bool was_up = state_ == State::Up;
  trouble_ = event.reason;
  if (was_up) add(TellDown{});
  if (was_up || tries_ == 0) add(Warn{event.reason});
  if (gone_) {
    rest();
  } else {
    state_ = State::Asking;
    add(AskEngine{});
  }
}

void NodeLink::on(const EngineSaid& event) {
  if (state_ != State::Asking) return;
  if (event.gone) call_gone(event.reason);
  rest();
}

void NodeLink::on(const Called& event) {
  if (state_ == State::Idle) return;
  if (!event.gone) return try_at_once();
  if (gone_) return;
  if (has_server()) add(DropServer{});
  if (state_ == State::Up) add(TellDown{});
  trouble_ = event.reason;
  call_gone(event.reason);
  rest();
}

// Also if a launcher, or the command that tells whether the node is gone, was asked: it may never
// answer.
void NodeLink::try_at_once() {
  tries_ = 0;
  if (state_ == State::Starting) add(DropServer{});
  if (state_ == State::Starting || state_ == State::Asking || state_ == State::Resting) start();
}

void NodeLink::call_gone(const std::string& reason) {
  gone_ = true;
  add(TellGone{reason});
}

void NodeLink::on(const Timer& /*event*/) {
  if (state_ == State::Resting) start();
}

}  // namespace thermos
