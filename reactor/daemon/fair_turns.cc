#include "reactor/daemon/fair_turns.h"

#include <algorithm>
#include <utility>

namespace thermos {
namespace {

constexpr std::uint64_t kMicrosecond = 1000;  // in nanoseconds
// The time for all users in one turn, the most and the least time for one user, and the time for a
// seat before the user's next seat is served.
constexpr std::uint64_t kTurnOfAll = 8000 * kMicrosecond;
constexpr std::uint64_t kMostOfOneUser = 2000 * kMicrosecond;
constexpr std::uint64_t kLeastOfOneUser = 200 * kMicrosecond;
constexpr std::uint64_t kOneSeat = 250 * kMicrosecond;

}  // namespace

FairTurns::FairTurns(Loop& loop) : busy_(loop, [this] { take_turn(); }) {}

void FairTurns::call(const std::shared_ptr<Seat>& seat) {
  if (std::exchange(seat->waiting, true)) return;
  lines_[seat->uid].push_back(seat);
  busy_.on();
}

void FairTurns::take_turn() {
  const std::uint64_t each = std::clamp(kTurnOfAll / std::max<std::size_t>(lines_.size(), 1),
                                        kLeastOfOneUser, kMostOfOneUser);
  for (auto it = lines_.begin(); it != lines_.end();) {
    serve(it->second, uv_hrtime() + each);
    it = it->second.empty() ? lines_.erase(it) : std::next(it);
  }
  if (!lines_.empty()) return;
  busy_.off();
  if (on_rest) on_rest();
}

void FairTurns::serve(Line& line, std::uint64_t until) {
  while (!line.empty()) {
    const std::shared_ptr<Seat> seat = line.front().lock();
    line.pop_front();
    if (seat) {
      const std::uint64_t now = uv_hrtime();
      const bool more = seat->work(Slice(std::min(until, now + kOneSeat)));
      seat->waiting = more;
      if (more) line.push_back(seat);
    }
    if (uv_hrtime() >= until) return;
  }
}

}  // namespace thermos
