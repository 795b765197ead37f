// The coordinators of one task. Carries out the effects of each process's CoordinatorLink
// (core/runner/coordinator_link.h) and gives the link their results as events. This class makes no
// decisions. The link decides what a lock, a silence or a death means, so that the simulator tests
// these decisions, too.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/runner/coordinator_link.h"
#include "core/runner/runner.h"
#include "reactor/host/launch_queue.h"
#include "reactor/host/reactor.h"
#include "reactor/host/run_control_groups.h"
#include "reactor/host/run_launch.h"
#include "reactor/host/task_setup.h"
#include "reactor/host/write_failures.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"
#include "reactor/store/stream_writer.h"

namespace thermos {

// What CoordinatorLinks needs of the task's host.
class LinkedTask {
 public:
  LinkedTask() = default;
  LinkedTask(const LinkedTask&) = delete;
  LinkedTask& operator=(const LinkedTask&) = delete;
  virtual ~LinkedTask() = default;

  // Gives the runner an event. Fails with Corrupt if the runner refuses it; then nothing has
  // changed.
  virtual Status handle(const Event& event) = 0;
  // The process's recorded history.
  virtual const ProcessHistory& past(ProcessIndex p) const = 0;
  // As Runner::wants_launch().
  virtual bool wants_launch(ProcessIndex p) const = 0;
  // A coordinator has ended. If it was the last one, quiet() is true.
  virtual void coordinator_left() = 0;
  // This host must stop leading the task, because of `error`.
  virtual void stop(Error error) = 0;
  // Like stop(), because the task's checkpoint directory was removed.
  virtual void stop_without_checkpoints() = 0;
  virtual bool stopped() const = 0;
  // Makes the records durable. Returns false if that failed; this host has then stopped leading the
  // task.
  virtual bool settle_record() = 0;
};

class CoordinatorLinks : private LaunchQueue::Task {
 public:
  // All references outlive this. If `notified`, the caller calls changed() for every change to a
  // stream (inotify works). If not, the links read their streams at timers.
  CoordinatorLinks(Reactor& reactor, const TaskSetup& setup, const TaskGroups& groups,
                   bool notified, LinkedTask& task);
  ~CoordinatorLinks() override;
  CoordinatorLinks(const CoordinatorLinks&) = delete;
  CoordinatorLinks& operator=(const CoordinatorLinks&) = delete;

  // Called at a resume for a process that has a stream, but no live run on record: reads the
  // stream. `rebooted`: the previous runner ran under another boot id.
  void look_beside(ProcessIndex p, bool rebooted);
  // Called at a resume for a process with a live run on record: takes that run over.
  void adopt(ProcessIndex p, bool rebooted);
  // Gives the link of `p` an event from outside: Start or Stop. Does nothing once the task has
  // stopped.
  void tell(ProcessIndex p, const link::Event& event);
  // The file of the process's stream was written or closed (inotify).
  void changed(ProcessIndex p);
  // Change events were lost (IN_Q_OVERFLOW): every live link looks at its stream.
  void all_changed();
  // The fork server died, and another took its place. Every live link is told.
  void fork_server_died();
  // The coordinator `pid` reports that it can't write its stream, with the errno. Returns false if
  // it is not a coordinator of this task.
  bool cannot_write(pid_t pid, int error_number);

  // Called at the end of a turn: drops the shortages of launches and reads that are not wanted any
  // more.
  void review_shortages();
  // This host stops leading the task: drops all its waiting launches.
  void give_up_launches() { reactor_.launches().leave(owner_); }

  // Whether no coordinator lives, as far as the links know.
  bool quiet() const { return busy_ == 0; }
  // Whether the last coordinator of `p` was our child, so that its orphans became ours.
  bool was_our_child(ProcessIndex p) const;
  // The coordinators that were our children.
  std::vector<Identity> our_children() const;
  // The names of the control groups of the latest run of each link.
  std::vector<ControlGroups::Name> groups() const;

 private:
  struct Entry {
    Entry(ProcessIndex p, bool notified) : link(p, notified) {}
    CoordinatorLink link;
    bool busy = false;  // counted in busy_
    StreamPosition position;
    Descriptor reader;
    // The reader stays open although the link closed it, because the stream will be read again
    // soon.
    bool kept = false;
    bool starved = false;  // its stream could not be opened
    // The result of adopt() was not counted yet: running, ended or lost.
    bool adopting = false;
    std::optional<StreamWriter> locked;  // between TryLock and Clone
    Descriptor pidfd;
    std::unique_ptr<Poll> pidfd_poll;
    std::optional<Deadlines::Key> timer;
  };

  // LaunchQueue::Task
  void admitted(ProcessIndex p) override { tell(p, link::Admitted{}); }
  void shortage_changed(const ShortageChanged& change) override;

  Entry& entry_of(ProcessIndex p);
  void count_adoption(Entry& entry, std::string_view result);
  CoordinatorLink::Known known(ProcessIndex p, const Entry& entry) const;
  std::string stream_path(ProcessIndex p) const;
  const std::string& name_of(ProcessIndex p) const { return setup_.task->processes[p].name; }

  void carry_out(ProcessIndex p, Entry& entry, const link::Enqueue& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::Dequeue& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::LaunchOver& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::TryLock& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::DropLock& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::Read& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::CloseReader& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::Clone& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::WatchChild& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::OpenPidfd& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::ClosePidfd& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::AskLock& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::Arm& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::Send& effect);
  void send_to(ProcessIndex p, const Descriptor& coordinator, const link::Send& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::ReplaceServer& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::RemoveGroup& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::TellGone& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::TellFailed& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::TellCancelled& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::WarnRestarted& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::Refuse& effect);

  // Opens the stream for reading. Returns false if it can't be read now; the task may have stopped
  // for that reason.
  bool open_reader(ProcessIndex p, Entry& entry);
  void close_reader(Entry& entry);
  Status take(ProcessIndex p, const Record& record, Origin origin);
  void tell_runner(const Event& event);
  // Returns the processes whose link is not idle.
  std::vector<ProcessIndex> busy_ones() const;

  Reactor& reactor_;
  const TaskSetup& setup_;
  const TaskGroups& groups_;
  const bool notified_;
  LinkedTask& task_;
  LaunchQueue::Owner owner_;
  RunLaunch launch_;
  WriteFailures write_failures_;
  std::unordered_map<ProcessIndex, std::unique_ptr<Entry>> entries_;
  std::uint32_t busy_ = 0;
  std::size_t kept_ = 0;  // readers with Entry::kept
  // The fork server's answers can outlive this, so they hold a weak pointer to it.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos
