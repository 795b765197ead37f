#include "reactor/event_log.h"

#include <algorithm>

#include "capnp/codec.h"
#include "reactor/task_store.h"

namespace thermos {
namespace {

constexpr std::size_t kMemory = std::size_t{16} << 20;

}  // namespace

void EventLog::start_after(std::uint64_t last) {
  last_ = std::max(last_, last);
  forgotten_ = last_;
}

std::uint64_t EventLog::next_position(Now now) {
  last_ = std::max(last_ + 1, static_cast<std::uint64_t>(std::max<Microseconds>(now.wall, 0)));
  return last_;
}

void EventLog::add(std::uint64_t position, std::string_view task_id, Bytes payload) {
  events_.push_back({position, std::string(task_id), {payload.begin(), payload.end()}});
  bytes_ += payload.size() + task_id.size() + sizeof(control::Event);
  while (bytes_ > kMemory) {
    const control::Event& oldest = events_.front();
    forgotten_ = oldest.position;
    bytes_ -= oldest.record.size() + oldest.task_id.size() + sizeof(control::Event);
    events_.pop_front();
  }
}

std::vector<const control::Event*> EventLog::after(std::uint64_t since) const {
  const auto first =
      std::upper_bound(events_.begin(), events_.end(), since,
                       [](std::uint64_t s, const control::Event& e) { return s < e.position; });
  std::vector<const control::Event*> found;
  for (auto it = first; it != events_.end(); ++it) found.push_back(&*it);
  return found;
}

std::vector<control::Event> events_on_disk(const Paths& paths, const std::string& task_id,
                                           std::uint64_t since, std::uint64_t& highest) {
  std::vector<control::Event> events;
  auto text = read_file(paths.runner_stream(task_id));
  if (!text) return events;
  // Cap'n Proto wants words; a string's bytes may lie anywhere.
  std::vector<std::uint64_t> words((text->size() + 7) / 8);
  std::copy(text->begin(), text->end(), reinterpret_cast<char*>(words.data()));
  FrameScanner scanner(std::as_bytes(std::span(words)).first(text->size()));
  while (scanner.next() == Verdict::Record) {
    const std::uint64_t position = position_of(scanner.payload());
    highest = std::max(highest, position);
    if (position == 0 || position <= since) continue;
    events.push_back({position, task_id, {scanner.payload().begin(), scanner.payload().end()}});
  }
  return events;
}

}  // namespace thermos
