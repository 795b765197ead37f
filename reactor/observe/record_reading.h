// Reads a task's records in parts, so that a long stream does not hold up the loop. Goes on from
// where it stopped when more records were written.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "core/record/record.h"
#include "reactor/os/descriptor.h"
#include "reactor/store/stream_reader.h"

namespace thermos::observe {

class RecordReading {
 public:
  using Take = std::function<Status(const Record&)>;

  // `begin` is called before the first record of each file is given to `take`. It is called again
  // when a compaction has replaced the file, because the new file repeats all records.
  RecordReading(const Paths& paths, std::string task_id, std::function<void()> begin, Take take);

  // Reads the next part. Returns whether it has read everything that is there now. A task whose
  // runner has not written yet has no records. Fails as read_stream() does, or with an error that
  // `take` returns.
  Result<bool> step();
  // The uid that owns the stream; see log_reader_of().
  std::uint32_t recorded_by() const { return recorded_by_; }

 private:
  Status open_again();
  Status read_ancestor() const;

  const Paths& paths_;
  std::string task_id_;
  std::string path_;
  std::function<void()> begin_;
  Take take_;
  Descriptor fd_;
  std::uint64_t inode_ = 0;
  std::uint32_t recorded_by_ = 0;
  // Only for a stream of Apache Thermos: its size when it was read.
  std::optional<std::uint64_t> ancestor_size_;
  StreamPosition position_;
};

}  // namespace thermos::observe
