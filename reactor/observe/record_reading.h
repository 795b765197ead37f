// Reads the records of a task a part at a time, so that nobody waits while a long stream is read,
// and goes on from there when more was written.
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

  // `begin` is called before the first record of a file is given to `take`: also when a compaction
  // has put another file in the place of the one that was read, which has all records again.
  RecordReading(const Paths& paths, std::string task_id, std::function<void()> begin, Take take);

  // Reads the next part. Returns whether that was all that there is, for now. A task whose runner
  // did not write yet has no records. Fails as read_stream() does, or with what `take` says.
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
  std::optional<std::uint64_t> ancestor_size_;  // of a stream of Apache Thermos, when it was read
  StreamPosition position_;
};

}  // namespace thermos::observe
