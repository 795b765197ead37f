#include "core/runner/node_link.h"

#include <algorithm>
#include <utility>

namespace thermos {
namespace {

// The waits between two tries to start a server. Nothing tells that a node can be reached again.
constexpr Microseconds kFirstRest = kSecond / 2;
constexpr Microseconds kLastRest = 30 * kSecond;

}  // namespace

std::vector<node::Effect> NodeLink::handle(const node::Event& event, Microseconds now) {
  now_ = now;
  effects_.clear();
  std::visit([this](const auto& one) { on(one); }, event);
  return std::move(effects_);
}

bool NodeLink::has_server() const {
  return state_ == node::State::Starting || state_ == node::State::Telling ||
         state_ == node::State::Cleaning || state_ == node::State::Up;
}

void NodeLink::start() {
  state_ = node::State::Starting;
  add(node::Arm{});
  add(node::StartServer{});
}

void NodeLink::rest() {
  state_ = node::State::Resting;
  const std::uint32_t doublings = std::min<std::uint32_t>(tries_, 10);
  add(node::Arm{now_ + std::min(kLastRest, kFirstRest << doublings)});
  ++tries_;
}

void NodeLink::on(const node::Begin& event) {
  if (state_ != node::State::Idle) return;
  gone_ = event.gone;
  start();
}

// The server tells what an earlier leader left there before anything new is launched.
void NodeLink::on(const node::Welcomed& /*event*/) {
  if (state_ != node::State::Starting) return;
  failure_.clear();
  if (gone_) {
    state_ = node::State::Cleaning;
    add(node::SendClean{});
  } else {
    state_ = node::State::Telling;
    add(node::SendRuns{});
  }
}

void NodeLink::on(const node::Told& /*event*/) {
  if (state_ != node::State::Telling) return;
  state_ = node::State::Up;
  tries_ = 0;
  add(node::TellUp{});
}

void NodeLink::on(const node::Cleaned& /*event*/) {
  if (state_ != node::State::Cleaning) return;
  state_ = node::State::Up;
  gone_ = false;
  tries_ = 0;
  add(node::TellUp{});
}

void NodeLink::on(const node::Ended& event) {
  if (!has_server()) return;
  const bool was_up = state_ == node::State::Up;
  failure_ = event.reason;
  if (was_up) add(node::TellDown{});
  if (was_up || tries_ == 0) add(node::Warn{event.reason});
  if (gone_) {
    rest();
  } else {
    state_ = node::State::Asking;
    add(node::AskEngine{});
  }
}

void NodeLink::on(const node::EngineSaid& event) {
  if (state_ != node::State::Asking) return;
  if (event.gone) call_gone(event.reason);
  rest();
}

void NodeLink::on(const node::Called& event) {
  if (state_ == node::State::Idle) return;
  if (!event.gone) return try_immediately();
  if (gone_) return;
  if (has_server()) add(node::DropServer{});
  if (state_ == node::State::Up) add(node::TellDown{});
  failure_ = event.reason;
  call_gone(event.reason);
  rest();
}

// Tries at once even if a launcher, or the command that tells whether the node is gone, has not
// answered: it may never do so.
void NodeLink::try_immediately() {
  tries_ = 0;
  if (state_ == node::State::Starting) add(node::DropServer{});
  if (state_ == node::State::Starting || state_ == node::State::Asking ||
      state_ == node::State::Resting) {
    start();
  }
}

void NodeLink::call_gone(const std::string& reason) {
  gone_ = true;
  add(node::TellGone{reason});
}

void NodeLink::on(const node::Timer& /*event*/) {
  if (state_ == node::State::Resting) start();
}

}  // namespace thermos
