// Compaction of streams, so that they don't grow for ever: the history is written to another file
// in fewer records, checked against the original, and renamed over it.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/result.h"
#include "core/record/history.h"
#include "reactor/store/stream_writer.h"

namespace thermos {

// The number of runs of a process that a compacted stream still records one by one.
inline constexpr std::size_t kKeptRuns = 100;
// Bytes. A shorter runner's stream is not compacted, and a shorter coordinator's stream not
// restarted.
inline constexpr std::size_t kLongStream = std::size_t{256} * 1024;
inline constexpr std::size_t kLongCoordinatorStream = std::size_t{64} * 1024;

// The file in which the successor of the stream at `path` is written: `runner.compact`, or
// `compact.X` for `coordinator.X`. If it exists while nobody holds the stream's lock, it is a
// leftover.
std::string aside_of(const std::string& path);

// Writes `history` to aside_of(path) and locks that file, reads it back and compares, syncs it,
// renames it over `path`, and syncs the directory if `durable`. Without that last sync, a loss of
// power may bring the old stream back. Returns the new stream's writer. If the directory could not
// be synced, that writer refuses every append with the error. On any other error the stream at
// `path` is unchanged. REQUIRES: the caller holds the lock of the stream at `path` until this
// returns. A process that then gets the old file's lock finds that the name means another file.
Result<StreamWriter> compact_stream(const std::string& path, const History& history, bool durable);

// Replaces the coordinator's stream at `path` by one that holds only `summary`, and returns its
// writer. Does not sync the new stream, because a power cut ends the process in any case. REQUIRES:
// everything in the old stream is recorded elsewhere.
Result<StreamWriter> restart_stream(const std::string& path, const ProcessSummary& summary);

}  // namespace thermos
