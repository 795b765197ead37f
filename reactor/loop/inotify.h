// One inotify descriptor for everything the loop watches. Events are hints: whoever gets one reads
// on from where it stood, and an overflow means: look everywhere.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/result.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class Inotify {
 public:
  struct Watcher {
    std::function<void(std::string_view name, std::uint32_t mask)> on_event;
    std::function<void()> on_overflow;  // events were lost
  };

  // Without inotify (`enabled` false, or the kernel has no instance to spare) every watch() is
  // accepted and never calls back: all stays right, only later.
  Inotify(Loop& loop, bool enabled);

  bool enabled() const { return static_cast<bool>(fd_); }

  // What may be watched of a directory: appends to, closes and removal of its files; or their names
  // alone, as they come and go.
  static const std::uint32_t kContents;
  static const std::uint32_t kNames;

  // Watches a directory, and for its own end (an event with IN_DELETE_SELF or IN_IGNORED and no
  // name). Returns the watch; -1 when not enabled. System: out of watches; says which limit to
  // raise.
  Result<int> watch(const std::string& directory, Watcher watcher, std::uint32_t what = kContents);
  void unwatch(int watch);

 private:
  void drain();

  Descriptor fd_;
  std::unordered_map<int, Watcher> watchers_;
  std::unique_ptr<Poll> poll_;
};

}  // namespace thermos
