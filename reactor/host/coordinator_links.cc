#include "reactor/host/coordinator_links.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <variant>

#include <spdlog/spdlog.h>

#include "core/runner/runs_to_adopt.h"
#include "reactor/os/counters.h"
#include "reactor/os/errors.h"
#include "reactor/os/pidfd.h"
#include "reactor/store/stream_lock.h"

namespace thermos {

CoordinatorLinks::CoordinatorLinks(Reactor& reactor, const TaskSetup& setup,
                                   const TaskGroups& groups, bool notified, LinkedTask& task)
    : reactor_(reactor),
      setup_(setup),
      groups_(groups),
      notified_(notified),
      task_(task),
      owner_(reactor.launches().join(this)),
      launch_(reactor, setup, groups, [&task] { return task.settle_record(); }),
      write_failures_(setup.header.task_id) {}

CoordinatorLinks::~CoordinatorLinks() {
  reactor_.launches().leave(owner_);
  for (const auto& [p, entry] : entries_) {
    if (entry->timer) reactor_.deadlines().cancel(*entry->timer);
    if (entry->link.is_our_child()) reactor_.children().forget(entry->link.coordinator().pid);
  }
}

// ---- events in, effects out --------------------------------------------------------------------

void CoordinatorLinks::tell(ProcessIndex p, const link::Event& event) {
  if (task_.stopped()) return;
  Entry& entry = entry_of(p);
  const auto effects = entry.link.handle(event, known(p, entry), reactor_.loop().now().boot);
  const bool left = entry.busy && entry.link.idle();
  if (entry.busy == entry.link.idle()) {
    entry.busy = !entry.busy;
    entry.busy ? ++busy_ : --busy_;
  }
  if (left) write_failures_.over(p);
  for (const link::Effect& effect : effects) {
    if (task_.stopped()) return;
    std::visit([&](const auto& one) { carry_out(p, entry, one); }, effect);
  }
  if (left && !task_.stopped()) task_.coordinator_left();
}

void CoordinatorLinks::adopt(ProcessIndex p, bool rebooted) {
  entry_of(p).adopting = true;
  tell(p, link::Adopt{rebooted});
  // If the run is not live any more, its end was in its stream. Otherwise later effects of the link
  // count the result.
  if (!task_.past(p).live()) count_adoption(entry_of(p), "ended");
}

void CoordinatorLinks::count_adoption(Entry& entry, std::string_view result) {
  if (std::exchange(entry.adopting, false)) ++counters().adoptions[result];
}

void CoordinatorLinks::look_beside(ProcessIndex p, bool rebooted) {
  tell(p, link::LookBeside{rebooted});
  if (!entry_of(p).busy) entries_.erase(p);  // a task may have a hundred thousand processes
}

void CoordinatorLinks::changed(ProcessIndex p) {
  const auto found = entries_.find(p);
  if (found != entries_.end() && found->second->busy) tell(p, link::Changed{});
}

void CoordinatorLinks::all_changed() {
  for (const ProcessIndex p : busy_ones()) tell(p, link::Changed{});
}

void CoordinatorLinks::fork_server_died() {
  for (const ProcessIndex p : busy_ones()) tell(p, link::ServerDied{});
}

bool CoordinatorLinks::cannot_write(pid_t pid, int error_number) {
  for (const auto& [p, entry] : entries_) {
    if (!entry->busy || entry->link.coordinator().pid != pid) continue;
    write_failures_.add(p, {name_of(p), entry->link.run(), pid, stream_path(p), error_number});
    return true;
  }
  return false;
}

bool CoordinatorLinks::was_our_child(ProcessIndex p) const {
  const auto found = entries_.find(p);
  return found != entries_.end() && found->second->link.is_our_child();
}

std::vector<Identity> CoordinatorLinks::our_children() const {
  std::vector<Identity> ours;
  for (const auto& [p, entry] : entries_) {
    if (entry->link.is_our_child()) ours.push_back(entry->link.coordinator());
  }
  return ours;
}

std::vector<ControlGroups::Name> CoordinatorLinks::groups() const {
  std::vector<ControlGroups::Name> all;
  all.reserve(entries_.size());
  for (const auto& [p, entry] : entries_) all.push_back(groups_.name(p, entry->link.run()));
  return all;
}

std::vector<ProcessIndex> CoordinatorLinks::busy_ones() const {
  std::vector<ProcessIndex> all;
  for (const auto& [p, entry] : entries_) {
    if (entry->busy) all.push_back(p);
  }
  return all;
}

CoordinatorLinks::Entry& CoordinatorLinks::entry_of(ProcessIndex p) {
  auto& entry = entries_[p];
  if (!entry) entry = std::make_unique<Entry>(p, notified_);
  return *entry;
}

CoordinatorLink::Known CoordinatorLinks::known(ProcessIndex p, const Entry& entry) const {
  const ProcessHistory& past = task_.past(p);
  CoordinatorLink::Known known;
  known.live = past.live();
  known.scarce = reactor_.launches().is_scarce(entry.reader.get());
  if (const Run* run = past.current()) {
    known.run = run->number;
    known.state = run->state;
    known.coordinator = run->coordinator;
    known.other_boot = run->forked && run->boot != reactor_.boot();
  }
  return known;
}

std::string CoordinatorLinks::stream_path(ProcessIndex p) const {
  return setup_.paths.coordinator_stream(setup_.header.task_id, name_of(p));
}

// ---- waiting to be launched --------------------------------------------------------------------

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& /*entry*/, const link::Enqueue& effect) {
  reactor_.launches().enqueue(owner_, p, effect.again);
}

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& /*entry*/,
                                 const link::Dequeue& /*effect*/) {
  reactor_.launches().dequeue(owner_, p);
}

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& /*entry*/, const link::LaunchOver& effect) {
  reactor_.launches().over(owner_, p, effect);
}

void CoordinatorLinks::review_shortages() {
  reactor_.launches().review(owner_, [this](ProcessIndex p) {
    const auto found = entries_.find(p);
    return task_.wants_launch(p) ||
           (found != entries_.end() && found->second->starved && found->second->busy);
  });
}

void CoordinatorLinks::shortage_changed(const ShortageChanged& change) {
  if (!task_.stopped()) tell_runner(change);
}

// ---- the stream and its lock -------------------------------------------------------------------

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& entry, const link::TryLock& /*effect*/) {
  auto writer = StreamWriter::open_for_coordinator(stream_path(p));
  if (writer) {
    const bool unread = writer->size() != entry.position.offset;
    entry.locked.emplace(std::move(*writer));
    tell(p, link::LockTaken{unread});
  } else if (writer.error().code == ErrorCode::Busy) {
    tell(p, link::LockBusy{});
  } else if (writer.error().code == ErrorCode::NotFound) {
    task_.stop_without_checkpoints();
  } else {
    const bool retry = writer.error().code == ErrorCode::System;
    if (retry) ++counters().launch_retries[writer.error().cause];
    tell(p, link::LockFailed{retry, writer.error().message, shortage_of(writer.error().cause)});
  }
}

void CoordinatorLinks::carry_out(ProcessIndex /*p*/, Entry& entry,
                                 const link::DropLock& /*effect*/) {
  entry.locked.reset();
}

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& entry, const link::AskLock& /*effect*/) {
  const auto locked = stream_is_locked(stream_path(p));
  if (locked && *locked) count_adoption(entry, "running");
  tell(p, link::LockIs{!locked   ? link::Lock::Unknown
                       : *locked ? link::Lock::Held
                                 : link::Lock::Free});
}

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& entry, const link::Read& effect) {
  if (!entry.reader && !open_reader(p, entry)) {
    tell(p, link::ReadDone{entry.starved});
    return;
  }
  auto end = read_stream(entry.reader.get(), stream_path(p), entry.position,
                         [&](const Record& record) { return take(p, record, effect.origin); });
  if (!end) {
    task_.stop(end.error());
    return;
  }
  tell(p, link::ReadDone{});
}

bool CoordinatorLinks::open_reader(ProcessIndex p, Entry& entry) {
  const std::string path = stream_path(p);
  // O_NONBLOCK: opening a FIFO of this name must not hang all tasks. The flag has no effect on a
  // regular file.
  entry.reader.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  const int error = entry.reader ? 0 : errno;
  const bool starved = error != 0 && error != ENOENT;
  if (starved && !may_pass(error)) {
    task_.stop({ErrorCode::System, "cannot read " + path + ": " + open_failure(error)});
    return false;
  }
  if (starved) {
    reactor_.launches().short_of(owner_, p, shortage_of(error),
                                 "cannot read " + path + ": " + std::strerror(error));
  } else if (entry.starved) {
    reactor_.launches().settled(owner_, p);
  }
  entry.starved = starved;
  return static_cast<bool>(entry.reader);
}

Status CoordinatorLinks::take(ProcessIndex p, const Record& record, Origin origin) {
  const auto* status = std::get_if<ProcessStatus>(&record);
  const auto* summary = std::get_if<ProcessSummary>(&record);
  const auto* report = std::get_if<ProcessReport>(&record);
  if (status == nullptr && summary == nullptr && report == nullptr) {
    return Error{ErrorCode::Corrupt, "this is no coordinator's stream, but a runner's"};
  }
  const std::string_view whose = status != nullptr   ? status->process
                                 : report != nullptr ? report->process
                                                     : summary->process;
  if (whose != name_of(p)) {
    return Error{ErrorCode::Corrupt, "a record of another process, " + std::string(whose)};
  }
  if (report != nullptr) return task_.handle(CoordinatorReport{p, *report});
  if (status == nullptr) return Done{};  // a summary of runs that the runner's stream has, too
  write_failures_.over(p);
  if (status->state == ProcessState::Forked) tell(p, link::Heard{status->run, status->identity});
  return task_.handle(CoordinatorRecord{p, as_read(*status, origin)});
}

// Keeps a few readers of runs that were started here open, because their streams will be read again
// soon.
void CoordinatorLinks::carry_out(ProcessIndex /*p*/, Entry& entry,
                                 const link::CloseReader& /*effect*/) {
  constexpr std::size_t kMostKept = 32;
  const bool soon = entry.link.state() == link::State::Ours && entry.reader;
  if (soon && !entry.kept && kept_ < kMostKept) {
    entry.kept = true;
    ++kept_;
  }
  if (!soon || !entry.kept) close_reader(entry);
}

void CoordinatorLinks::close_reader(Entry& entry) {
  if (std::exchange(entry.kept, false)) --kept_;
  entry.reader.reset();
}

// ---- coordinators ------------------------------------------------------------------------------

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& entry, const link::Clone& effect) {
  RunLaunch::Stream stream{std::move(*entry.locked), entry.position};
  entry.locked.reset();
  const auto error = launch_.send(effect.start, stream, task_.past(p).first_failed,
                                  [this, p, clone = effect.number,
                                   here = std::weak_ptr<bool>(alive_)](const Launched& launched) {
                                    if (here.expired()) return;
                                    link::Answered answer;
                                    answer.clone = clone;
                                    answer.pid = launched.pid;
                                    if (launched.pid == 0) {
                                      answer.retry =
                                          may_pass(launched.error) || launched.error == EBADMSG;
                                      if (answer.retry) ++counters().launch_retries[launched.error];
                                      answer.shortage = shortage_of(launched.error);
                                      answer.reason = std::string("cannot start a coordinator: ") +
                                                      std::strerror(launched.error);
                                    }
                                    tell(p, answer);
                                  });
  entry.position = stream.position;
  if (stream.begun_anew) close_reader(entry);  // the reader has the old file open
  if (error) {
    if (error->retry) ++counters().launch_retries[error->cause];
    tell(p, link::HandFailed{error->retry, error->reason, error->shortage});
  } else {
    tell(p, link::Handed{});
  }
}

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& /*entry*/, const link::WatchChild& effect) {
  const ChildWatcher& children = reactor_.children();
  bool gone = !effect.certain && !children.can_watch(effect.child.pid);
  // Only the pid of a child that was reaped can belong to another child. If the coordinator is
  // certainly our child, the watcher knows whether it was reaped.
  const bool recyclable = !effect.certain || children.has_reaped(effect.child.pid);
  if (!gone && recyclable && effect.child.ticks != 0) {
    reactor_.spares().lend([&] { gone = children.is_recycled(effect.child); });
  }
  if (gone) {
    tell(p, link::NoSuchChild{});
    return;
  }
  reactor_.children().watch(effect.child.pid,
                            [this, p, run = effect.run](int) { tell(p, link::ChildGone{run}); });
}

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& entry, const link::OpenPidfd& effect) {
  auto pidfd = open_pidfd(effect.coordinator);
  if (!pidfd || reactor_.launches().is_scarce(pidfd->get())) {
    tell(p, link::PidfdRefused{});
    return;
  }
  entry.pidfd = std::move(*pidfd);
  entry.pidfd_poll =
      std::make_unique<Poll>(reactor_.loop(), entry.pidfd.get(),
                             [this, p, run = effect.run](int) { tell(p, link::PidfdReady{run}); });
  // A coordinator that has ended but was not reaped also has a pidfd, which is then readable.
  pollfd dead{entry.pidfd.get(), POLLIN, 0};
  if (entry.adopting && ::poll(&dead, 1, 0) == 0) count_adoption(entry, "running");
  tell(p, link::PidfdOpened{});
}

void CoordinatorLinks::carry_out(ProcessIndex /*p*/, Entry& entry,
                                 const link::ClosePidfd& /*effect*/) {
  entry.pidfd_poll.reset();
  entry.pidfd.reset();
}

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& entry, const link::Arm& effect) {
  if (entry.timer) reactor_.deadlines().cancel(*entry.timer);
  entry.timer.reset();
  if (!effect.at) return;
  entry.timer = reactor_.deadlines().add(*effect.at, [this, p] {
    entry_of(p).timer.reset();
    tell(p, link::Timer{});
  });
}

// Ten thousand coordinators may be signalled in one turn, so each signal opens and closes one
// descriptor, and uses the reserve only if no other descriptor is free.
void CoordinatorLinks::carry_out(ProcessIndex p, Entry& entry, const link::Send& effect) {
  const bool ours = entry.link.state() == link::State::Ours;
  bool scarce = false;
  const auto send = [&] {
    errno = 0;
    const auto pidfd =
        ours ? open_child_pidfd(effect.coordinator.pid) : open_pidfd(effect.coordinator);
    scarce = !pidfd && shortage_of(errno) == Shortage::Descriptors;
    if (pidfd) send_to(p, *pidfd, effect);
  };
  send();
  if (scarce) reactor_.spares().lend(send);
}

void CoordinatorLinks::send_to(ProcessIndex p, const Descriptor& coordinator,
                               const link::Send& effect) {
  switch (effect.signal) {
    case link::Signal::Terminate:
      if (effect.instead != 0) {
        send_signal(coordinator, SIGTERM, effect.instead);
      } else {
        send_signal(coordinator, SIGTERM);
      }
      break;
    case link::Signal::Force:
      send_signal(coordinator, SIGUSR1);
      send_signal(coordinator, SIGCONT);
      break;
    case link::Signal::Kill:
      spdlog::warn(
          "task {}, process {}: its coordinator (pid {}) did not end the process; killing both",
          setup_.header.task_id, name_of(p), effect.coordinator.pid);
      send_signal(coordinator, SIGKILL);
      break;
  }
}

void CoordinatorLinks::carry_out(ProcessIndex /*p*/, Entry& /*entry*/,
                                 const link::ReplaceServer& /*effect*/) {
  reactor_.replace_fork_server();
}

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& /*entry*/,
                                 const link::RemoveGroup& effect) {
  groups_.remove(p, effect.run);
}

// ---- the runner --------------------------------------------------------------------------------

void CoordinatorLinks::tell_runner(const Event& event) {
  if (auto handled = task_.handle(event); !handled) task_.stop(handled.error());
}

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& entry, const link::TellGone& effect) {
  count_adoption(entry, task_.past(p).live() ? "lost" : "ended");
  write_failures_.over(p);  // the next run may be starting already
  tell_runner(effect.gone);
  reactor_.launches().room();
}

void CoordinatorLinks::carry_out(ProcessIndex /*p*/, Entry& /*entry*/,
                                 const link::TellFailed& effect) {
  tell_runner(effect.failed);
}

void CoordinatorLinks::carry_out(ProcessIndex /*p*/, Entry& /*entry*/,
                                 const link::TellCancelled& effect) {
  tell_runner(effect.cancelled);
}

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& /*entry*/,
                                 const link::WarnRestarted& effect) {
  spdlog::warn(
      "task {}, process {}, run {}: the machine went down while it was being started; whether it "
      "ran "
      "is not recorded, and it starts again",
      setup_.header.task_id, name_of(p), effect.run);
}

void CoordinatorLinks::carry_out(ProcessIndex p, Entry& /*entry*/, const link::Refuse& effect) {
  std::string why = "cannot read " + stream_path(p);
  if (!effect.event.empty()) {
    why = "process " + name_of(p) + ": a fault in thermos: " + effect.event;
  }
  task_.stop({ErrorCode::System, std::move(why)});
}

}  // namespace thermos
