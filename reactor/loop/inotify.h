// One inotify(7) descriptor for all directories that the loop watches. Events are only hints: a
// watcher continues reading from its stored offset, and after an overflow it looks at everything
// again.
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
    std::function<void()> on_overflow;  // the kernel dropped events (IN_Q_OVERFLOW)
  };

  // Without inotify (`enabled` is false, or no instance can be had) watch() succeeds and never
  // calls back. The program stays correct, because exits are known by SIGCHLD and pidfds; it only
  // sees records later.
  Inotify(Loop& loop, bool enabled);

  bool enabled() const { return static_cast<bool>(fd_); }

  // What to watch of a directory: writes to its files, and their closing and removal (kContents),
  // or only the appearance and removal of names (kNames). If several writes to one file came since
  // the loop last looked, only the first is reported, with the masks of all.
  static const std::uint32_t kContents;
  static const std::uint32_t kNames;

  // Watches a directory, and its own removal (an event with IN_DELETE_SELF or IN_IGNORED and no
  // name). Returns the number of the watch, or -1 if inotify is not enabled. Fails with
  // system_error(); when no watches are left, the message names the limit to raise.
  Result<int> watch(const std::string& directory, Watcher watcher, std::uint32_t what = kContents);
  void unwatch(int watch);

 private:
  void drain();
  void tell_overflow();

  Descriptor fd_;
  std::unordered_map<int, Watcher> watchers_;
  std::unique_ptr<Poll> poll_;
};

}  // namespace thermos
