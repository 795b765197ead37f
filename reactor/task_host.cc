#include "reactor/task_host.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <spdlog/spdlog.h>

#include "reactor/identity.h"
#include "reactor/task_store.h"

namespace thermos {
namespace {

// Between two looks at what nothing tells of.
constexpr Microseconds kLookAgain = kSecond / 20;
// From asking for an end by force to killing who does not carry it out.
constexpr Microseconds kPatience = 5 * kSecond;

}  // namespace

TaskHost::TaskHost(Reactor& reactor, const TaskPlace& place, Graph graph, SyncMode sync,
                   TaskObserver& observer, OnEnd on_end)
    : reactor_(reactor),
      place_(place),
      graph_(std::move(graph)),
      sync_(sync),
      observer_(observer),
      on_end_(std::move(on_end)) {
  for (ProcessIndex p = 0; p < place_.task.processes.size(); ++p) {
    index_.emplace(place_.task.processes[p].name, p);
  }
  reactor_.join(this);
}

TaskHost::~TaskHost() {
  if (timer_) reactor_.deadlines().cancel(*timer_);
  if (redraw_) reactor_.deadlines().cancel(*redraw_);
  for (const auto& [p, line] : lines_) {
    if (line->timer) reactor_.deadlines().cancel(*line->timer);
    if (line->ours) reactor_.children().forget(line->coordinator.pid);
  }
  reactor_.inotify().unwatch(watch_);
  reactor_.leave(this);
}

void TaskHost::kill(const KillRequest& request, std::string reason) {
  dispatch(KillAsked{request.wait, request.lose, std::move(reason)});
}

Status TaskHost::order(const OrderRequest& request, std::string reason) {
  const auto it = index_.find(request.process);
  if (it == index_.end()) {
    return Error{ErrorCode::NotFound,
                 "task " + place_.header.task_id + " has no process " + request.process};
  }
  if (auto may = runner_->may_order(it->second); !may) return may;
  if (stopped_) return Error{ErrorCode::System, "the task is led no longer"};
  dispatch(Ordered{it->second, request.verb, request.wait, std::move(reason)});
  return Done{};
}

// ---- events in, effects out --------------------------------------------------------------------

void TaskHost::dispatch(const Event& event) {
  if (auto handled = handle(event); !handled) stop(handled.error());
}

Status TaskHost::handle(const Event& event) {
  if (stopped_) return Done{};
  reactor_.touch(this);
  auto effects = runner_->handle(event, reactor_.loop().now());
  if (!effects) return effects.error();
  for (const Effect& effect : *effects) {
    const auto* append = std::get_if<Append>(&effect);
    if (append == nullptr) {
      pending_.push_back(effect);
      continue;
    }
    const std::uint64_t position = observer_.next_position();
    if (auto appended = writer_->append(append->record, position); !appended) {
      stop(appended.error());
      return Done{};
    }
    if (position != 0) observer_.on_appended(position, writer_->last_payload());
    ++records_;
    must_sync_ = must_sync_ || append->must_last;
    observer_.on_record(append->record, runner_->history());
  }
  return Done{};
}

void TaskHost::end_turn() {
  while (!stopped_ && (must_sync_ || !pending_.empty())) {
    if (must_sync_ && sync_ == SyncMode::Power) {
      if (auto synced = writer_->sync(); !synced) {
        stop(synced.error());
        break;
      }
    }
    must_sync_ = false;
    std::vector<Effect> effects;
    effects.swap(pending_);
    for (const Effect& effect : effects) {
      if (!stopped_) release(effect);
    }
  }
  if (!stopped_) compact_if_long();
  if (result_) {
    // Last: the owner may destroy this host in it.
    const auto result = std::move(*result_);
    result_.reset();
    on_end_(result);
    return;
  }
  if (stopped_ || !runner_) return;
  const Now now = reactor_.loop().now();
  const auto redraw = observer_.on_turn(*runner_, now);
  if (redraw_) reactor_.deadlines().cancel(*redraw_);
  redraw_.reset();
  if (redraw) redraw_ = reactor_.deadlines().add(*redraw, [this] { reactor_.touch(this); });
}

void TaskHost::compact_if_long() {
  const std::size_t size = writer_->position().offset;
  if (size < compact_at_) return;
  // Worth it when less than a third would stay. If not, not before it has doubled.
  if (runner_->history().records_after(kKeptRuns) * 3 < records_) {
    runner_->drop_old(kKeptRuns);
    auto compacted = compact_stream(writer_->path(), runner_->history(), sync_ == SyncMode::Power);
    if (compacted) {
      writer_ = std::move(*compacted);
      records_ = runner_->history().records_after(kKeptRuns);
    } else {
      spdlog::warn("{}; going on with the long one", compacted.error().message);
    }
  }
  compact_at_ = std::max(kLongStream, 2 * writer_->position().offset);
}

void TaskHost::release(const Effect& effect) {
  if (const auto* start = std::get_if<StartProcess>(&effect)) {
    launch(*start);
  } else if (const auto* terminate = std::get_if<Terminate>(&effect)) {
    signal(terminate->process, terminate->run, false);
  } else if (const auto* kill = std::get_if<Kill>(&effect)) {
    signal(kill->process, kill->run, true);
  } else if (const auto* sweep_effect = std::get_if<Sweep>(&effect)) {
    sweep(*sweep_effect);
  } else if (const auto* timer = std::get_if<SetTimer>(&effect)) {
    set_timer(*timer);
  } else if (const auto* finish = std::get_if<Finish>(&effect)) {
    finishing_ = finish->state;
    finish_if_quiet();
  }
}

void TaskHost::stop(Error error) {
  if (stopped_) return;
  stopped_ = true;
  pending_.clear();
  leader_.reset();
  error.message += "; processes that run go on";
  // From what is corrupt, or gone, no new start could go on.
  if (error.code == ErrorCode::System && !checkpoints_gone_) {
    error.message += ", and a new start takes over from there";
  }
  report(std::move(error));
}

void TaskHost::stop_without_checkpoints() {
  checkpoints_gone_ = true;
  stop({ErrorCode::System, place_.paths.checkpoint_dir(place_.header.task_id) +
                               " is gone: someone removed the task's checkpoints"});
}

void TaskHost::report(Result<TaskState> result) {
  result_ = std::move(result);
  reactor_.touch(this);
}

void TaskHost::set_timer(const SetTimer& effect) {
  if (timer_) reactor_.deadlines().cancel(*timer_);
  timer_.reset();
  if (!effect.at) return;
  timer_ = reactor_.deadlines().add(*effect.at, [this] {
    timer_.reset();
    dispatch(TimerDue{});
  });
}

void TaskHost::finish_if_quiet() {
  // Coordinators that said their last word are about to exit; a finished task leaves not even them.
  if (!finishing_ || stopped_ || busy_lines_ > 0) return;
  stopped_ = true;
  clear_groups();
  const bool durable = sync_ == SyncMode::Power;
  if (auto moved = move_to_finished(place_.paths, place_.header.task_id, durable); !moved) {
    // The record is what counts; the next start sees it and moves the file.
    spdlog::error("{}", moved.error().message);
  }
  if (leader_) leader_->announce(*finishing_);
  leader_.reset();
  report(*finishing_);
}

// ---- launching ---------------------------------------------------------------------------------

void TaskHost::launch(const StartProcess& start) {
  Line& line = line_of(start.process);
  if (line.phase != Line::Phase::Idle) {
    line.deferred = start;  // the coordinator of the run before still holds the lock
    return;
  }
  const std::string path = stream_path(start.process);
  auto writer = StreamWriter::open(path);
  if (!writer) {
    if (writer.error().code == ErrorCode::Busy) {
      adopt(start.process, false);
    } else if (writer.error().code == ErrorCode::NotFound) {
      stop_without_checkpoints();
    } else {
      launch_failed(start, {writer.error().code == ErrorCode::System, writer.error().message});
    }
    return;
  }
  line.run = start.run;
  send_launch(start, line, std::move(*writer));
}

void TaskHost::send_launch(const StartProcess& start, Line& line, StreamWriter writer) {
  const ProcessIndex p = start.process;
  if (line.position.offset == 0) line.position = writer.position();  // a file just begun
  struct stat info {};
  if (fstat(writer.fd(), &info) == 0 &&
      static_cast<std::size_t>(info.st_size) != line.position.offset) {
    // Never cut what has not been read.
    if (!read_line(p, Origin::FoundAtResume)) return;
    if (line.unread) {
      launch_failed(start, {true, "cannot read " + writer.path()});
      return;
    }
  }
  const Run& run_of_now = *past(p).current();
  if (!past(p).live() || run_of_now.number != start.run ||
      run_of_now.state != ProcessState::Waiting) {
    // It ran already, and our own stream had lost that: what is on record is the answer.
    if (past(p).live() && run_of_now.state != ProcessState::Waiting) {
      dispatch(CoordinatorGone{p, run_of_now.number, run_of_now.boot != reactor_.boot()});
    }
    return;
  }
  if (auto ready = writer.resume_at(line.position, StreamEnd::Torn); !ready) {
    launch_failed(start, {true, ready.error().message});
    return;
  }
  if (writer.position().offset > kLongCoordinatorStream) {
    // All of it is in our own stream, and synced there before this launch was released.
    ProcessSummary summary;
    summary.process = place_.task.processes[p].name;
    summary.next_seq = start.seq;
    summary.next_run = start.run;
    auto fresh = restart_stream(writer.path(), summary);
    if (fresh) {
      writer = std::move(*fresh);
      line.reader.reset();  // it reads the old file
    } else {
      spdlog::warn("{}; going on with the long one", fresh.error().message);
    }
  }
  line.position = writer.position();

  const ProcessConfig& process = place_.task.processes[p];
  Launch launch;
  launch.process = process.name;
  launch.seq = start.seq;
  launch.run = start.run;
  launch.chain = line.position.chain;
  launch.boot = reactor_.boot();
  launch.cmdline = process.cmdline;
  RunLogs logs;
  auto trouble = site_->fill(launch);
  if (!trouble) trouble = site_->open_logs(process, start.run, launch, logs);
  if (!trouble) site_->drop_logs(process.name, start.run, past(p).first_failed);
  if (trouble) {
    launch_failed(start, *trouble);
    return;
  }
  line.phase = Line::Phase::Sent;
  line.overdue_at.reset();
  line.coordinator = {};
  line.ours = false;
  ++busy_lines_;
  const std::uint32_t run = start.run;
  auto sent =
      reactor_.launch(std::move(launch), writer.release(), std::move(logs), make_group(p, run),
                      [this, p, run, here = std::weak_ptr<bool>(alive_)](const Launched& l) {
                        if (!here.expired()) answered(p, run, l);
                      });
  if (!sent) {
    line.phase = Line::Phase::Idle;
    --busy_lines_;
    launch_failed(start, {false, sent.error().message});
  }
}

void TaskHost::launch_failed(const StartProcess& start, const LaunchTrouble& trouble) {
  if (trouble.retry) {
    spdlog::warn("task {}, process {}: {}; trying again", place_.header.task_id,
                 place_.task.processes[start.process].name, trouble.reason);
  }
  dispatch(LaunchFailed{start.process, start.run, trouble.retry, trouble.reason});
}

void TaskHost::answered(ProcessIndex p, std::uint32_t run, const Launched& launched) {
  Line& line = line_of(p);
  if (line.run != run || line.phase != Line::Phase::Sent) return;
  if (launched.pid == 0) {
    line.phase = Line::Phase::Idle;
    --busy_lines_;
    const bool retry = trouble_of("", launched.error).retry || launched.error == EBADMSG;
    launch_failed({p, run, 0}, {retry, std::string("cannot start a coordinator: ") +
                                           std::strerror(launched.error)});
    return;
  }
  line.phase = Line::Phase::Alive;
  line.ours = true;
  line.coordinator.pid = launched.pid;  // its ticks come with FORKED
  reactor_.children().watch(launched.pid, [this, p, run](int) { gone(p, run); });
}

void TaskHost::fork_server_died() {
  for (const auto& [p, line] : lines_) {
    if (line->phase != Line::Phase::Sent) continue;
    // Cloned without an answer, or never: its stream and its lock tell.
    if (!read_line(p, Origin::Recorded)) return;
    watch_coordinator(p, *line);
  }
}

// Said of the first alone: on a full disk ten thousand may come to the same.
bool TaskHost::coordinator_troubled(pid_t pid, int error_number) {
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

// ---- watching ----------------------------------------------------------------------------------

bool TaskHost::read_line(ProcessIndex p, Origin origin) {
  Line& line = line_of(p);
  const std::string path = stream_path(p);
  if (!line.reader) {
    // O_NONBLOCK: a FIFO under this name must not hang all tasks. It means nothing to a file.
    line.reader.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    const int error = line.reader ? 0 : errno;
    const bool unread = error != 0 && error != ENOENT;
    if (unread && !trouble_of("", error).retry) {
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
    if (status == nullptr) return Status(Done{});  // a summary of runs that are known anyway
    if (status->process != place_.task.processes[p].name) {
      return Status(Error{ErrorCode::Corrupt,
                          "a record of another process, " + std::string(status->process)});
    }
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
  return !stopped_;
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
  if (line.phase == Line::Phase::Sent && line.coordinator.pid != 0) {
    // The fork server died before it could say so, but this is a child of ours.
    line.phase = Line::Phase::Alive;
    line.ours = true;
    reactor_.children().watch(line.coordinator.pid, [this, p, run](int) { gone(p, run); });
    return;
  }
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
    if (later.run != run || later.phase == Line::Phase::Idle || later.ours || later.pidfd) return;
    if (read_line(p, Origin::Recorded)) watch_coordinator(p, later);
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
    reactor_.touch(this);
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

// ---- ending ------------------------------------------------------------------------------------

void TaskHost::signal(ProcessIndex p, std::uint32_t run, bool hard) {
  Line& line = line_of(p);
  if (line.deferred && line.deferred->run == run) {
    line.deferred.reset();
    dispatch(LaunchCancelled{p, run});
    return;
  }
  if (line.phase == Line::Phase::Idle) {
    dispatch(LaunchCancelled{p, run});
    return;
  }
  if (line.run != run) return;
  if (line.coordinator.ticks == 0) {
    // Not heard of yet. The state machine asks again when it is, which without inotify nobody would
    // notice: so look, and look again.
    if (hard && line.phase == Line::Phase::Sent) {
      const Microseconds now = reactor_.loop().now().boot;
      if (!line.overdue_at) line.overdue_at = now + kPatience;
      // A fork server that somebody stopped holds the launch, and the end of the task, up.
      if (now >= *line.overdue_at) {
        line.overdue_at.reset();
        reactor_.replace_fork_server();
      }
    }
    if (!read_line(p, Origin::Recorded) || line.coordinator.ticks != 0 || line.timer) return;
    line.timer =
        reactor_.deadlines().add(reactor_.loop().now().boot + kLookAgain, [this, p, run, hard] {
          line_of(p).timer.reset();
          signal(p, run, hard);
        });
    return;
  }
  if (!hard) {
    send(line.coordinator, SIGTERM);
    return;
  }
  // The coordinator ends its whole tree and records it; one that somebody stopped must first go on.
  send(line.coordinator, SIGUSR1);
  send(line.coordinator, SIGCONT);
  if (line.timer) return;
  line.timer = reactor_.deadlines().add(reactor_.loop().now().boot + kPatience, [this, p, run] {
    Line& later = line_of(p);
    later.timer.reset();
    if (later.phase == Line::Phase::Idle || later.run != run || past(p).current() == nullptr ||
        is_terminal(past(p).current()->state)) {
      return;
    }
    spdlog::warn("task {}, process {}: its coordinator (pid {}) does not end it; killing both",
                 place_.header.task_id, place_.task.processes[p].name, later.coordinator.pid);
    send(later.coordinator, SIGKILL);
  });
}

void TaskHost::send(const Identity& coordinator, int number) {
  reactor_.spares().lend([&] { send_signal(coordinator, number); });
}

void TaskHost::sweep(const Sweep& effect) {
  const Run& run = *past(effect.process).current();
  const Sweeper::Leftover leftover{run.coordinator, run.process, line_of(effect.process).ours,
                                   group_path(effect.process, effect.run)};
  spdlog::warn("task {}, process {}, run {}: its coordinator (pid {}) vanished",
               place_.header.task_id, place_.task.processes[effect.process].name, effect.run,
               run.coordinator.pid);
  reactor_.sweeper().sweep(leftover, [this, effect, here = std::weak_ptr<bool>(alive_)] {
    if (here.expired()) return;
    remove_group(effect.process, effect.run);
    dispatch(Swept{effect.process, effect.run});
  });
}

// ---- small things ------------------------------------------------------------------------------

TaskHost::Line& TaskHost::line_of(ProcessIndex p) {
  auto& line = lines_[p];
  if (!line) line = std::make_unique<Line>();
  return *line;
}

std::string TaskHost::stream_path(ProcessIndex p) const {
  return place_.paths.coordinator_stream(place_.header.task_id, place_.task.processes[p].name);
}

const ProcessHistory& TaskHost::past(ProcessIndex p) const {
  return runner_->past(p);
}

}  // namespace thermos
