#include "reactor/store/places_in_use.h"

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
