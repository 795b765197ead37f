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

void Streams::close(Description description, std::function<void()> freed) {
  const auto it = open_.find(description);
  if (it == open_.end()) throw std::logic_error("a descriptor closed twice");
  if (--it->second.descriptors > 0) return;
  const ProcessIndex p = it->second.process;
  open_.erase(it);
  const Microseconds takes = late_ ? random_.between(0, kLongestClose) : 0;
  ++closing_[p];
  // fsnotify_close() comes before locks_remove_file() in the kernel's __fput().
  on_change(p, true);
  const auto done = [this, p, description, freed = std::move(freed)] {
    --closing_[p];
    free(p, description);
    if (freed) freed();
  };
  if (takes == 0) {
    done();
  } else {
    life_.after(takes, done);
  }
}

void Streams::free(ProcessIndex p, Description description) {
  if (files_[p].holder == description) files_[p].holder = 0;
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
