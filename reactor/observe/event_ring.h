// The latest events, in order, for all listeners. Each listener keeps the number of the event that
// it has read last, so a slow listener holds nothing up and costs no memory. Events that it has not
// read in time are dropped, and it is told so.
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
  // `epoch` is a word of letters and digits that is different for each run of the program, so that
  // positions of an earlier run are recognised. Keeps the latest events whose texts have `bytes`
  // bytes together.
  EventRing(std::string epoch, std::size_t bytes) : epoch_(std::move(epoch)), most_(bytes) {}

  // As long as it lives, calls `call` after each event that is added. The ring outlives it.
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

  // The number of the last event; 0 if there was none.
  std::uint64_t last() const { return last_; }
  // Returns "EPOCH-NUMBER", the position after the event `number`.
  std::string position(std::uint64_t number) const;
  std::string position() const { return position(last_); }
  // Returns the number in `position`, if this ring made that position and still has all events
  // after it.
  std::optional<std::uint64_t> behind(std::string_view position) const;
  // Returns the event `number` in the text format of server-sent events; nullptr if it was dropped
  // or does not exist yet.
  std::shared_ptr<const std::string> text(std::uint64_t number) const;

 private:
  std::string epoch_;
  std::size_t most_;
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
  std::deque<std::shared_ptr<const std::string>> texts_;  // the last one has the number `last_`
  std::set<Listener*> listeners_;
};

// Formats one server-sent event, with the empty line at its end. `data` may have several lines.
std::string server_sent(std::string_view kind, std::string_view id, std::string_view data);

}  // namespace thermos::observe
