#include "notices.h"

#include <utility>

#include "script.h"

namespace thermos::sim {

Notices::Notices(bool enabled, std::uint32_t overflows, Timeline& timeline, Random& random,
                 Listener listener)
    : enabled_(enabled),
      overflows_(overflows),
      timeline_(timeline),
      random_(random),
      listener_(std::move(listener)),
      life_(timeline) {}

void Notices::add(ProcessIndex p, bool closed) {
  if (!enabled_) return;
  if (overflows_ > 0 && random_.chance(overflows_)) {
    queue_.clear();
    overflown_ = true;
  } else if (!overflown_) {  // what comes behind an overflow is lost too
    queue_.emplace_back(p, closed);
  }
  if (std::exchange(planned_, true)) return;
  life_.after(random_.between(0, kLatency), [this] { deliver(); });
}

// All that came by now, as one read(2) does.
void Notices::deliver() {
  planned_ = false;
  const auto queue = std::exchange(queue_, {});
  const bool overflown = std::exchange(overflown_, false);
  for (const auto& [p, closed] : queue) listener_.changed(p, closed);
  if (overflown) listener_.lost();
}

}  // namespace thermos::sim
