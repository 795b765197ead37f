// Reads checkpoint streams from the disk. All readers in the reactor use it. core/record/frame.h
// decodes the frames, capnp/codec.h the records.
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

// How far a stream was read.
struct StreamPosition {
  std::size_t offset = 0;   // the end of the last good record; 0: not even the header was read
  std::uint32_t chain = 0;  // the chain value of that record
};

// The end of a stream.
enum class StreamEnd : std::uint8_t {
  Clean,  // the file ends with a record
  Torn,   // the file ends inside a record. While its writer lives, the rest may come
};

// Returns the text for the errno of a failed open(2) of a checkpoint.
std::string open_failure(int error_number);
// Returns the error "`path`: `what`: <text of the errno>", with the ErrorCode for that errno.
Error stream_error(const std::string& path, const std::string& what, int error_number);
// Fails with Corrupt unless `fd` is a regular file: `path` may name a FIFO, a device or a
// directory.
Status check_is_file(int fd, const std::string& path);
// Opens the stream at `path` for reading. Fails with NotFound, NotPermitted, System, or Corrupt if
// it is not a regular file.
Result<Descriptor> open_stream(const std::string& path);

// Reads the records of `fd` from `position` on, hands each to `take`, and moves `position` past it.
// `name` is used in errors. Fails with Corrupt (with file and offset) for invalid bytes, a file
// that ends before `position`, or anything but a regular file. An error of `take` keeps its code
// and also gets the file and offset. After an error, `position` is before the failed record.
// Records, and the views in them, are valid only during the call of `take`. `fd` need only be
// readable; its own file offset is neither used nor moved.
//
// The file is read(2), not mapped: if the file is truncated meanwhile, access to a mapping raises
// SIGBUS, and copying a buffer at a time costs no more than the page faults.
Result<StreamEnd> read_stream(int fd, const std::string& name, StreamPosition& position,
                              const std::function<Status(const Record&)>& take);

// Reads one part of a stream, for a caller that must not read it all at once or wants the records'
// bytes. Hands to `take` the payloads, 8-byte aligned, of as many records as `room` bytes hold, but
// of at least one. Returns nothing if there may be more records. REQUIRES: `room` is a multiple of
// 8, and not 0.
Result<std::optional<StreamEnd>> read_part(int fd, const std::string& name,
                                           StreamPosition& position, std::size_t room,
                                           const std::function<Status(Bytes payload)>& take);

// Everything in a runner's stream. `position` and `end` tell StreamWriter::resume_at() where to
// append.
struct RunnerStream {
  History history;
  std::size_t records = 0;
  StreamPosition position;
  StreamEnd end = StreamEnd::Clean;
};
// Reads a whole runner's stream. Fails with NotFound if there is no such file, or Corrupt, also for
// another kind of stream: a runner's stream begins with its task's header.
Result<RunnerStream> read_runner_stream(const std::string& path);
// Reads a runner's stream from an open file. `path` is used in errors.
Result<RunnerStream> read_runner_stream(int fd, const std::string& path);

}  // namespace thermos
