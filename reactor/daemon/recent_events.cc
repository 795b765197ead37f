#include "reactor/daemon/recent_events.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <spdlog/spdlog.h>

#include "reactor/os/files.h"

namespace thermos {
namespace {

constexpr std::size_t kMemory = std::size_t{16} << 20;
// The number of positions that one writing of the file reserves beyond the last one. They last
// about a quarter of an hour.
constexpr std::uint64_t kAhead = 1'000'000'000;

std::size_t weight(const OwnedEvent& entry) {
  return entry.event.record.size() + entry.event.task_id.size() + sizeof(OwnedEvent);
}

std::uint64_t number_in(const std::string& file) {
  const auto text = read_file(file);
  std::uint64_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

}  // namespace

EventLog::EventLog(std::string file) : file_(std::move(file)) {}

EventLog::~EventLog() {
  // Lowers the bound to the last position. Otherwise every restart would move positions further
  // ahead of the clock.
  if (started_) reserve(last_);
}

void EventLog::start_after(std::uint64_t last, Timestamp now) {
  started_ = true;
  last_ = std::max({last_, last, number_in(file_),
                    static_cast<std::uint64_t>(std::max<Microseconds>(now.wall, 0))});
  forgotten_ = last_;
  reserve(last_ + kAhead);
}

std::uint64_t EventLog::next_position(Timestamp now) {
  last_ = std::max(last_ + 1, static_cast<std::uint64_t>(std::max<Microseconds>(now.wall, 0)));
  if (started_ && last_ > reserved_) reserve(last_ + kAhead);
  return last_;
}

void EventLog::reserve(std::uint64_t up_to) {
  reserved_ = up_to;
  if (auto written = replace_file(file_, std::to_string(up_to) + "\n"); !written) {
    spdlog::error("{}; after a restart event positions may repeat", written.error().message);
  }
}

void EventLog::add(OwnedEvent event) {
  bytes_ += weight(event);
  events_.push_back(std::move(event));
  while (bytes_ > kMemory) {
    forgotten_ = events_.front().event.position;
    bytes_ -= weight(events_.front());
    events_.pop_front();
  }
}

const OwnedEvent* EventLog::first_after(std::uint64_t since) const {
  const auto first =
      std::upper_bound(events_.begin(), events_.end(), since,
                       [](std::uint64_t s, const OwnedEvent& e) { return s < e.event.position; });
  return first == events_.end() ? nullptr : &*first;
}

}  // namespace thermos
