#include "reactor/host/task_host.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include <spdlog/spdlog.h>

#include "reactor/os/errors.h"
#include "reactor/os/identity.h"
#include "reactor/store/task_store.h"

namespace thermos {
namespace {

// From asking for an end by force to killing who does not carry it out.
constexpr Microseconds kPatience = 5 * kSecond;

}  // namespace

TaskHost::TaskHost(Reactor& reactor, const TaskSetup& place, Graph graph, SyncMode sync,
                   TaskObserver& observer, OnEnd on_end)
    : reactor_(reactor),
      place_(place),
      graph_(std::move(graph)),
      sync_(sync),
      observer_(observer),
      on_end_(std::move(on_end)),
      shortage_(place_.header.task_id, place_.task) {
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
  reactor_.mark_dirty(this);
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
    must_sync_ = must_sync_ || append->durable;
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
  shortage_.report([this](ProcessIndex p) { return waits_for_launch(p); });
  const Timestamp now = reactor_.loop().now();
  const auto redraw = observer_.on_turn(*runner_, now);
  if (redraw_) reactor_.deadlines().cancel(*redraw_);
  redraw_.reset();
  if (redraw) redraw_ = reactor_.deadlines().add(*redraw, [this] { reactor_.mark_dirty(this); });
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
  reactor_.mark_dirty(this);
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
    launch_failed(start, {sent.error().code == ErrorCode::System, sent.error().message});
  }
}

void TaskHost::launch_failed(const StartProcess& start, const LaunchError& trouble) {
  if (trouble.retry) shortage_.add(start.process, trouble.reason);
  dispatch(LaunchFailed{start.process, start.run, trouble.retry, trouble.reason});
}

bool TaskHost::waits_for_launch(ProcessIndex p) const {
  return past(p).live() && past(p).current()->state == ProcessState::Waiting;
}

void TaskHost::answered(ProcessIndex p, std::uint32_t run, const Launched& launched) {
  Line& line = line_of(p);
  if (line.run != run || line.phase != Line::Phase::Sent) return;
  if (launched.pid == 0) {
    line.phase = Line::Phase::Idle;
    --busy_lines_;
    const bool retry = may_pass(launched.error) || launched.error == EBADMSG;
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
    // Its stream and its lock tell.
    line->phase = Line::Phase::Unanswered;
    if (!read_line(p, Origin::Recorded)) return;
    if (line->phase == Line::Phase::Unanswered) watch_coordinator(p, *line);
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
