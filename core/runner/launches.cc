#include "core/runner/launches.h"

namespace thermos {

Launches::Launches(std::size_t processes)
    : controls_(processes), live_(processes), retries_(processes), kills_(processes) {}

void Launches::retry_now(ProcessIndex p, Microseconds now) {
  if (retries_.has(p)) retries_.set(p, now);
}

std::vector<ProcessIndex> Launches::untold(bool hard) {
  const Told telling = hard ? Told::Kill : Told::Terminate;
  if (told_ >= telling) return {};
  told_ = telling;
  return live_.members();
}

}  // namespace thermos
