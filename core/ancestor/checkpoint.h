// The checkpoints of Apache Thermos, from which this program descends. They are only read, never
// written.
//
// A stream is a sequence of frames: a length (32 bits, big endian) and as many bytes, without magic
// number or checksum. The bytes are one struct in Thrift's binary protocol: fields of a type, a
// number and a value, all big endian, in any order, ended by a zero byte. An unknown field is
// skipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "core/base/times.h"
#include "core/record/frame.h"
#include "core/record/record.h"
#include "core/record/state.h"

namespace thermos::ancestor {

// A longer frame is invalid.
inline constexpr std::uint32_t kMaxFrameBytes = std::uint32_t{64} << 20;

struct Header {
  RunnerHeader header;  // log_dir is empty, and uid 0, where the stream has none
  bool has_uid = false;
};

struct TaskStep {
  TaskState state = TaskState::Active;
  Microseconds at = 0;  // wall time
  std::int32_t runner_pid = 0;
  std::uint32_t runner_uid = 0;
};

// One transition of a process. Fields that its record does not have are absent.
struct ProcessStep {
  std::string process;
  std::uint64_t seq = 0;  // rises by one with each transition, over all runs of this process
  ProcessState state = ProcessState::Waiting;
  std::int32_t coordinator_pid = 0;  // 0: absent
  std::int32_t pid = 0;
  std::optional<Microseconds> forked;  // wall time
  std::optional<Microseconds> started;
  std::optional<Microseconds> stopped;
  std::optional<std::int32_t> return_code;  // the exit code, or minus the signal number
};

using Record = std::variant<Header, TaskStep, ProcessStep>;

// Returns whether a file that begins with these bytes is such a stream. 8 bytes are enough to tell.
// For fewer bytes, returns true if such a stream may begin with them; but false for zeros alone.
bool is_stream(Bytes beginning);

// Reads the records of a stream one after another, as FrameScanner does. It never reads outside the
// bytes, and allocates no more than they hold. A file that ends inside a frame is torn; but as
// there is no checksum, a frame whose struct ends before the length says so is corrupt.
class Scanner {
 public:
  // Borrows the bytes of the whole file.
  explicit Scanner(Bytes file) : bytes_(file) {}

  Verdict next();
  // The record, after next() returned Record.
  const Record& record() const { return record_; }
  // Where the record begins.
  std::size_t record_offset() const { return record_offset_; }
  // The offset behind the last valid record.
  std::size_t offset() const { return offset_; }
  // After Corrupt or Torn: the reason, for messages.
  const std::string& why() const { return why_; }

 private:
  Verdict stop(Verdict verdict, std::string why);

  Bytes bytes_;
  std::size_t offset_ = 0;
  std::size_t record_offset_ = 0;
  std::optional<Verdict> stopped_;
  Record record_;
  std::string why_;
};

}  // namespace thermos::ancestor
