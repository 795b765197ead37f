#include "reactor/store/places_in_use.h"

#include <sys/stat.h>

#include <utility>

#include "capnp/codec.h"
#include "reactor/os/files.h"
#include "reactor/store/stream_reader.h"

namespace thermos {
namespace {

// Of a stream, to begin with: a record in it is longer only if it has thousands of ports.
constexpr std::size_t kRoom = 4096;

}  // namespace

void PlacesInUse::add(const RunnerHeader& header) {
  places_.insert(header.sandbox);
  places_.insert(header.log_dir);
}

void PlacesInUse::add_active(const Paths& paths) {
  struct stat info {};
  if (::stat(paths.active_dir().c_str(), &info) != 0) return;
  if (info.st_mtim.tv_sec == changed_.tv_sec && info.st_mtim.tv_nsec == changed_.tv_nsec) return;
  bool all_known = true;
  for (std::string& id : list_directory(paths.active_dir())) {
    if (active_.contains(id)) continue;
    // It is written a moment after the task's file.
    const auto header = read_header(paths, id);
    all_known = all_known && header;
    if (!header) continue;
    add(*header);
    active_.insert(std::move(id));
  }
  if (all_known) changed_ = info.st_mtim;
}

bool PlacesInUse::uses(const std::string& directory) const {
  if (places_.contains(directory)) return true;
  const auto below = places_.lower_bound(directory + "/");
  return below != places_.end() && below->starts_with(directory + "/");
}

std::optional<RunnerHeader> read_header(const Paths& paths, const std::string& task_id) {
  const std::string path = paths.runner_stream(task_id);
  const auto stream = open_stream(path);
  if (!stream) return std::nullopt;
  StreamPosition position;
  std::optional<RunnerHeader> header;
  Record record = ProcessStatus();
  const auto end = read_part(stream->get(), path, position, kRoom, [&](Bytes payload) -> Status {
    if (header) return Done{};
    if (auto decoded = decode(payload, record); !decoded) return decoded;
    if (const auto* first = std::get_if<RunnerHeader>(&record)) header = *first;
    return Done{};
  });
  return header;
}

PlacesInUse places_of_others(const Paths& paths, const std::string& task_id) {
  PlacesInUse places;
  for (const std::string& directory : {paths.active_dir(), paths.finished_dir()}) {
    for (const std::string& id : list_directory(directory)) {
      if (id == task_id) continue;
      if (const auto header = read_header(paths, id)) places.add(*header);
    }
  }
  return places;
}

}  // namespace thermos
