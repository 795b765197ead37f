#include "coordinator/notices.h"

#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <limits>
#include <utility>

#include "capnp/codec.h"
#include "coordinator/kernel.h"
#include "coordinator/line_buffer.h"
#include "core/base/utf8.h"

namespace thermos::coordinator {
namespace {

// systemd has the same limits.
constexpr std::size_t kMostOfMessage = 4096;
constexpr int kMostAtOnce = 100;
// If a process has a new status all the time, the first 60 records are one second apart, the next
// 60 two seconds, and so on up to kLongestGap.
constexpr std::uint32_t kStatusesOfOneGap = 60;
constexpr Microseconds kLongestGap = 60 * kSecond;
// No process has so many ancestors. But they may change while is_ours() looks, which has to end.
constexpr int kMostAncestors = 1000;

// These are not touched, and so not resident, before a process sends something.
char message[kMostOfMessage];
char newest[kMaxReasonBytes];    // status
char recorded[kMaxReasonBytes];  // status
std::size_t newest_size = 0;
std::size_t recorded_size = 0;

std::string_view newest_status() {
  return {newest, newest_size};
}

}  // namespace

bool Notices::open(const LaunchView& launch) {
  uid_ = launch.change_user ? launch.uid : ::getuid();
  watchdog_ = launch.watchdog;
  waits_ = launch.watchdog_waits;
  kill_wait_ = launch.kill_wait;
  return socket_.open();
}

void Notices::begin() {
  if (!active()) return;
  heard_ = monotonic();
  arm();
}

void Notices::listen(bool last) {
  NotifySocket::Sender sender;
  // The queue ends only if nobody can add to it: strangers could send messages for ever.
  const bool all = last && socket_.shut();
  for (int taken = 0;; ++taken) {
    if (taken == kMostAtOnce && !all) {
      ::kill(::getpid(), SIGIO);  // other signals come first
      return;
    }
    const auto said = socket_.receive(message, sender);
    if (!said) return;
    if (is_ours(sender)) {
      take(parse_notice(*said));
    } else if (!ignored_) {
      ignored_ = new_ignored_ = true;
      stranger_ = sender;
    }
  }
}

// Whether the sender belongs to the process's tree. We are the subreaper, so every process of the
// tree descends from us. The parent of a sender that has ended already, such as a command that only
// sends a message, is unknown; then the right user is enough.
bool Notices::is_ours(const NotifySocket::Sender& sender) const {
  if (sender.pid <= 0 || (sender.uid != uid_ && sender.uid != 0)) return false;
  const std::int32_t us = ::getpid();
  std::int32_t pid = sender.pid;
  for (int step = 0; step < kMostAncestors; ++step) {
    const auto stat = read_stat(pid);
    if (!stat) {
      if (pid == sender.pid) return true;
      pid = sender.pid;  // an ancestor has ended, and its children have another parent: start again
      continue;
    }
    if (stat->parent == us) return true;
    if (stat->parent <= 1) return false;
    pid = stat->parent;
  }
  return false;
}

void Notices::take(const Notice& notice) {
  const Microseconds now = monotonic();
  if (notice.ready && !ready_) {
    ready_ = new_ready_ = true;
    if (waits_) heard_ = now;
    waits_ = false;
  }
  if (notice.stopping && !stopping_) stopping_ = new_stopping_ = true;
  if (notice.status) take_status(*notice.status);
  if (notice.extension) {
    new_until_ = std::max(new_until_, add_saturated(read_clocks().boot, *notice.extension));
  }
  if (watchdog_ == 0) return;
  if (notice.new_watchdog && *notice.new_watchdog > 0) {
    watchdog_ = *notice.new_watchdog;
    heard_ = now;
  }
  if (notice.alive) heard_ = now;
  if (notice.trigger) triggered_ = true;
}

// Keeps the status as the record will have it: in UTF-8, in one line, and not too long.
void Notices::take_status(std::string_view status) {
  status = status.substr(0, utf8_boundary(status, sizeof newest));
  const bool good = is_utf8(status);
  std::transform(status.begin(), status.end(), newest, [good](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < ' ' || byte == 0x7f ? ' ' : byte >= 0x80 && !good ? '?' : c;
  });
  newest_size = status.size();
  new_status_ = newest_status() != std::string_view(recorded, recorded_size);
}

Microseconds Notices::status_due() const {
  if (statuses_ == 0) return 0;
  const Microseconds gap = (1 + statuses_ / kStatusesOfOneGap) * kSecond;
  return status_at_ + std::min(gap, kLongestGap);
}

std::optional<ProcessReport> Notices::next(bool last, LineBuffer& text) {
  ProcessReport report;
  if (std::exchange(new_ready_, false)) {
    report.kind = ReportKind::Ready;
    report.text = "READY=1";
  } else if (new_status_ && (last || monotonic() >= status_due())) {
    new_status_ = false;
    ++statuses_;
    status_at_ = monotonic();
    recorded_size = newest_size;
    std::memcpy(recorded, newest, newest_size);
    report.kind = ReportKind::Status;
    report.text = newest_status();
  } else if (new_until_ > until_ && !last) {
    // One second is added, so that not every message of a process that asks all the time is
    // recorded.
    until_ = add_saturated(new_until_, kSecond);
    report.kind = ReportKind::Extended;
    report.until = until_;
  } else if (std::exchange(new_stopping_, false)) {
    report.kind = ReportKind::Stopping;
  } else if (std::exchange(new_ignored_, false)) {
    text.add("a message of pid ").add(std::int64_t{stranger_.pid});
    text.add(" (user ")
        .add(std::int64_t{stranger_.uid})
        .add("), which is not of its tree and user");
    report.kind = ReportKind::Ignored;
    report.text = text.view();
  } else {
    return std::nullopt;
  }
  report.at = stamp();
  return report;
}

// Returns the time for a report. It is later than the last one, because reports are told apart by
// their times.
Timestamp Notices::stamp() {
  Timestamp now = read_clocks();
  now.boot = std::max(now.boot, last_stamp_ + 1);
  last_stamp_ = now.boot;
  return now;
}

Notices::Bite Notices::bite() {
  const Microseconds now = monotonic();
  if (bitten_ != 0) {
    if (killed_ || now - bitten_ < kill_wait_) return Bite::None;
    killed_ = true;
    return Bite::Kill;
  }
  if (watchdog_ == 0 || (!triggered_ && (waits_ || now - heard_ < watchdog_))) return Bite::None;
  bitten_ = now;
  limit_ = watchdog_;
  watchdog_ = 0;
  return Bite::Abort;
}

bool Notices::complain(LineBuffer& text) const {
  if (bitten_ == 0) return false;
  if (triggered_) {
    text.add("watchdog: it said WATCHDOG=trigger");
  } else {
    text.add("watchdog: no WATCHDOG=1 within ").add(limit_ / kSecond);
    char fraction[] = ".000000";
    Microseconds rest = limit_ % kSecond;
    std::size_t size = rest == 0 ? 0 : sizeof fraction - 1;
    for (std::size_t i = size; i > 1; rest /= 10)
      fraction[--i] = static_cast<char>('0' + rest % 10);
    while (size > 0 && fraction[size - 1] == '0') --size;
    text.add(std::string_view(fraction, size)).add(" s");
  }
  return true;
}

void Notices::arm() const {
  Microseconds at = std::numeric_limits<Microseconds>::max();
  if (new_status_) at = std::min(at, status_due());
  if (watchdog_ != 0 && !waits_) at = std::min(at, add_saturated(heard_, watchdog_));
  if (bitten_ != 0 && !killed_) at = std::min(at, add_saturated(bitten_, kill_wait_));
  itimerval timer{};
  if (at != std::numeric_limits<Microseconds>::max()) {
    // A time of 0 would disarm the timer.
    const Microseconds left = std::clamp<Microseconds>(at - monotonic(), 1, 1'000'000 * kSecond);
    timer.it_value = {static_cast<time_t>(left / kSecond),
                      static_cast<suseconds_t>(left % kSecond)};
  }
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace thermos::coordinator
