// The file `runner.unsynced`, which is left beside a runner's stream that could not be synced.
// After a failed fdatasync(2) the kernel treats the lost pages as clean: reads return what was
// written, and another fdatasync(2) reports success, although the data is not on the disk. So the
// next leader under the same boot must trust neither. It writes the history that it reads into a
// new file.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/record/history.h"
#include "reactor/store/stream_writer.h"

namespace thermos {

std::string unsynced_mark_of(const std::string& stream);

// Returns `synced`, the result of a sync of the stream. If the sync failed, creates the mark. The
// mark is not synced itself, but all programs under this boot see it. If it can't be created, logs
// an error.
Status mark_unsynced(const std::string& stream, Status synced);

// Writes `history` into a new file, which replaces the stream, and removes the mark once that is on
// the disk. Returns the new stream's writer. Fails as compact_stream() does, or if the file's name
// can't be synced. The mark then stays. REQUIRES: `history` was read from the stream, whose lock
// the caller holds.
Result<StreamWriter> write_unsynced_again(const std::string& stream, const History& history);

}  // namespace thermos
