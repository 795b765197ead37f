// Streams for the benchmarks, as a runner would write them. All readers, ours and the peers', read
// the same records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/record/frame.h"
#include "core/record/record.h"

namespace thermos::bench {

struct StreamShape {
  std::uint64_t records = 0;  // process records, without the header and one task status
  std::uint32_t processes = 1;
  bool operator<(const StreamShape& other) const {
    return records != other.records ? records < other.records : processes < other.processes;
  }
};

// Calls `take` with the records of a task whose processes run again and again, up to 64 at a time;
// one run in 16 fails. A record is valid during its call.
void each_record(const StreamShape& shape, const std::function<void(const Record&)>& take);

// An unlinked file in $TMPDIR or /tmp, which is gone with this object or the program. The
// constructor ends the program if it cannot create the file.
class ScratchFile {
 public:
  ScratchFile();
  explicit ScratchFile(Bytes content);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  void append(Bytes bytes);
  int fd() const { return fd_; }
  std::size_t size() const { return size_; }
  // A path that opens the file as long as this object lives.
  std::string path() const;

 private:
  int fd_ = -1;
  std::size_t size_ = 0;
};

// A file mapped for reading.
class Mapping {
 public:
  Mapping(int fd, std::size_t size);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  Bytes bytes() const;

 private:
  void* memory_ = nullptr;
  std::size_t size_ = 0;
};

// The stream of a shape, created at the first call and kept.
const ScratchFile& stream_file(const StreamShape& shape);
// The same stream after compaction by a runner.
const ScratchFile& compacted_file(const StreamShape& shape);

// Builds the bytes of a stream record by record.
class StreamBuilder {
 public:
  StreamBuilder();
  void add(const Record& record);
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
  std::uint32_t chain_ = 0;
};

}  // namespace thermos::bench
