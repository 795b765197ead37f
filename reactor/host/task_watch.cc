// How a host watches its coordinators: what they wrote, and whether they live.
#include <fcntl.h>
#include <sys/inotify.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <spdlog/spdlog.h>

#include "reactor/host/task_host.h"
#include "reactor/os/errors.h"
#include "reactor/os/identity.h"

namespace thermos {

// Said of the first alone: on a full disk ten thousand may come to the same.
bool TaskHost::coordinator_cannot_write(pid_t pid, int error_number) {
  for (const auto& [p, line] : lines_) {
    if (line->phase == Line::Phase::Idle || line->coordinator.pid != pid) continue;
    if (!line->troubled && ++troubled_lines_ == 1) {
      spdlog::warn(
          "task {}, process {}, run {}: its coordinator (pid {}) can't write {}: {}; it goes on "
          "trying, and until then the state of the run is not known",
          place_.header.task_id, place_.task.processes[p].name, line->run, pid, stream_path(p),
          std::strerror(error_number));
    }
    line->troubled = true;
    return true;
  }
  return false;
}

void TaskHost::relieved(Line& line) {
  if (!std::exchange(line.troubled, false) || --troubled_lines_ > 0) return;
  spdlog::warn("task {}: its coordinators write again", place_.header.task_id);
}

bool TaskHost::read_line(ProcessIndex p, Origin origin) {
  Line& line = line_of(p);
  const std::string path = stream_path(p);
  if (!line.reader) {
    // O_NONBLOCK: a FIFO under this name must not hang all tasks. It means nothing to a file.
    line.reader.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    const int error = line.reader ? 0 : errno;
    const bool unread = error != 0 && error != ENOENT;
    if (unread && !may_pass(error)) {
      stop({ErrorCode::System, "cannot read " + path + ": " + open_failure(error)});
      return false;
    }
    if (unread && !line.unread) {
      spdlog::warn("cannot read {}: {}; trying again", path, std::strerror(error));
    }
    line.unread = unread;
    if (!line.reader) return true;
    if (auto file = check_is_file(line.reader.get(), path); !file) {
      stop(file.error());
      return false;
    }
  }
  auto end = read_stream(line.reader.get(), path, line.position, [&](const Record& record) {
    const auto* status = std::get_if<ProcessStatus>(&record);
    const auto* summary = std::get_if<ProcessSummary>(&record);
    if (status == nullptr && summary == nullptr) {
      return Status(Error{ErrorCode::Corrupt, "this is no coordinator's stream, but a runner's"});
    }
    const std::string_view whose = status != nullptr ? status->process : summary->process;
    if (whose != place_.task.processes[p].name) {
      return Status(
          Error{ErrorCode::Corrupt, "a record of another process, " + std::string(whose)});
    }
    if (status == nullptr) return Status(Done{});  // it sums up runs that are known anyway
    relieved(line);
    CoordinatorRecord event{p, *status};
    if (origin != Origin::Recorded) event.status.origin = origin;
    // A later run than we know of: our own stream has lost its tail.
    if (status->state == ProcessState::Forked && status->run >= line.run) {
      line.run = status->run;
      line.coordinator = status->identity;
    }
    return handle(event);
  });
  if (!end) stop(end.error());
  // Of a process that runs nothing more comes before its end, and ten thousand descriptors that are
  // kept for it may be more than we have.
  const Run* run = stopped_ ? nullptr : past(p).current();
  if (run != nullptr && (run->state == ProcessState::Running || is_terminal(run->state))) {
    line.reader.reset();
  }
  const bool launched = line.phase == Line::Phase::Sent || line.phase == Line::Phase::Unanswered;
  if (!stopped_ && launched && line.coordinator.pid != 0) born(p, line);
  return !stopped_;
}

// FORKED is as good as the fork server's answer, which can get lost: it may die, or find no memory
// to send it.
void TaskHost::born(ProcessIndex p, Line& line) {
  const std::uint32_t run = line.run;
  const bool told = line.phase == Line::Phase::Sent;  // exits are kept until the answer is there
  line.phase = Line::Phase::Alive;
  line.ours = true;
  if (told || reactor_.children().can_watch(line.coordinator.pid)) {
    reactor_.children().watch(line.coordinator.pid, [this, p, run](int) { gone(p, run); });
  } else {
    gone(p, run);  // reaped already, and taken for an orphan
  }
}

// For where there is no later: nobody is left who could say more.
bool TaskHost::must_read_line(ProcessIndex p, Origin origin) {
  if (!read_line(p, origin)) return false;
  if (!line_of(p).unread) return true;
  stop({ErrorCode::System, "cannot read " + stream_path(p)});
  return false;
}

void TaskHost::adopt(ProcessIndex p, bool rebooted) {
  Line& line = line_of(p);
  line.run = past(p).current()->number;
  line.coordinator = past(p).current()->coordinator;
  if (!read_line(p, Origin::FoundAtResume)) return;
  const Run& run = *past(p).current();
  if (run.state != ProcessState::Waiting && run.boot != reactor_.boot()) {
    if (must_read_line(p, Origin::FoundAtResume)) dispatch(CoordinatorGone{p, line.run, true});
    return;
  }
  if (rebooted && run.state == ProcessState::Waiting) {
    // Only the end of a run waits for the disk.
    spdlog::warn(
        "task {}, process {}, run {}: it was to start as the machine went down; if it did, that is "
        "not on record, and it starts again",
        place_.header.task_id, place_.task.processes[p].name, run.number);
  }
  line.phase = Line::Phase::Alive;
  line.ours = false;
  ++busy_lines_;
  // A question that gets no answer (no descriptor to ask with) is no sign of death.
  const auto locked = stream_is_locked(stream_path(p));
  if (locked && !*locked) {
    gone(p, line.run);  // it may have written and gone between our reading and our asking
  } else {
    watch_coordinator(p, line);
  }
}

void TaskHost::watch_coordinator(ProcessIndex p, Line& line) {
  const std::uint32_t run = line.run;
  // Who keeps one descriptor while asking for the next may wait for others who do the same.
  line.reader.reset();
  if (line.coordinator.pid != 0) {
    if (auto pidfd = open_pidfd(line.coordinator)) {
      line.pidfd = std::move(*pidfd);
      line.pidfd_poll = std::make_unique<Poll>(reactor_.loop(), line.pidfd.get(),
                                               [this, p, run](int) { gone(p, run); });
      return;
    }
  }
  look_at_lock(p);
}

void TaskHost::look_at_lock(ProcessIndex p) {
  // Somebody holds the lock and has not said who they are: a launch still in a queue, or a clone
  // before its first record. inotify tells of both; without it, this look does.
  Line& line = line_of(p);
  const std::uint32_t run = line.run;
  if (line.timer) reactor_.deadlines().cancel(*line.timer);
  line.timer.reset();
  const auto locked = stream_is_locked(stream_path(p));
  if (locked && !*locked) {
    gone(p, run);
    return;
  }
  line.timer = reactor_.deadlines().add(reactor_.loop().now().boot + kLookAgain, [this, p, run] {
    Line& later = line_of(p);
    later.timer.reset();
    const auto settled = [&later, run] {
      return later.run != run || later.phase == Line::Phase::Idle || later.ours || later.pidfd;
    };
    if (!settled() && read_line(p, Origin::Recorded) && !settled()) watch_coordinator(p, later);
  });
}

void TaskHost::gone(ProcessIndex p, std::uint32_t run) {
  Line& line = line_of(p);
  if (line.phase == Line::Phase::Idle || line.run != run) return;
  // Before the reading, which may need the descriptor's place.
  line.pidfd_poll.reset();
  line.pidfd.reset();
  if (line.timer) reactor_.deadlines().cancel(*line.timer);
  line.timer.reset();
  // Its last words first: whatever it wrote is there by now.
  if (!read_line(p, line.ours ? Origin::Recorded : Origin::FoundAtResume)) return;
  if (line.unread) {
    line.timer = reactor_.deadlines().add(reactor_.loop().now().boot + kLookAgain, [this, p, run] {
      line_of(p).timer.reset();
      gone(p, run);
    });
    return;
  }
  line.phase = Line::Phase::Idle;
  --busy_lines_;
  relieved(line);
  line.reader.reset();
  remove_group(p, run);
  dispatch(CoordinatorGone{p, run, false});
  if (const auto next = std::exchange(line.deferred, std::nullopt)) {
    pending_.emplace_back(*next);
    reactor_.mark_dirty(this);
  }
  finish_if_quiet();
}

void TaskHost::on_directory_event(std::string_view name, std::uint32_t mask) {
  // The directory's own end comes late, as long as somebody (the leader's socket) has it open.
  const bool stream_gone = (mask & IN_DELETE) != 0 && name == "runner";
  if ((mask & (IN_DELETE_SELF | IN_IGNORED)) != 0 || stream_gone) {
    stop_without_checkpoints();
    return;
  }
  const auto it = index_.find(process_of_file(name));
  if (it == index_.end()) return;
  const auto found = lines_.find(it->second);
  if (found == lines_.end() || found->second->phase == Line::Phase::Idle) return;
  Line& line = *found->second;
  const std::uint32_t run = line.run;
  const bool ours = line.ours || line.phase == Line::Phase::Sent;
  if (!read_line(it->second, Origin::Recorded)) return;
  if (ours || line.phase != Line::Phase::Alive || line.run != run) return;
  // An adopted one: the last close of a stream frees its lock.
  if ((mask & IN_CLOSE_WRITE) != 0 && !line.pidfd) {
    const auto locked = stream_is_locked(stream_path(it->second));
    if (locked && !*locked) gone(it->second, run);
  } else if (!line.pidfd && line.coordinator.pid != 0 && !line.timer) {
    watch_coordinator(it->second, line);
  }
}

void TaskHost::read_all_lines() {
  std::vector<ProcessIndex> all;
  for (const auto& [p, line] : lines_) {
    if (line->phase != Line::Phase::Idle) all.push_back(p);
  }
  for (const ProcessIndex p : all) {
    if (!read_line(p, Origin::Recorded)) return;
  }
}

}  // namespace thermos
