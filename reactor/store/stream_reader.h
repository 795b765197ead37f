// Reading checkpoint streams from the disk: the only reader that there is, whoever reads. The bytes
// are core/record/frame.h's business and the records capnp/codec.h's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/record/frame.h"
#include "core/record/history.h"
#include "core/record/record.h"
#include "reactor/os/descriptor.h"

namespace thermos {

// Where a reader stands in a stream.
struct StreamPosition {
  std::size_t offset = 0;   // behind the last good record; 0: not even the header was read
  std::uint32_t chain = 0;  // of that record
};

// What reading to the end came to.
enum class StreamEnd : std::uint8_t {
  Clean,  // the file ends behind a record
  Torn,   // it ends inside one. While its writer lives that means: wait
};

// Why a checkpoint can't be opened, for people; `error_number`: errno's.
std::string open_failure(int error_number);
// "`path`: `what`: why", with the code that the errno has.
Error stream_error(const std::string& path, const std::string& what, int error_number);
// Corrupt unless `fd` is a regular file: `path` may name a FIFO, a device or a directory.
Status check_is_file(int fd, const std::string& path);
// Opens the stream at `path` for reading. NotFound, NotPermitted, System, or Corrupt for what is no
// file.
Result<Descriptor> open_stream(const std::string& path);

// Reads the records of `fd` from `position` on, hands each to `take`, and moves `position` behind
// it. `name` is for errors. Corrupt (with file and offset) for bytes that can't be true; what
// `take` refuses keeps its code and gets file and offset too. `position` then stands before the
// offender. Records, and the views in them, are valid only during their call. `fd` need only be
// readable; its own file offset is neither used nor moved.
//
// The file is read and not mapped: a mapping of a file that is cut meanwhile ends in SIGBUS, and
// copying a buffer's worth at a time costs no more than the page faults.
Result<StreamEnd> read_stream(int fd, const std::string& name, StreamPosition& position,
                              const std::function<Status(const Record&)>& take);

// One step of such a reading, for who must not read all at once or wants a record's bytes: hands
// out the payloads, 8-byte aligned, of as many records as `room` bytes hold, but of one at least.
// Nothing: there may be more. REQUIRES: room is a multiple of 8, and not 0.
Result<std::optional<StreamEnd>> read_part(int fd, const std::string& name,
                                           StreamPosition& position, std::size_t room,
                                           const std::function<Status(Bytes payload)>& take);

// Everything a runner's stream says. `position` and `end` tell a would-be writer where to go on.
struct RunnerStream {
  History history;
  std::size_t records = 0;
  StreamPosition position;
  StreamEnd end = StreamEnd::Clean;
};
// NotFound when there is no such file. Corrupt, too, for another kind of stream: a runner's begins
// with its task's header.
Result<RunnerStream> read_runner_stream(const std::string& path);
// The same of an open file; `path` is for errors.
Result<RunnerStream> read_runner_stream(int fd, const std::string& path);

}  // namespace thermos
