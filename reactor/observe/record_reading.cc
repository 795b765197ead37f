#include "reactor/observe/record_reading.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "capnp/codec.h"
#include "core/record/history.h"
#include "reactor/os/errors.h"
#include "reactor/store/ancestor_stream.h"

namespace thermos::observe {
namespace {

// The bytes read in one step: some hundreds of records, which take less than a millisecond.
constexpr std::size_t kPart = std::size_t{64} * 1024;

}  // namespace

RecordReading::RecordReading(const Paths& paths, std::string task_id, std::function<void()> begin,
                             Take take)
    : paths_(paths),
      task_id_(std::move(task_id)),
      path_(paths.runner_stream(task_id_)),
      begin_(std::move(begin)),
      take_(std::move(take)) {}

Status RecordReading::open_again() {
  Result<Descriptor> fd = open_stream(path_);
  if (!fd) return fd.error();
  struct stat info {};
  if (::fstat(fd->get(), &info) != 0) return system_error(path_, errno);
  const Result<bool> theirs = is_ancestor_stream(fd->get(), path_);
  if (!theirs) return theirs.error();
  fd_ = std::move(*fd);
  inode_ = info.st_ino;
  recorded_by_ = info.st_uid;
  position_ = {};
  ancestor_size_.reset();
  begin_();
  if (!*theirs) return Done{};
  ancestor_size_ = static_cast<std::uint64_t>(info.st_size);
  return read_ancestor();
}

// Streams of Apache Thermos are read as a whole: they are small, and no program writes them any
// more.
Status RecordReading::read_ancestor() const {
  const Result<History> history = read_recorded_task(paths_, task_id_);
  if (!history) return history.error();
  return history->rewrite(take_);
}

Result<bool> RecordReading::step() {
  struct stat named {};
  if (::stat(path_.c_str(), &named) != 0) {
    if (errno == ENOENT && !fd_) return true;
    return system_error(path_, errno);
  }
  const bool other = !fd_ || named.st_ino != inode_;
  const bool ancestor_grew =
      ancestor_size_ && *ancestor_size_ != static_cast<std::uint64_t>(named.st_size);
  if (other || ancestor_grew) {
    if (Status opened = open_again(); !opened) {
      fd_.reset();
      return opened.error();
    }
  }
  if (ancestor_size_) return true;
  Record record = ProcessStatus();
  const auto end = read_part(fd_.get(), path_, position_, kPart, [&](Bytes payload) -> Status {
    if (Status decoded = decode(payload, record); !decoded) return decoded;
    return take_(record);
  });
  if (!end) return end.error();
  return end->has_value();
}

}  // namespace thermos::observe
