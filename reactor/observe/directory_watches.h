// Lets several watchers share a directory, for which inotify(7) has only one watch.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "reactor/loop/inotify.h"

namespace thermos::observe {

class DirectoryWatches {
 public:
  explicit DirectoryWatches(Inotify& inotify) : inotify_(inotify) {}

  // Ends the watch when it is destroyed. A default-constructed Watch watches nothing; add() returns
  // one if the directory can't be watched.
  class Watch {
   public:
    Watch() = default;
    ~Watch();
    Watch(Watch&& other) noexcept;
    Watch& operator=(Watch&& other) noexcept;
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    friend class DirectoryWatches;
    Watch(DirectoryWatches& of, int watch, std::uint64_t number)
        : of_(&of), watch_(watch), number_(number) {}
    DirectoryWatches* of_ = nullptr;
    int watch_ = -1;
    std::uint64_t number_ = 0;
  };

  // Calls `call` whenever a file in the directory was written, created, renamed or removed.
  Watch add(const std::string& directory, std::function<void()> call);

 private:
  using Calls = std::map<std::uint64_t, std::function<void()>>;

  void remove(int watch, std::uint64_t number);

  Inotify& inotify_;
  std::map<int, std::shared_ptr<Calls>> calls_;  // by inotify's watch descriptor
  std::uint64_t next_ = 0;
};

}  // namespace thermos::observe
