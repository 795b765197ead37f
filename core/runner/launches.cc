#include "core/runner/launches.h"

#include <algorithm>

namespace thermos {

Launches::Launches(std::size_t processes)
    : controls_(processes), live_(processes), retries_(processes), kills_(processes) {}

std::optional<LaunchAct> Launches::take(ProcessIndex p, LaunchEvent event, Microseconds now) {
  LaunchControl& control = controls_[p];
  const LaunchState before = control.state();
  const std::optional<LaunchAct> act = control.take(event);
  if (before == LaunchState::Retrying) retries_.clear(p);
  if (act == LaunchAct::AwaitRetry) retries_.set(p, now + control.retry_wait());
  if (const bool lives = control.state() != LaunchState::Idle; lives != live_.has(p)) {
    if (lives) {
      live_.add(p);
      told_ = Told::Nothing;
    } else {
      live_.remove(p);
      kills_.clear(p);
    }
  }
  return act;
}

void Launches::hurry_retry(ProcessIndex p, Microseconds now) {
  if (retries_.has(p)) retries_.set(p, now);
}

std::optional<Microseconds> Launches::next_due() const {
  const std::optional<Microseconds> retry = retries_.next();
  const std::optional<Microseconds> kill = kills_.next();
  if (!retry) return kill;
  if (!kill) return retry;
  return std::min(*retry, *kill);
}

std::vector<ProcessIndex> Launches::untold(bool hard) {
  const Told telling = hard ? Told::Kill : Told::Terminate;
  if (told_ >= telling) return {};
  told_ = telling;
  return live_.members();
}

}  // namespace thermos
