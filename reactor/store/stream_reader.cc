#include "reactor/store/stream_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <span>

#include "capnp/codec.h"
#include "core/ancestor/checkpoint.h"
#include "reactor/os/errors.h"

namespace thermos {
namespace {

// New data of a coordinator is mostly one record of 100 to 200 bytes, for which one read into a
// buffer on the stack is enough. More data is read into a buffer that fits into a processor's
// cache.
constexpr std::size_t kSmallRead = 4096;
constexpr std::size_t kLargeRead = std::size_t{256} * 1024;

Error at_offset(const std::string& name, std::size_t offset, const Error& error) {
  return error_at(error.code, name, offset, error.message);
}

Error corrupt(const std::string& name, std::size_t offset, const std::string& why) {
  return error_at(ErrorCode::Corrupt, name, offset, why, "the file is left as it is");
}

// Calls pread(2) once. The read may be short.
Result<std::size_t> read_some(int fd, const std::string& name, std::span<std::byte> room,
                              std::size_t offset) {
  for (;;) {
    const ssize_t got = ::pread(fd, room.data(), room.size(), static_cast<off_t>(offset));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) {
      return stream_error(name, "can't read it at offset " + std::to_string(offset), errno);
    }
  }
}

// Reads until `room` is full or the file ends. Only a read of 0 bytes is the end, a short read is
// not.
Result<std::size_t> read_at(int fd, const std::string& name, std::span<std::byte> room,
                            std::size_t offset) {
  std::size_t have = 0;
  while (have < room.size()) {
    const Result<std::size_t> got = read_some(fd, name, room.subspan(have), offset + have);
    if (!got) return got.error();
    if (*got == 0) break;
    have += *got;
  }
  return have;
}

// Returns why the bytes are corrupt. For a stream of Apache Thermos it says why nothing can be
// appended.
std::string why_corrupt(Bytes bytes, const FrameScanner& scanner) {
  if (scanner.offset() > 0 || !ancestor::is_stream(bytes)) return scanner.why();
  return "a checkpoint of Apache Thermos, which is only read: `thermos import` takes over its "
         "tasks";
}

// The result of scanning one buffer: how the stream ends; nothing if that depends on bytes beyond
// the buffer.
using Scanned = Result<std::optional<StreamEnd>>;

// Hands the payloads in `bytes`, which start at `position`, and their offsets to `take`. `whole`
// means that the file ends where `bytes` end.
template <typename Take>
Scanned scan(Bytes bytes, bool whole, const std::string& name, StreamPosition& position,
             const Take& take) {
  FrameScanner scanner = FrameScanner::tail(bytes, position.offset, position.chain);
  for (;;) {
    const Verdict verdict = scanner.next();
    if (verdict == Verdict::Record) {
      // The first record comes after the header, which is read with it.
      const std::size_t at = std::max(position.offset, kStreamHeaderBytes);
      if (const Status taken = take(scanner.payload(), at); !taken) return taken.error();
      position = {scanner.offset(), scanner.chain()};
      continue;
    }
    if (!whole) return std::optional<StreamEnd>();
    if (verdict == Verdict::Corrupt) {
      return corrupt(name, scanner.offset(), why_corrupt(bytes, scanner));
    }
    // If the first record is torn, the header before it is written again, too.
    const bool first = position.offset == 0 && verdict == Verdict::Torn;
    if (!first) position = {scanner.offset(), scanner.chain()};
    return std::optional(verdict == Verdict::End ? StreamEnd::Clean : StreamEnd::Torn);
  }
}

// A buffer of 64-bit words, which are aligned. A vector would be zeroed first.
class Buffer {
 public:
  explicit Buffer(std::size_t size)
      : size_(size), words_(std::make_unique_for_overwrite<std::uint64_t[]>(size / 8)) {}
  std::size_t size() const { return size_; }
  std::span<std::byte> room() { return std::as_writable_bytes(std::span(words_.get(), size_ / 8)); }

 private:
  std::size_t size_;
  std::unique_ptr<std::uint64_t[]> words_;
};

// Reads and scans one buffer. Doubles the buffer until it holds a whole record.
template <typename Take>
Scanned read_buffer(int fd, const std::string& name, StreamPosition& position, Buffer& buffer,
                    const Take& take) {
  const std::size_t from = position.offset;
  for (;;) {
    const Result<std::size_t> got = read_at(fd, name, buffer.room(), from);
    if (!got) return got.error();
    Scanned scanned = scan(buffer.room().first(*got), *got < buffer.size(), name, position, take);
    if (!scanned || *scanned || position.offset != from) return scanned;
    // The buffer holds no whole record: it is a long record, or damage that can only be recognised
    // at its end.
    buffer = Buffer(2 * buffer.size());
  }
}

Error no_file(const std::string& name) {
  return error_at(ErrorCode::Corrupt, name, std::nullopt,
                  "not a regular file, so not a checkpoint");
}

// Returns how many bytes follow `position`. A file that ends before `position` was cut or replaced.
Result<std::size_t> bytes_behind(int fd, const std::string& name, const StreamPosition& position) {
  struct stat now {};
  if (::fstat(fd, &now) != 0) return stream_error(name, "cannot read its size", errno);
  if (!S_ISREG(now.st_mode)) return no_file(name);
  const auto size = static_cast<std::size_t>(now.st_size);
  if (size >= position.offset) return size - position.offset;
  return corrupt(name, position.offset, "it was longer when it was read before");
}

}  // namespace

std::string open_failure(int error_number) {
  if (error_number == ELOOP) return "it is a symbolic link, and none is followed here";
  return error_text(error_number);
}

Error stream_error(const std::string& path, const std::string& what, int error_number) {
  Error error =
      error_at(code_of(error_number), path, std::nullopt, what + ": " + open_failure(error_number));
  error.cause = error_number;
  return error;
}

Status check_is_file(int fd, const std::string& path) {
  struct stat what {};
  if (::fstat(fd, &what) != 0) return stream_error(path, "cannot stat it", errno);
  if (S_ISREG(what.st_mode)) return Done{};
  return no_file(path);
}

Result<Descriptor> open_stream(const std::string& path) {
  // O_NONBLOCK: a FIFO under this name must not block the reader. It has no effect on a regular
  // file.
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return stream_error(path, "can't open the checkpoint", errno);
  if (auto file = check_is_file(fd.get(), path); !file) return file.error();
  return fd;
}

Result<StreamEnd> read_stream(int fd, const std::string& name, StreamPosition& position,
                              const std::function<Status(const Record&)>& take) {
  Record record = ProcessStatus();
  const auto decode_and_take = [&](Bytes payload, std::size_t at) -> Status {
    const Status decoded = decode(payload, record);
    if (!decoded) return corrupt(name, at, decoded.error().message);
    const Status taken = take(record);
    return taken ? taken : at_offset(name, at, taken.error());
  };
  alignas(8) std::array<std::byte, kSmallRead> small;
  const Result<std::size_t> got = read_some(fd, name, small, position.offset);
  if (!got) {
    // The error that it is not a regular file says more than the errno of the read.
    if (const auto behind = bytes_behind(fd, name, position); !behind) return behind.error();
    return got.error();
  }
  const std::size_t news_end = position.offset + *got;
  Scanned end = std::optional<StreamEnd>();
  if (*got > 0 && *got < small.size()) {
    end = scan(Bytes(small).first(*got), false, name, position, decode_and_take);
    // The usual case: whole records and nothing after them. A writer that appends more notifies
    // again.
    if (end && position.offset == news_end) return StreamEnd::Clean;
  }
  if (end && !*end) {
    // Only the file's size tells whether it ends inside a record or has become shorter.
    const Result<std::size_t> behind = bytes_behind(fd, name, position);
    if (!behind) return behind.error();
    if (*behind == 0 && position.offset > 0) return StreamEnd::Clean;
    Buffer buffer(kLargeRead);
    while (end && !*end) end = read_buffer(fd, name, position, buffer, decode_and_take);
  }
  if (!end) return end.error();
  return **end;
}

Result<std::optional<StreamEnd>> read_part(int fd, const std::string& name,
                                           StreamPosition& position, std::size_t room,
                                           const std::function<Status(Bytes payload)>& take) {
  if (auto behind = bytes_behind(fd, name, position); !behind) return behind.error();
  Buffer buffer(room);
  return read_buffer(fd, name, position, buffer, [&](Bytes payload, std::size_t at) -> Status {
    const Status taken = take(payload);
    return taken ? taken : at_offset(name, at, taken.error());
  });
}

Result<RunnerStream> read_runner_stream(const std::string& path) {
  const auto fd = open_stream(path);
  if (!fd) return fd.error();
  return read_runner_stream(fd->get(), path);
}

Result<RunnerStream> read_runner_stream(int fd, const std::string& path) {
  RunnerStream stream;
  const auto end = read_stream(fd, path, stream.position, [&](const Record& record) {
    if (stream.records++ == 0 && !std::holds_alternative<RunnerHeader>(record)) {
      return Status(Error{ErrorCode::Corrupt, "this is no runner's stream, but a coordinator's"});
    }
    const auto applied = stream.history.apply(record);
    return applied ? Status(Done{}) : Status(applied.error());
  });
  if (!end) return end.error();
  stream.end = *end;
  return stream;
}

}  // namespace thermos
