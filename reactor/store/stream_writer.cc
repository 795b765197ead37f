#include "reactor/store/stream_writer.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/record/sole_writer.h"
#include "reactor/os/counters.h"
#include "reactor/os/errors.h"
#include "reactor/store/stream_lock.h"

namespace thermos {

Result<StreamWriter> StreamWriter::open(const std::string& path) {
  return begun(lock_stream(path), path);
}

Result<StreamWriter> StreamWriter::open_for_coordinator(const std::string& path) {
  auto locked = lock_stream(path);
  if (!locked) return locked.error();
  StreamWriter writer(std::move(*locked), path);
  writer.for_coordinator_ = true;
  return writer;
}

Result<StreamWriter> StreamWriter::open_patiently(const std::string& path) {
  return begun(lock_stream_patiently(path), path);
}

StreamWriter::StreamWriter(LockedStream locked, std::string path)
    : fd_(std::move(locked.fd)), path_(std::move(path)), size_(locked.size) {}

Result<StreamWriter> StreamWriter::begun(Result<LockedStream> locked, const std::string& path) {
  if (!locked) return locked.error();
  StreamWriter writer(std::move(*locked), path);
  if (writer.size_ == 0) {
    if (const Status wrote = writer.begin(); !wrote) return wrote.error();
  }
  return writer;
}

namespace {

// Returns the next epoch from a buffer of random numbers, which one getrandom(2) fills for many
// files. Returns 0 with errno set if that fails. The buffer needs no lock: one thread begins
// streams, and a forked child executes another program at once.
std::uint64_t next_epoch() {
  static std::array<std::uint64_t, 32> store;
  static std::size_t left = 0;
  // getrandom(2) never returns fewer than 256 bytes, and never blocks once the machine is up.
  if (left == 0 && ::getrandom(store.data(), sizeof store, 0) == sizeof store) left = store.size();
  return left == 0 ? 0 : store[--left];
}

}  // namespace

// Writes the header of an empty file.
Status StreamWriter::begin() {
  StreamHeader header;
  const auto epoch = begin_later();
  if (!epoch) return epoch.error();
  header.epoch = *epoch;
  std::array<std::byte, kStreamHeaderBytes> bytes{};
  encode_stream_header(header, bytes);
  if (Status written = write_once(bytes, "can't write the header"); !written) return written;
  position_ = {kStreamHeaderBytes, chain_start(header.epoch)};
  ready_ = true;
  return Done{};
}

Result<std::uint64_t> StreamWriter::begin_later() {
  const std::uint64_t epoch = next_epoch();
  if (epoch == 0) return fail("cannot get random bytes for the epoch", errno);
  return epoch;
}

Status StreamWriter::resume_at(const StreamPosition& position, StreamEnd end) {
  if (failure_) return *failure_;
  struct stat now {};
  if (::fstat(fd_.get(), &now) != 0) return fail("cannot read its size", errno);
  size_ = static_cast<std::size_t>(now.st_size);
  if (size_ < position.offset || (end == StreamEnd::Clean && size_ != position.offset)) {
    return error_at(ErrorCode::System, path_, std::nullopt,
                    "it holds " + std::to_string(size_) + " bytes and " +
                        std::to_string(position.offset) +
                        " were read: someone writes it without its lock");
  }
  if (size_ > position.offset) {
    if (::ftruncate(fd_.get(), static_cast<off_t>(position.offset)) != 0) {
      return fail("can't cut off an unfinished record", errno);
    }
    spdlog::warn("{}: cut off {} bytes at offset {}: a record there was not written to its end",
                 path_, size_ - position.offset, position.offset);
    ++counters().torn_tails;
    size_ = position.offset;
  }
  if (size_ == 0 && !for_coordinator_) return begin();
  position_ = position;
  ready_ = true;
  return Done{};
}

void StreamWriter::resume_at_end(const StreamPosition& position) {
  position_ = position;
  ready_ = true;
}

Status StreamWriter::appendable() const {
  if (failure_) return *failure_;
  if (!ready_ || !fd_) {
    return error_at(ErrorCode::System, path_, std::nullopt,
                    "internal error: append before the stream was read");
  }
  return Done{};
}

Status StreamWriter::append(const Record& record, std::uint64_t position) {
  const Status later = append_later(record, position);
  return later ? flush() : later;
}

Status StreamWriter::append_later(const Record& record, std::uint64_t position) {
  constexpr std::size_t kEnough = std::size_t{64} * 1024;
  if (Status able = appendable(); !able) return able;
  if (unwritten_ >= kEnough && !held_) {
    if (Status flushed = flush(); !flushed) return flushed;
  }
  if (unwritten_ == 0) frames_.clear();
  std::uint32_t chain = position_.chain;
  const std::size_t before = frames_.size();
  if (!append_frame(record, chain, frames_, position)) {
    return fail("can't append a record", EMSGSIZE);
  }
  last_ = frames_.size() - before;
  unwritten_ += last_;
  position_ = {position_.offset + last_, chain};
  return Done{};
}

Status StreamWriter::flush() {
  if (failure_) return *failure_;
  if (unwritten_ == 0) return Done{};
  if (Status alone = check_alone(); !alone) return alone;
  Status written =
      write_once(frames_, unwritten_ == last_ ? "can't append a record" : "can't append records");
  if (!written) position_.offset -= unwritten_;
  unwritten_ = 0;
  return written;
}

// Another program could still write between this check and our write. The stream is then corrupt
// and is refused. A write that is not made does no harm.
Status StreamWriter::check_alone() {
  struct stat now {};
  if (::fstat(fd_.get(), &now) != 0) return fail("cannot read its size", errno);
  // A removed file has no other writer. If the file was compacted, another file has its name.
  struct stat other {};
  const bool replaced = now.st_nlink == 0 && ::stat(path_.c_str(), &other) == 0;
  if (!has_another_writer(size_, static_cast<std::uint64_t>(now.st_size), !replaced)) {
    return Done{};
  }
  failure_ = error_at(ErrorCode::Busy, path_, std::nullopt,
                      "someone else has written it: another leads this task");
  ready_ = false;
  return *failure_;
}

Status StreamWriter::rename_to(const std::string& path) {
  if (::rename(path_.c_str(), path.c_str()) != 0) {
    return stream_error(path_, "can't rename it to " + path, errno);
  }
  path_ = path;
  return Done{};
}

// Calls write(2) once. A second write for the rest of a short one could land after another
// program's data, and the disk's problem would still be there.
Status StreamWriter::write_once(std::span<const std::byte> bytes, const char* what) {
  ssize_t wrote = 0;
  do {
    wrote = ::write(fd_.get(), bytes.data(), bytes.size());
  } while (wrote < 0 && errno == EINTR);
  if (wrote < 0) return fail(what, errno);
  size_ += static_cast<std::size_t>(wrote);
  counters().stream_bytes += static_cast<std::uint64_t>(wrote);
  // Linux does not say why a write was short. The possible reasons are a full disk and a size
  // limit.
  if (static_cast<std::size_t>(wrote) != bytes.size()) {
    return fail(std::string(what) + ", only " + std::to_string(wrote) + " of " +
                    std::to_string(bytes.size()) + " bytes were taken",
                ENOSPC);
  }
  return Done{};
}

Status StreamWriter::sync() {
  if (failure_) return *failure_;
  return synced(::fdatasync(fd_.get()) == 0 ? 0 : errno);
}

// Not even EINTR is retried: after a failure the kernel treats the lost pages as clean, and a
// second call would report success.
Status StreamWriter::synced(int error_number) {
  if (failure_) return *failure_;
  if (error_number != 0) return fail("cannot sync it", error_number);
  return Done{};
}

Status StreamWriter::sync_name() {
  if (failure_) return *failure_;
  const std::string directory = path_.substr(0, path_.rfind('/'));
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fail("cannot sync its directory", errno);
  return Done{};
}

Error StreamWriter::fail(const std::string& what, int error_number) {
  failure_ = error_at(ErrorCode::System, path_, position_.offset - unwritten_,
                      what + ": " + error_text(error_number), "what is recorded is kept");
  failure_->cause = error_number;
  ready_ = false;
  return *failure_;
}

}  // namespace thermos
