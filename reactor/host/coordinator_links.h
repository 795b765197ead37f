// The coordinators of one task: carries out what their links (core/runner/coordinator_link) decide,
// and tells them what came of it. No decision is taken here: what a lock, a silence or a death
// means is the link's to say, because the link is what the simulator drives.
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
#include "reactor/host/reactor.h"
#include "reactor/host/run_launch.h"
#include "reactor/host/task_groups.h"
#include "reactor/host/task_setup.h"
#include "reactor/host/write_failures.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"
#include "reactor/store/stream_writer.h"

namespace thermos {

// What the coordinators of a task need of whoever leads it.
class LinkedTask {
 public:
  LinkedTask() = default;
  LinkedTask(const LinkedTask&) = delete;
  LinkedTask& operator=(const LinkedTask&) = delete;
  virtual ~LinkedTask() = default;

  // Gives the runner an event. An error: the runner refuses it, and nothing changed.
  virtual Status handle(const Event& event) = 0;
  virtual const ProcessHistory& past(ProcessIndex p) const = 0;
  // The run could not be launched, and is tried again.
  virtual void launch_delayed(ProcessIndex p, const std::string& reason) = 0;
  // A coordinator is gone: perhaps none is left.
  virtual void coordinator_left() = 0;
  // The task can be led no longer.
  virtual void stop(Error error) = 0;
  virtual void stop_without_checkpoints() = 0;
  virtual bool stopped() const = 0;
};

class CoordinatorLinks {
 public:
  // All outlive this. `notified`: changed() is called for every change to a stream.
  CoordinatorLinks(Reactor& reactor, const TaskSetup& setup, const TaskGroups& groups,
                   bool notified, LinkedTask& task);
  ~CoordinatorLinks();
  CoordinatorLinks(const CoordinatorLinks&) = delete;
  CoordinatorLinks& operator=(const CoordinatorLinks&) = delete;

  // At a resume, for a process that has a stream and of which nothing is live on record.
  void look_beside(ProcessIndex p, bool rebooted);
  // Gives the process's link another event from outside: Start, Stop, Adopt.
  void tell(ProcessIndex p, const link::Event& event);
  // The file of the process's stream changed or was closed.
  void changed(ProcessIndex p);
  // Changes were missed.
  void all_changed();
  void fork_server_died();
  // The coordinator `pid` can't append to its stream. False: it is none of ours.
  bool cannot_write(pid_t pid, int error_number);

  // No coordinator lives, as far as we know.
  bool quiet() const { return busy_ == 0; }
  // Of the last coordinator of `p`: its orphans came to us.
  bool was_our_child(ProcessIndex p) const;
  // The control groups of the runs that a link stands for.
  std::vector<ControlGroups::Name> groups() const;

 private:
  struct Entry {
    Entry(ProcessIndex p, bool notified) : link(p, notified) {}
    CoordinatorLink link;
    bool busy = false;  // counted in busy_
    StreamPosition position;
    Descriptor reader;
    bool starved = false;                // its stream could not be opened, and that was said
    std::optional<StreamWriter> locked;  // between TryLock and Clone
    Descriptor pidfd;
    std::unique_ptr<Poll> pidfd_poll;
    std::optional<Deadlines::Key> timer;
  };

  Entry& entry_of(ProcessIndex p);
  CoordinatorLink::Known known(ProcessIndex p) const;
  std::string stream_path(ProcessIndex p) const;
  const std::string& name_of(ProcessIndex p) const { return setup_.task.processes[p].name; }

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
  void carry_out(ProcessIndex p, Entry& entry, const link::ReplaceServer& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::RemoveGroup& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::TellGone& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::TellFailed& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::TellCancelled& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::WarnRestarted& effect);
  void carry_out(ProcessIndex p, Entry& entry, const link::Refuse& effect);

  // False: nothing can be read now. The task may have stopped over it.
  bool open_reader(ProcessIndex p, Entry& entry);
  Status take(ProcessIndex p, const Record& record, Origin origin);
  void tell_runner(const Event& event);
  // The processes with a coordinator.
  std::vector<ProcessIndex> busy_ones() const;

  Reactor& reactor_;
  const TaskSetup& setup_;
  const TaskGroups& groups_;
  const bool notified_;
  LinkedTask& task_;
  RunLaunch launch_;
  WriteFailures write_failures_;
  std::unordered_map<ProcessIndex, std::unique_ptr<Entry>> entries_;
  std::uint32_t busy_ = 0;
  // The fork server's answers can outlive this, so they hold a weak pointer to it.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos
