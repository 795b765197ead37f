#include "reactor/commands/task_follower.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "reactor/commands/text.h"
#include "reactor/os/errors.h"

namespace thermos {
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
  if (::stat(path_.c_str(), &named) != 0) return system_error(path_, errno);
  // Compaction replaces the file.
  if (!fd_ || named.st_ino != inode_) {
    if (Status opened = reopen(named.st_ino); !opened) return opened;
  }
  const Result<StreamEnd> end =
      read_stream(fd_.get(), path_, position_, [&](const Record& record) -> Status {
        const auto applied = history_.apply(record);
        if (!applied) return applied.error();
        if (const auto* status = std::get_if<ProcessStatus>(&record)) {
          if (const auto index = history_.find(status->process)) touched.insert(*index);
        }
        return Done{};
      });
  if (!end) return end.error();
  return Done{};
}

TaskFollower::TaskFollower(const Paths& paths, Wanted wanted, const History& so_far, Output& out)
    : paths_(paths),
      wanted_(std::move(wanted)),
      out_(out),
      stream_(paths.runner_stream(wanted_.task_id)),
      header_(so_far.header()),
      so_far_(&so_far) {}

bool TaskFollower::wants(std::string_view process) const {
  return !wanted_.process || *wanted_.process == process;
}

TaskFollower::Followed& TaskFollower::followed(const std::string& process) {
  Followed& one = followed_[process];
  one.name = process;
  return one;
}

Result<LogTail> TaskFollower::find_log(const std::string& process, std::uint32_t run) {
  if (!header_) return Error{ErrorCode::NotFound, wanted_.task_id + " has no header yet"};
  if (!reader_) {
    const std::string stream = paths_.runner_stream(wanted_.task_id);
    struct stat recorded {};
    if (::stat(stream.c_str(), &recorded) != 0) return system_error(stream, errno);
    reader_ = log_reader_of(*header_, recorded.st_uid);
  }
  Result<LogDirectory> directory = LogDirectory::enter(*header_, *reader_, process, run);
  if (!directory) return directory.error();
  return LogTail::open(std::move(*directory), wanted_.standard_error ? "stderr" : "stdout");
}

void TaskFollower::show(Followed& one, std::string_view bytes) {
  if (wanted_.name_width == 0) {
    out_.print(bytes);
    return;
  }
  one.line += bytes;
  const std::string prefix = pad_right(printable(one.name), wanted_.name_width) + " | ";
  std::string shown;
  std::size_t from = 0;
  for (std::size_t end = 0; (end = one.line.find('\n', from)) != std::string::npos;
       from = end + 1) {
    shown.append(prefix).append(one.line, from, end + 1 - from);
  }
  one.line.erase(0, from);
  // A line without an end must not grow without a limit.
  constexpr std::size_t kLongestLine = std::size_t{1} << 20;
  if (one.line.size() > kLongestLine) {
    shown.append(prefix).append(one.line).append("\n");
    one.line.clear();
  }
  if (!shown.empty()) out_.print(shown);
}

void TaskFollower::show_rest(Followed& one) {
  if (!one.line.empty()) show(one, "\n");
}

Status TaskFollower::open_log(Followed& one, std::uint32_t run) {
  one.run = run;
  Result<LogTail> log = find_log(one.name, run);
  if (!log) {
    // A process that could not be launched has no log, and old logs are removed.
    if (log.error().code == ErrorCode::NotFound) return Done{};
    return log.error();
  }
  one.log.emplace(std::move(*log));
  return watch_log(one);
}

Status TaskFollower::watch_log(Followed& one) {
  if (!inotify_) return Done{};
  one.watch = ::inotify_add_watch(inotify_.get(), one.log->watched_path().c_str(),
                                  IN_MODIFY | IN_ATTRIB | IN_DONT_FOLLOW);
  if (one.watch >= 0) {
    by_watch_[one.watch] = one.name;
    return Done{};
  }
  // The log was removed since it was opened, so nothing will be appended to it.
  if (errno == ENOENT) return Done{};
  const std::string hint = errno == ENOSPC ? " (raise fs.inotify.max_user_watches)" : "";
  return Error{ErrorCode::System,
               one.log->path() + ": can't be watched: " + std::strerror(errno) + hint};
}

Status TaskFollower::read_log(Followed& one) {
  if (!one.log) return Done{};
  const auto take = [&](std::string_view bytes) { show(one, bytes); };
  if (Status read = one.log->read_on(take); !read) return read;
  return rewatch_log(one);
}

// A rotation replaces the file under the watched name.
Status TaskFollower::rewatch_log(Followed& one) {
  if (one.watch < 0) return Done{};
  const int before = one.watch;
  if (Status watched = watch_log(one); !watched) return watched;
  if (one.watch < 0) one.watch = before;  // the name is gone, but the open file may still grow
  if (one.watch == before) return Done{};
  ::inotify_rm_watch(inotify_.get(), before);
  by_watch_.erase(before);
  // Output that came after the last read and before the watch.
  return read_log(one);
}

Status TaskFollower::close_log(Followed& one) {
  Status read = read_log(one);
  show_rest(one);
  if (one.watch >= 0) {
    ::inotify_rm_watch(inotify_.get(), one.watch);
    by_watch_.erase(one.watch);
    one.watch = -1;
  }
  one.log.reset();
  return read;
}

Status TaskFollower::show_ends() {
  for (const ProcessHistory& process : so_far_->processes()) {
    if (!wants(process.name)) continue;
    Followed& one = followed(process.name);
    for (auto run = process.runs.rbegin(); run != process.runs.rend() && !one.log; ++run) {
      // A run that is WAITING has no output yet, so the run before it is shown.
      if (run->state == ProcessState::Waiting) continue;
      const std::optional<std::uint32_t> latest = one.run;
      if (Status opened = open_log(one, run->number); !opened) return opened;
      if (latest) one.run = latest;
    }
    if (!one.log) continue;
    if (Status found = one.log->seek_back(wanted_.lines); !found) return found;
    if (Status read = read_log(one); !read) return read;
    const Run* current = process.current();
    if (one.run != current->number || is_terminal(current->state)) show_rest(one);
    if (out_.closed()) return Done{};
  }
  return Done{};
}

// Moves on to the latest run of a process.
Status TaskFollower::advance(const ProcessHistory& process) {
  if (!wants(process.name)) return Done{};
  Followed& one = followed(process.name);
  for (const Run& run : process.runs) {
    if (one.run && run.number < *one.run) continue;
    if (run.state == ProcessState::Waiting) break;
    if (!one.run || run.number > *one.run) {
      if (Status closed = close_log(one); !closed) return closed;
      if (Status opened = open_log(one, run.number); !opened) return opened;
      if (Status read = read_log(one); !read) return read;
    }
    if (is_terminal(run.state) && one.log) {
      if (Status closed = close_log(one); !closed) return closed;
    }
  }
  return Done{};
}

Status TaskFollower::catch_up() {
  std::set<std::uint32_t> touched;
  if (Status read = stream_.read_on(touched); !read) {
    // The task's file is created before its runner writes.
    const bool early = read.error().code == ErrorCode::NotFound && !stream_.history().header();
    if (!early) return read;
  }
  const History& history = stream_.history();
  if (history.header()) header_ = history.header();
  for (const std::uint32_t process : touched) {
    if (Status advanced = advance(history.process(process)); !advanced) return advanced;
  }
  return Done{};
}

// Returns true when there are events; false when the reader of the output is gone.
Result<bool> TaskFollower::wait_for_events() {
  // poll() without events reports POLLERR when a pipe's reader is gone.
  std::array<pollfd, 2> ready = {{{inotify_.get(), POLLIN, 0}, {out_.fd(), 0, 0}}};
  while (::poll(ready.data(), ready.size(), -1) < 0) {
    if (errno != EINTR) return system_error("poll", errno);
  }
  return (ready[1].revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

Status TaskFollower::take_events() {
  alignas(inotify_event) std::array<char, 16384> buffer;
  const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
  if (got < 0 && errno != EAGAIN && errno != EINTR) return system_error("inotify", errno);
  bool all = false;
  for (std::size_t at = 0; got > 0 && at < static_cast<std::size_t>(got);) {
    inotify_event event{};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    at += sizeof event + event.len;
    if ((event.mask & IN_Q_OVERFLOW) != 0) all = true;
    const auto it = by_watch_.find(event.wd);
    if (it == by_watch_.end()) continue;
    if (Status read = read_log(followed_[it->second]); !read) return read;
  }
  if (!all) return Done{};
  for (auto& [name, one] : followed_) {
    if (Status read = read_log(one); !read) return read;
  }
  return Done{};
}

Status TaskFollower::follow() {
  inotify_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify_) return system_error("inotify (see fs.inotify.max_user_instances)", errno);
  const std::string directory = paths_.checkpoint_dir(wanted_.task_id);
  constexpr std::uint32_t kMask = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR;
  if (::inotify_add_watch(inotify_.get(), directory.c_str(), kMask) < 0) {
    return system_error(directory, errno);
  }
  // The logs that show_ends() opened are not watched yet.
  for (auto& [name, one] : followed_) {
    if (!one.log) continue;
    if (Status watched = watch_log(one); !watched) return watched;
    if (Status read = read_log(one); !read) return read;
  }
  for (;;) {
    if (Status caught_up = catch_up(); !caught_up) return caught_up;
    if (out_.closed()) return Done{};
    if (is_terminal(stream_.history().state())) {
      for (auto& [name, one] : followed_) {
        if (Status closed = close_log(one); !closed) return closed;
      }
      return Done{};
    }
    const Result<bool> something = wait_for_events();
    if (!something) return something.error();
    if (!*something) return Done{};
    if (Status taken = take_events(); !taken) return taken;
  }
}

}  // namespace thermos
