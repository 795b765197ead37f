// Streams that don't grow for ever: superseded history is written aside in fewer records, checked
// against what it replaces, and put in its place.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/result.h"
#include "core/record/history.h"
#include "reactor/store/stream_writer.h"

namespace thermos {

// How many runs of a process a compacted stream still tells one by one.
inline constexpr std::size_t kKeptRuns = 100;
// A runner's stream shorter than this is left alone, and a coordinator's one likewise.
inline constexpr std::size_t kLongStream = std::size_t{256} * 1024;
inline constexpr std::size_t kLongCoordinatorStream = std::size_t{64} * 1024;

// The file beside the stream at `path` in which its successor is written: `runner.compact`, and
// `compact.X` for `coordinator.X`. One that is there while nobody holds the stream's lock is left
// over.
std::string aside_of(const std::string& path);

// Writes `history` aside as a stream of its own, locked; reads it back and compares; syncs it when
// `durable`; renames it over `path`, and syncs the directory. The answer is the new stream's
// writer; if the directory could not be synced, it refuses to append and says so. On an error
// nothing has changed under `path`. REQUIRES: the caller holds the lock of the stream at `path`,
// and goes on holding it until it has the answer: whoever waits for the old lock finds that the
// name means another file by then.
Result<StreamWriter> compact_stream(const std::string& path, const History& history, bool durable);

// Puts an empty stream (but for `summary`) under `path`, when all that the old one says is recorded
// elsewhere. Not synced: after a power cut its process is lost either way.
Result<StreamWriter> restart_stream(const std::string& path, const ProcessSummary& summary);

}  // namespace thermos
