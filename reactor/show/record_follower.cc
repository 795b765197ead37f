#include "reactor/show/record_follower.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "reactor/lookup/daemon_argument.h"
#include "reactor/os/errors.h"

namespace thermos {

Status RecordFollower::apply(const Record& record, std::set<std::uint32_t>& touched) {
  const auto applied = history_.apply(record);
  if (!applied) return applied.error();
  if (const auto* status = std::get_if<ProcessStatus>(&record)) {
    if (const auto index = history_.find(status->process)) touched.insert(*index);
  }
  return Done{};
}

Status StreamFollower::reopen(std::uint64_t inode) {
  Descriptor fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return system_error(path_, errno);
  fd_ = std::move(fd);
  inode_ = inode;
  position_ = {};
  history_ = History();
  return Done{};
}

Status StreamFollower::read_on(std::set<std::uint32_t>& touched) {
  struct stat named {};
  if (::stat(path_.c_str(), &named) != 0) {
    // The task's file is created before its runner writes.
    if (errno == ENOENT && !history_.header()) return Done{};
    return system_error(path_, errno);
  }
  // Compaction replaces the file.
  if (!fd_ || named.st_ino != inode_) {
    if (Status opened = reopen(named.st_ino); !opened) return opened;
  }
  const Result<StreamEnd> end =
      read_stream(fd_.get(), path_, position_,
                  [&](const Record& record) -> Status { return apply(record, touched); });
  if (!end) return end.error();
  return Done{};
}

Result<std::uint32_t> StreamFollower::recorded_by() const {
  struct stat recorded {};
  if (::stat(path_.c_str(), &recorded) != 0) return system_error(path_, errno);
  return recorded.st_uid;
}

Status EventFollower::read_on(std::set<std::uint32_t>& touched) {
  for (;;) {
    const auto reply = client_.receive(0);
    if (!reply) return reply.error();
    if (!*reply) return Done{};
    if (const auto* failure = std::get_if<Error>(&(*reply)->body)) return *failure;
    const auto* event = std::get_if<control::Event>(&(*reply)->body);
    if (event == nullptr) continue;
    Status applied = Done{};
    const auto take = [&](const Record& record) { applied = apply(record, touched); };
    if (Status decoded = decode_event(*event, take); !decoded) return decoded;
    if (!applied) return applied;
  }
}

}  // namespace thermos
