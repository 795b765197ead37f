#include "reactor/store/stream_file.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <memory>
#include <system_error>

#include "reactor/os/errors.h"

namespace thermos {
namespace {

// A coordinator's news is one record, of 100 to 200 bytes: one read into the stack is enough. A
// longer rest goes through a buffer that fits a processor's cache.
constexpr std::size_t kSmallRead = 4096;
constexpr std::size_t kLargeRead = std::size_t{256} * 1024;

// How often a lost race for a name or a lock is run again. Each loss means that another got
// through; more than a few in a row do not happen.
constexpr int kRaces = 100;

std::string text_of(int error_number) {
  return std::system_category().message(error_number);
}

Error failed(const std::string& path, const std::string& what, int error_number) {
  return {system_error(path, error_number).code,
          path + ": " + what + ": " + open_failure(error_number)};
}

Error at_offset(const std::string& name, std::size_t offset, const Error& error) {
  return {error.code, name + ": offset " + std::to_string(offset) + ": " + error.message};
}

Error corrupt(const std::string& name, std::size_t offset, const std::string& why) {
  return {ErrorCode::Corrupt,
          name + ": offset " + std::to_string(offset) + ": " + why + "; the file is left as it is"};
}

// Reads until the room is full or the file ends: only a read of 0 is the end, a short one is not.
Result<std::size_t> read_at(int fd, const std::string& name, std::span<std::byte> room,
                            std::size_t offset) {
  std::size_t have = 0;
  while (have < room.size()) {
    const ssize_t got =
        ::pread(fd, room.data() + have, room.size() - have, static_cast<off_t>(offset + have));
    if (got == 0) break;
    if (got < 0) {
      if (errno == EINTR) continue;
      return failed(name, "can't read it at offset " + std::to_string(offset + have), errno);
    }
    have += static_cast<std::size_t>(got);
  }
  return have;
}

using Take = std::function<Status(const Record&)>;

// What one buffer came to: nothing when only bytes beyond it can tell.
using Scanned = Result<std::optional<StreamEnd>>;

// Takes the records in `bytes`, which start at `position`. `whole`: the file ends where they do.
Scanned scan(Bytes bytes, bool whole, const std::string& name, StreamPosition& position,
             const Take& take) {
  FrameScanner scanner = FrameScanner::tail(bytes, position.offset, position.chain);
  Record record = ProcessStatus();
  for (;;) {
    const Verdict verdict = scanner.next();
    if (verdict == Verdict::Record) {
      // The first record stands behind the header, which is read with it.
      const std::size_t at = std::max(position.offset, kStreamHeaderBytes);
      const Status decoded = decode(scanner.payload(), record);
      if (!decoded) return corrupt(name, at, decoded.error().message);
      const Status taken = take(record);
      if (!taken) return at_offset(name, at, taken.error());
      position = {scanner.offset(), scanner.chain()};
      continue;
    }
    if (!whole) return std::optional<StreamEnd>();
    if (verdict == Verdict::Corrupt) return corrupt(name, scanner.offset(), scanner.why());
    position = {scanner.offset(), scanner.chain()};
    return std::optional(verdict == Verdict::End ? StreamEnd::Clean : StreamEnd::Torn);
  }
}

Result<StreamEnd> read_long(int fd, const std::string& name, StreamPosition& position,
                            const Take& take) {
  // Words, for their alignment. Not a vector: that would be zeroed first.
  std::size_t size = kLargeRead;
  auto buffer = std::make_unique_for_overwrite<std::uint64_t[]>(size / 8);
  for (;;) {
    const std::span<std::byte> room = std::as_writable_bytes(std::span(buffer.get(), size / 8));
    const Result<std::size_t> got = read_at(fd, name, room, position.offset);
    if (!got) return got.error();
    const std::size_t from = position.offset;
    const Scanned scanned = scan(room.first(*got), *got < size, name, position, take);
    if (!scanned) return scanned.error();
    if (*scanned) return **scanned;
    if (position.offset == from) {
      // Not one whole record in all of it: a long one, or damage of which only the end can tell.
      size *= 2;
      buffer = std::make_unique_for_overwrite<std::uint64_t[]>(size / 8);
    }
  }
}

}  // namespace

std::string open_failure(int error_number) {
  if (error_number == ELOOP) return "it is a symbolic link, and none is followed here";
  return text_of(error_number);
}

Status check_is_file(int fd, const std::string& path) {
  struct stat what {};
  if (::fstat(fd, &what) != 0) return failed(path, "can't look at it", errno);
  if (S_ISREG(what.st_mode)) return Done{};
  return Error{ErrorCode::Corrupt, path + ": not a file, so not a checkpoint"};
}

Result<StreamEnd> read_stream(int fd, const std::string& name, StreamPosition& position,
                              const Take& take) {
  alignas(8) std::array<std::byte, kSmallRead> small;
  const Result<std::size_t> got = read_at(fd, name, small, position.offset);
  if (!got) return got.error();
  if (*got == 0 && position.offset > 0) {
    struct stat now {};
    if (::fstat(fd, &now) != 0) return failed(name, "can't ask for its size", errno);
    if (static_cast<std::size_t>(now.st_size) < position.offset) {
      return corrupt(name, position.offset, "it was longer when it was read before");
    }
  }
  if (*got < small.size()) {
    const Scanned scanned = scan(Bytes(small).first(*got), true, name, position, take);
    if (!scanned) return scanned.error();
    return **scanned;
  }
  return read_long(fd, name, position, take);
}

Result<RunnerStream> read_runner_stream(const std::string& path) {
  // O_NONBLOCK: a FIFO under this name must not hang the reader. It means nothing to a file.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return failed(path, "can't open the checkpoint", errno);
  if (auto file = check_is_file(fd.get(), path); !file) return file.error();
  return read_runner_stream(fd.get(), path);
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

// ---- writing -----------------------------------------------------------------------------------

namespace {

enum class Lock : std::uint8_t { Taken, Held, Failed };

// A leader's lock is exclusive, and who only asks takes a shared one for a moment. So a refusal
// with no exclusive lock behind it is a question in passing, and is tried again: for up to a
// second, since who asks may lose the processor before it lets go.
Lock take_lock(int fd) {
  constexpr timespec kPause{0, 1'000'000};
  for (int race = 0; race < 1000; ++race) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return Lock::Taken;
    if (errno != EWOULDBLOCK && errno != EINTR) return Lock::Failed;
    if (::flock(fd, LOCK_SH | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return Lock::Held;
      if (errno != EINTR) return Lock::Failed;
    }
    ::nanosleep(&kPause, nullptr);
  }
  return Lock::Held;
}

}  // namespace

Result<StreamWriter> StreamWriter::open(const std::string& path) {
  for (int race = 0; race < kRaces; ++race) {
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return failed(path, "can't open the checkpoint for writing", errno);
    switch (take_lock(fd.get())) {
      case Lock::Held:
        return Error{ErrorCode::Busy, path + ": someone else holds this checkpoint's lock"};
      case Lock::Failed:
        return failed(path, "can't lock the checkpoint", errno);
      case Lock::Taken:
        break;
    }
    // Between open and lock, the one before may have put another file under this name, or taken it
    // away: a lock on a file without a name keeps nobody out.
    struct stat ours {};
    struct stat named {};
    if (::fstat(fd.get(), &ours) != 0) return failed(path, "can't look at it", errno);
    if (!S_ISREG(ours.st_mode)) {
      return Error{ErrorCode::System, path + ": not a file; move it out of the way"};
    }
    if (::lstat(path.c_str(), &named) != 0) {
      if (errno == ENOENT) continue;
      return failed(path, "can't look at it", errno);
    }
    if (ours.st_ino != named.st_ino || ours.st_dev != named.st_dev) continue;

    StreamWriter writer(std::move(fd), path);
    writer.size_ = static_cast<std::size_t>(ours.st_size);
    if (writer.size_ == 0) {
      if (const Status begun = writer.begin(); !begun) return begun.error();
    }
    return writer;
  }
  return Error{ErrorCode::Busy, path + ": another file comes under this name again and again"};
}

// Writes the header of an empty file.
Status StreamWriter::begin() {
  StreamHeader header;
  // 8 bytes are never cut short, and never wait once the machine is up.
  if (::getrandom(&header.epoch, sizeof header.epoch, 0) != sizeof header.epoch) {
    return fail("can't draw an epoch", errno);
  }
  std::array<std::byte, kStreamHeaderBytes> bytes{};
  encode_stream_header(header, bytes);
  if (Status written = write_once(bytes, "can't write the header"); !written) return written;
  position_ = {kStreamHeaderBytes, chain_start(header.epoch)};
  ready_ = true;
  return Done{};
}

Status StreamWriter::resume_at(const StreamPosition& position, StreamEnd end) {
  if (!failure_.empty()) return Error{ErrorCode::System, failure_};
  struct stat now {};
  if (::fstat(fd_.get(), &now) != 0) return fail("can't ask for its size", errno);
  size_ = static_cast<std::size_t>(now.st_size);
  if (size_ < position.offset || (end == StreamEnd::Clean && size_ != position.offset)) {
    return Error{ErrorCode::System, path_ + ": it holds " + std::to_string(size_) + " bytes and " +
                                        std::to_string(position.offset) +
                                        " were read: someone writes it without its lock"};
  }
  if (size_ > position.offset) {
    if (::ftruncate(fd_.get(), static_cast<off_t>(position.offset)) != 0) {
      return fail("can't cut off an unfinished record", errno);
    }
    spdlog::warn("{}: cut off {} bytes at offset {}: a record there was not written to its end",
                 path_, size_ - position.offset, position.offset);
    size_ = position.offset;
  }
  if (size_ == 0) return begin();
  position_ = position;
  ready_ = true;
  return Done{};
}

Status StreamWriter::appendable() const {
  if (!failure_.empty()) return Error{ErrorCode::System, failure_};
  if (!ready_ || !fd_) {
    return Error{ErrorCode::System, path_ + ": not ready to be appended to; read it first"};
  }
  return Done{};
}

Status StreamWriter::append(const Record& record, std::uint64_t position) {
  if (Status able = appendable(); !able) return able;
  if (Status flushed = flush(); !flushed) return flushed;
  frame_.clear();
  std::uint32_t chain = position_.chain;
  if (!append_frame(record, chain, frame_, position)) {
    return fail("can't append a record", EMSGSIZE);
  }
  if (Status written = write_once(frame_, "can't append a record"); !written) return written;
  position_ = {position_.offset + frame_.size(), chain};
  return Done{};
}

Status StreamWriter::append_later(const Record& record) {
  if (Status able = appendable(); !able) return able;
  std::uint32_t chain = position_.chain;
  const std::size_t before = later_.size();
  if (!append_frame(record, chain, later_)) return fail("can't append a record", EMSGSIZE);
  position_ = {position_.offset + later_.size() - before, chain};
  constexpr std::size_t kEnough = std::size_t{64} * 1024;
  return later_.size() < kEnough ? Status(Done{}) : flush();
}

Status StreamWriter::flush() {
  if (!failure_.empty()) return Error{ErrorCode::System, failure_};
  if (later_.empty()) return Done{};
  Status written = write_once(later_, "can't append records");
  later_.clear();
  return written;
}

Status StreamWriter::rename_to(const std::string& path) {
  if (::rename(path_.c_str(), path.c_str()) != 0) {
    return failed(path_, "can't rename it to " + path, errno);
  }
  path_ = path;
  return Done{};
}

// One write(2). A second for the rest of a short one could land behind what another wrote, and what
// is wrong with the disk would not have gone away.
Status StreamWriter::write_once(std::span<const std::byte> bytes, const char* what) {
  ssize_t wrote = 0;
  do {
    wrote = ::write(fd_.get(), bytes.data(), bytes.size());
  } while (wrote < 0 && errno == EINTR);
  if (wrote < 0) return fail(what, errno);
  size_ += static_cast<std::size_t>(wrote);
  // Linux does not say why a write was short; a full disk and a size limit are what there is.
  if (static_cast<std::size_t>(wrote) != bytes.size()) {
    return fail(std::string(what) + ", only " + std::to_string(wrote) + " of " +
                    std::to_string(bytes.size()) + " bytes were taken",
                ENOSPC);
  }
  return Done{};
}

Status StreamWriter::sync() {
  if (!failure_.empty()) return Error{ErrorCode::System, failure_};
  // Not even EINTR is tried again: after a failure the kernel takes the lost pages for clean, and a
  // second call would report success.
  if (::fdatasync(fd_.get()) != 0) return fail("can't bring it to the disk", errno);
  return Done{};
}

Status StreamWriter::sync_name() {
  if (!failure_.empty()) return Error{ErrorCode::System, failure_};
  const std::string directory = path_.substr(0, path_.rfind('/'));
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fail("can't bring its name to the disk", errno);
  return Done{};
}

Error StreamWriter::fail(const std::string& what, int error_number) {
  failure_ = path_ + ": offset " + std::to_string(position_.offset) + ": " + what + ": " +
             text_of(error_number) + "; what is recorded is kept";
  ready_ = false;
  return {ErrorCode::System, failure_};
}

Result<bool> stream_is_locked(const std::string& path) {
  for (int race = 0; race < kRaces; ++race) {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
      if (errno == ENOENT) return false;
      return failed(path, "can't open the checkpoint", errno);
    }
    while (::flock(fd.get(), LOCK_SH | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return true;
      if (errno != EINTR) return failed(path, "can't ask for the checkpoint's lock", errno);
    }
    // A free lock tells only of the file that was opened. If the name means another by now, that
    // one was locked before it got the name.
    struct stat ours {};
    struct stat named {};
    if (::fstat(fd.get(), &ours) != 0) return failed(path, "can't look at it", errno);
    if (::stat(path.c_str(), &named) == 0 && ours.st_ino == named.st_ino &&
        ours.st_dev == named.st_dev) {
      return false;
    }
  }
  return true;  // replaced again and again: whoever does that holds its lock
}

}  // namespace thermos
