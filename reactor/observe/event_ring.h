// The latest events, in order, for all who listen. Each listener keeps a number of its own, so that
// a slow one holds nothing up and costs no memory: what it has not read in time is gone, and it is
// told so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace thermos::observe {

class EventRing {
 public:
  // `epoch` tells the positions of this program from those of one before it: a word of letters and
  // digits. The latest events of `bytes` are kept.
  EventRing(std::string epoch, std::size_t bytes) : epoch_(std::move(epoch)), most_(bytes) {}

  // Calls back after each event that is added, as long as it lives. The ring outlives it.
  class Listener {
   public:
    Listener(EventRing& ring, std::function<void()> call);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

   private:
    friend class EventRing;
    EventRing& ring_;
    std::function<void()> call_;
  };

  // Adds an event; `data` is one line. Returns its number.
  std::uint64_t add(std::string_view kind, std::string_view data);

  // The number of the last event; 0: there was none.
  std::uint64_t last() const { return last_; }
  // "EPOCH-NUMBER": the position behind that event.
  std::string position(std::uint64_t number) const;
  std::string position() const { return position(last_); }
  // The number in a position of ours, if all events behind it are there still.
  std::optional<std::uint64_t> behind(std::string_view position) const;
  // The text of the event `number` as server-sent events have it; nullptr: it is gone, or did not
  // come yet.
  std::shared_ptr<const std::string> text(std::uint64_t number) const;

 private:
  std::string epoch_;
  std::size_t most_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
  std::deque<std::shared_ptr<const std::string>> texts_;  // the last is that of `last_`
  std::set<Listener*> listeners_;
};

// One server-sent event, with the empty line behind it. `data` may have several lines.
std::string server_sent(std::string_view kind, std::string_view id, std::string_view data);

}  // namespace thermos::observe
