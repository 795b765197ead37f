#include "reactor/show/task_follower.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <spdlog/spdlog.h>

#include "reactor/cli/terminal_text.h"
#include "reactor/os/errors.h"
#include "reactor/views/record_lines.h"

namespace thermos {
namespace {

constexpr std::size_t kStderr = 1;
constexpr std::string_view kStderrColour = "33";

}  // namespace

TaskFollower::TaskFollower(RecordFollower& records, Wanted wanted, const History& so_far,
                           Output& out)
    : records_(records),
      wanted_(std::move(wanted)),
      out_(out),
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

// Returns the place of a run's output in the task from which it was taken over; nothing for a run
// of this task.
Result<std::optional<LogPlace>> TaskFollower::taken_place(const std::string& process,
                                                          std::uint32_t run) const {
  const auto known = so_far_->find(process);
  const Run* of = known ? so_far_->process(*known).run(run) : nullptr;
  if (of == nullptr || of->taken_over_from().empty()) return std::optional<LogPlace>();
  const std::string from(of->taken_over_from());
  if (wanted_.find_taken) {
    if (auto place = wanted_.find_taken(from, process)) return place;
  }
  return Error{ErrorCode::NotFound, printable(process) + ": its output is that of task " +
                                        printable(from) +
                                        ", from which it was taken over, and can't be found"};
}

Result<LogTail> TaskFollower::find_log(const std::string& process, std::uint32_t run,
                                       std::size_t stream) {
  const auto taken = taken_place(process, run);
  if (!taken) {
    if (stream == kStderr || !wanted_.streams[kStderr]) spdlog::warn("{}", taken.error().message);
    return taken.error();
  }
  if (*taken) {
    const LogPlace& place = **taken;
    Result<LogDirectory> directory =
        LogDirectory::enter(place.header, place.reader, process, place.run);
    if (!directory) return directory.error();
    return LogTail::open(std::move(*directory), kLogNames[stream]);
  }
  if (!header_) return Error{ErrorCode::NotFound, wanted_.task_id + " has no header yet"};
  if (!reader_) {
    const Result<std::uint32_t> recorded_by = records_.recorded_by();
    if (!recorded_by) return recorded_by.error();
    reader_ = log_reader_of(*header_, *recorded_by);
  }
  Result<LogDirectory> directory = LogDirectory::enter(*header_, *reader_, process, run);
  if (!directory) return directory.error();
  return LogTail::open(std::move(*directory), kLogNames[stream]);
}

// Colours text that was written to stderr, if both streams are shown. A newline is not coloured, so
// that a terminal does not colour the rest of its row.
std::string TaskFollower::marked(std::size_t stream, std::string_view bytes) const {
  const bool mark =
      wanted_.colour && stream == kStderr && wanted_.streams[0] && wanted_.streams[kStderr];
  if (!mark) return std::string(bytes);
  LineStyle style;
  style.colour = true;
  std::string text;
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    if (end > 0) text += coloured(std::string(bytes.substr(0, end)), kStderrColour, style);
    if (end < bytes.size()) text += '\n';
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return text;
}

// Prints the output of a single process, without a prefix. Ends an unfinished line of one stream
// before text of the other stream.
void TaskFollower::show_as_it_is(const Log& log, std::size_t stream, std::string_view bytes) {
  if (bytes.empty()) return;
  if (line_open_ && last_shown_ != &log) out_.print("\n");
  last_shown_ = &log;
  line_open_ = bytes.back() != '\n';
  out_.print(marked(stream, bytes));
}

void TaskFollower::show(Followed& one, std::size_t stream, std::string_view bytes) {
  Log& log = one.logs[stream];
  if (wanted_.name_width == 0) return show_as_it_is(log, stream, bytes);
  log.line += bytes;
  const std::string prefix = pad_right(printable(one.name), wanted_.name_width) + " | ";
  std::string shown;
  std::size_t from = 0;
  for (std::size_t end = 0; (end = log.line.find('\n', from)) != std::string::npos;
       from = end + 1) {
    shown += prefix;
    shown += marked(stream, std::string_view(log.line).substr(from, end + 1 - from));
  }
  log.line.erase(0, from);
  // A line without an end must not grow without a limit.
  constexpr std::size_t kLongestLine = std::size_t{1} << 20;
  if (log.line.size() > kLongestLine) {
    shown += prefix + marked(stream, log.line) + "\n";
    log.line.clear();
  }
  if (!shown.empty()) out_.print(shown);
}

void TaskFollower::show_rest(Followed& one) {
  for (std::size_t stream = 0; stream < one.logs.size(); ++stream) {
    if (!one.logs[stream].line.empty()) show(one, stream, "\n");
  }
}

Status TaskFollower::open_logs(Followed& one, std::uint32_t run) {
  one.run = run;
  for (std::size_t stream = 0; stream < one.logs.size(); ++stream) {
    if (!wanted_.streams[stream]) continue;
    Result<LogTail> tail = find_log(one.name, run, stream);
    if (!tail) {
      // A process that could not be launched has no log, and old logs are removed.
      if (tail.error().code == ErrorCode::NotFound) continue;
      return tail.error();
    }
    one.logs[stream].tail.emplace(std::move(*tail));
    if (Status watched = watch_log(one, stream); !watched) return watched;
  }
  return Done{};
}

// Moves to the last lines. If both streams have more than enough lines, each gets half of them.
Status TaskFollower::seek_ends(Followed& one) {
  std::array<std::uint64_t, 2> found{};
  for (std::size_t stream = 0; stream < one.logs.size(); ++stream) {
    if (!one.logs[stream].tail) continue;
    const Result<std::uint64_t> lines = one.logs[stream].tail->seek_back(wanted_.lines);
    if (!lines) return lines.error();
    found[stream] = *lines;
  }
  const std::uint64_t most = wanted_.lines;
  if (most - found[0] >= found[1]) return Done{};
  const std::uint64_t half = most - most / 2;
  const std::uint64_t errors = std::min(found[1], std::max(half, most - found[0]));
  for (std::size_t stream = 0; stream < one.logs.size(); ++stream) {
    const std::uint64_t share = stream == kStderr ? errors : most - errors;
    const Result<std::uint64_t> lines = one.logs[stream].tail->seek_back(share);
    if (!lines) return lines.error();
  }
  return Done{};
}

Status TaskFollower::watch_log(Followed& one, std::size_t stream) {
  Log& log = one.logs[stream];
  if (!inotify_ || !log.tail) return Done{};
  log.watch = ::inotify_add_watch(inotify_.get(), log.tail->watched_path().c_str(),
                                  IN_MODIFY | IN_ATTRIB | IN_DONT_FOLLOW);
  if (log.watch >= 0) {
    by_watch_[log.watch] = {one.name, stream};
    return Done{};
  }
  // The log was removed since it was opened, so nothing will be appended to it.
  if (errno == ENOENT) return Done{};
  Error error = system_error(log.tail->path() + ": can't be watched", errno);
  if (error.cause == ENOSPC) error.message += " (raise fs.inotify.max_user_watches)";
  return error;
}

Status TaskFollower::read_logs(Followed& one) {
  for (std::size_t stream = 0; stream < one.logs.size(); ++stream) {
    if (Status read = read_log(one, stream); !read) return read;
  }
  return Done{};
}

Status TaskFollower::read_log(Followed& one, std::size_t stream) {
  Log& log = one.logs[stream];
  if (!log.tail) return Done{};
  const auto take = [&](std::string_view bytes) { show(one, stream, bytes); };
  if (Status read = log.tail->read_on(take); !read) return read;
  return rewatch_log(one, stream);
}

// Watches the log's name again, because a rotation replaces the file under that name.
Status TaskFollower::rewatch_log(Followed& one, std::size_t stream) {
  Log& log = one.logs[stream];
  if (log.watch < 0) return Done{};
  const int before = log.watch;
  if (Status watched = watch_log(one, stream); !watched) return watched;
  if (log.watch < 0) log.watch = before;  // the name is gone, but the open file may still grow
  if (log.watch == before) return Done{};
  ::inotify_rm_watch(inotify_.get(), before);
  by_watch_.erase(before);
  // Reads output that came after the last read and before the new watch.
  return read_log(one, stream);
}

Status TaskFollower::close_logs(Followed& one) {
  Status read = read_logs(one);
  show_rest(one);
  for (Log& log : one.logs) {
    if (log.watch >= 0) {
      ::inotify_rm_watch(inotify_.get(), log.watch);
      by_watch_.erase(log.watch);
      log.watch = -1;
    }
    log.tail.reset();
  }
  return read;
}

// Returns the numbers of the wanted runs. A run that is no longer on record may still have its
// logs.
std::vector<std::uint32_t> TaskFollower::runs_to_show(const ProcessHistory& process) const {
  if (wanted_.run) {
    if (*wanted_.run >= process.next_run) return {};
    return {*wanted_.run};
  }
  std::vector<std::uint32_t> runs;
  for (const Run& run : process.runs) {
    const bool ran = run.state != ProcessState::Waiting;
    if (ran && (!run.stopped || run.stopped->wall >= *wanted_.since)) runs.push_back(run.number);
  }
  return runs;
}

Status TaskFollower::show_run(Followed& one, std::uint32_t run, bool ended) {
  if (Status opened = open_logs(one, run); !opened) return opened;
  if (!one.open()) return Done{};
  if (Status found = seek_ends(one); !found) return found;
  if (Status read = read_logs(one); !read) return read;
  if (ended) show_rest(one);
  if (ended || !wanted_.follow) {
    for (Log& log : one.logs) log.tail.reset();
  }
  return Done{};
}

Status TaskFollower::show_ends() {
  for (const ProcessHistory& process : so_far_->processes()) {
    if (!wants(process.name)) continue;
    Followed& one = followed(process.name);
    if (wanted_.run || wanted_.since) {
      for (const std::uint32_t number : runs_to_show(process)) {
        const Run* run = process.run(number);
        const bool ended = run == nullptr || is_terminal(run->state);
        if (Status shown = show_run(one, number, ended); !shown) return shown;
        if (out_.closed()) return Done{};
      }
      continue;
    }
    for (auto run = process.runs.rbegin(); run != process.runs.rend() && !one.open(); ++run) {
      // A run that is WAITING has no output yet, so the run before it is shown.
      if (run->state == ProcessState::Waiting) continue;
      const std::optional<std::uint32_t> latest = one.run;
      if (Status opened = open_logs(one, run->number); !opened) return opened;
      if (latest) one.run = latest;
    }
    if (!one.open()) continue;
    if (Status found = seek_ends(one); !found) return found;
    if (Status read = read_logs(one); !read) return read;
    const Run* current = process.current();
    const bool ended = one.run != current->number || is_terminal(current->state);
    if (ended) show_rest(one);
    // The descriptors would not suffice for a task with thousands of processes.
    if (ended || !wanted_.follow) {
      for (Log& log : one.logs) log.tail.reset();
    }
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
      if (Status closed = close_logs(one); !closed) return closed;
      if (Status opened = open_logs(one, run.number); !opened) return opened;
      if (Status read = read_logs(one); !read) return read;
    }
    if (is_terminal(run.state) && one.open()) {
      if (Status closed = close_logs(one); !closed) return closed;
    }
  }
  return Done{};
}

Status TaskFollower::catch_up() {
  for (;;) {
    std::set<std::uint32_t> touched;
    if (Status read = records_.read_on(touched); !read) return read;
    const History& history = records_.history();
    if (history.header()) header_ = history.header();
    // Prints the output of a run before its end is handled, so that the order is right.
    const Result<bool> more = take_events();
    if (!more) return more.error();
    for (const std::uint32_t process : touched) {
      if (Status advanced = advance(history.process(process)); !advanced) return advanced;
    }
    if (!*more || out_.closed()) return Done{};
  }
}

// Returns true when there are events; false when the reader of the output is gone.
Result<bool> TaskFollower::wait_for_events() {
  // poll() without events reports POLLERR when a pipe's reader is gone. It passes over a negative
  // descriptor.
  std::array<pollfd, 3> ready = {
      {{inotify_.get(), POLLIN, 0}, {out_.fd(), 0, 0}, {records_.fd(), POLLIN, 0}}};
  while (::poll(ready.data(), ready.size(), -1) < 0) {
    if (errno != EINTR) return system_error("poll", errno);
  }
  return (ready[1].revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

// Prints what was appended to the logs. Returns whether there may be more, in the records or in the
// logs.
Result<bool> TaskFollower::take_events() {
  // A log that is written without a pause must not keep the others from their turn.
  constexpr int kReads = 16;
  alignas(inotify_event) std::array<char, 16384> buffer;
  bool records = false;
  bool overflow = false;
  bool drained = false;
  for (int reads = 0; reads < kReads && !drained && !out_.closed(); ++reads) {
    const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno != EAGAIN && errno != EINTR) return system_error("inotify", errno);
    drained = got < 0 && errno == EAGAIN;
    for (std::size_t at = 0; got > 0 && at < static_cast<std::size_t>(got);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      at += sizeof event + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) overflow = true;
      const auto it = by_watch_.find(event.wd);
      if (it == by_watch_.end()) {
        records = true;
        continue;
      }
      const LogKey key = it->second;
      if (Status read = read_log(followed_[key.first], key.second); !read) return read.error();
    }
  }
  if (overflow) {
    for (auto& [name, one] : followed_) {
      if (Status read = read_logs(one); !read) return read.error();
    }
  }
  return records || overflow || !drained;
}

Status TaskFollower::follow() {
  inotify_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify_) return system_error("inotify (see fs.inotify.max_user_instances)", errno);
  const std::string directory = records_.directory();
  constexpr std::uint32_t kMask = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR;
  if (!directory.empty() && ::inotify_add_watch(inotify_.get(), directory.c_str(), kMask) < 0) {
    return system_error(directory, errno);
  }
  // The logs that show_ends() opened are not watched yet.
  for (auto& [name, one] : followed_) {
    for (std::size_t stream = 0; stream < one.logs.size(); ++stream) {
      if (Status watched = watch_log(one, stream); !watched) return watched;
    }
    if (Status read = read_logs(one); !read) return read;
  }
  for (;;) {
    if (Status caught_up = catch_up(); !caught_up) return caught_up;
    if (out_.closed()) return Done{};
    if (is_terminal(records_.history().state())) {
      for (auto& [name, one] : followed_) {
        if (Status closed = close_logs(one); !closed) return closed;
      }
      return Done{};
    }
    const Result<bool> something = wait_for_events();
    if (!something) return something.error();
    if (!*something) return Done{};
  }
}

}  // namespace thermos
