// The file `runner.unsynced`, which is left beside a runner's stream that could not be synced.
// After a failed fdatasync(2) the kernel takes the lost pages for clean: they are read as they were
// written, and another fdatasync(2) reports success, while they are not on the disk. So whoever
// goes on under the same boot must not believe either; it writes what it reads into a new file.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/record/history.h"
#include "reactor/store/stream_writer.h"

namespace thermos {

std::string unsynced_mark_of(const std::string& stream);

// Returns `synced`, which is what a sync of the stream came to. If it failed, the mark is made: as
// far as the disk takes it, but it is seen by all programs of this boot even where it is not synced
// itself. Where it can't be made, the log says so.
Status mark_unsynced(const std::string& stream, Status synced);

// Writes the stream into a new file, of `history`, and removes the mark when that is on the disk.
// Returns the new stream's writer. Fails as compact_stream() does, or where the name can't be
// synced; then the mark stays. REQUIRES: `history` was read from the stream, whose lock the caller
// holds.
Result<StreamWriter> write_unsynced_again(const std::string& stream, const History& history);

}  // namespace thermos
