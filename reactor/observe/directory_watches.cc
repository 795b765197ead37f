#include "reactor/observe/directory_watches.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace thermos::observe {

DirectoryWatches::Watch::~Watch() {
  if (of_ != nullptr) of_->remove(watch_, number_);
}

DirectoryWatches::Watch::Watch(Watch&& other) noexcept
    : of_(std::exchange(other.of_, nullptr)), watch_(other.watch_), number_(other.number_) {}

DirectoryWatches::Watch& DirectoryWatches::Watch::operator=(Watch&& other) noexcept {
  std::swap(of_, other.of_);
  std::swap(watch_, other.watch_);
  std::swap(number_, other.number_);
  return *this;
}

DirectoryWatches::Watch DirectoryWatches::add(const std::string& directory,
                                              std::function<void()> call) {
  auto calls = std::make_shared<Calls>();
  const auto tell = [calls] {
    // A call may end watches, also its own.
    const Calls now = *calls;
    for (const auto& [number, one] : now) {
      if (calls->contains(number)) one();
    }
  };
  const Result<int> watch =
      inotify_.watch(directory, {[tell](std::string_view, std::uint32_t) { tell(); }, tell},
                     Inotify::kContents | Inotify::kNames);
  if (!watch) spdlog::info("{}", watch.error().message);
  if (!watch || *watch < 0) return {};
  // A directory that was watched before gets the same watch descriptor, whose callback now calls
  // the new list.
  std::shared_ptr<Calls>& known = calls_[*watch];
  if (known) *calls = std::move(*known);
  known = calls;
  calls->emplace(++next_, std::move(call));
  return {*this, *watch, next_};
}

void DirectoryWatches::remove(int watch, std::uint64_t number) {
  const auto at = calls_.find(watch);
  if (at == calls_.end()) return;
  at->second->erase(number);
  if (!at->second->empty()) return;
  calls_.erase(at);
  inotify_.unwatch(watch);
}

}  // namespace thermos::observe
