#include "streams.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace thermos::sim {
namespace {

constexpr Microseconds kLongestClose = kSecond / 50;

}  // namespace

Streams::Streams(std::size_t count, bool late, Timeline& timeline, Random& random)
    : late_(late), random_(random), life_(timeline), files_(count), closing_(count) {}

std::optional<Streams::Description> Streams::lock(ProcessIndex p) {
  File& file = files_[p];
  file.exists = true;
  if (file.holder != 0) return std::nullopt;
  file.holder = next_++;
  open_[file.holder] = {p, 1};
  return file.holder;
}

void Streams::dup(Description description) {
  ++open_.at(description).descriptors;
}

bool Streams::drop(Description description) {
  const auto it = open_.find(description);
  if (it == open_.end()) throw std::logic_error("a descriptor closed twice");
  return --it->second.descriptors == 0;
}

void Streams::close(Description description) {
  if (!drop(description)) return;
  const ProcessIndex p = open_.at(description).process;
  open_.erase(description);
  files_[p].holder = 0;
  on_change(p, true);
}

// fsnotify_close() comes before locks_remove_file() in the kernel's __fput().
void Streams::close_dying(Description description, std::function<void()> freed) {
  if (!drop(description)) return;
  const ProcessIndex p = open_.at(description).process;
  open_.erase(description);
  ++closing_[p];
  on_change(p, true);
  const auto free = [this, p, freed = std::move(freed)] {
    --closing_[p];
    files_[p].holder = 0;
    if (freed) freed();
  };
  const Microseconds takes = late_ ? random_.between(0, kLongestClose) : 0;
  if (takes == 0) {
    free();
  } else {
    life_.after(takes, free);
  }
}

Streams::File& Streams::file_of(Description description) {
  File& file = files_[open_.at(description).process];
  if (file.holder != description) throw std::logic_error("a stream written without its lock");
  return file;
}

void Streams::append(Description description, const Written& record, bool durable) {
  File& file = file_of(description);
  if (file.torn) throw std::logic_error("a record behind a piece of one");
  file.records.push_back(record);
  if (durable) file.synced = file.records.size();
  on_change(open_.at(description).process, false);
}

void Streams::append_part(Description description) {
  file_of(description).torn = true;
  on_change(open_.at(description).process, false);
}

void Streams::cut(Description description, std::size_t count) {
  File& file = file_of(description);
  file.torn = false;
  if (count < file.records.size()) file.records.resize(count);
  file.synced = std::min(file.synced, file.records.size());
}

void Streams::power_cut(bool names) {
  life_.renew();
  open_.clear();
  for (ProcessIndex p = 0; p < files_.size(); ++p) {
    File& file = files_[p];
    closing_[p] = 0;
    file.holder = 0;
    const auto unsynced = static_cast<std::uint32_t>(file.records.size() - file.synced);
    file.records.resize(file.synced + random_.below(unsynced + 1));
    file.torn = false;
    if (names && !file.named && random_.chance(50)) file = {};
    file.synced = file.records.size();
    file.named = file.exists;
  }
}

}  // namespace thermos::sim
