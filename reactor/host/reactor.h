// The services that all tasks on one loop share: reaping, inotify, timers, the fork server, and the
// turn. During a turn, callbacks append records. At its end one commit makes them durable, and only
// then launches, signals and answers go out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "capnp/launch.h"
#include "core/base/result.h"
#include "core/record/record.h"
#include "reactor/host/launch_queue.h"
#include "reactor/launch/fork_server_client.h"
#include "reactor/launch/sweeper.h"
#include "reactor/launch/systemd_scope.h"
#include "reactor/loop/child_watcher.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/inotify.h"
#include "reactor/loop/loop.h"
#include "reactor/os/control_groups.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/group_sync.h"
#include "reactor/os/spare_descriptors.h"
#include "reactor/store/run_logs.h"

namespace thermos {

// An object that takes part in turns, such as a task's host.
class TurnParticipant {
 public:
  TurnParticipant() = default;
  TurnParticipant(const TurnParticipant&) = delete;
  TurnParticipant& operator=(const TurnParticipant&) = delete;
  virtual ~TurnParticipant() = default;
  // Called at the end of a turn in which the participant was marked dirty. Writes the turn's
  // records, and returns the files that must be synced before the participant acts on them.
  virtual std::vector<GroupSync::File> write_turn() = 0;
  // Called with the results of syncing the files that write_turn() returned, unless it returned
  // none. The files of all participants of a turn are synced together.
  virtual void turn_synced(std::span<const GroupSync::File> files) = 0;
  // Called after write_turn() and turn_synced(): commits the records that these added, and then
  // acts.
  virtual void end_turn() = 0;
  // The fork server died and another took its place. A launch that was under way may or may not
  // have been cloned.
  virtual void fork_server_died() = 0;
  // The coordinator `pid` can't write its stream. Returns false if it is not a coordinator of this
  // task.
  virtual bool coordinator_cannot_write(pid_t pid, int error_number) = 0;

 private:
  friend class Reactor;
  std::uint64_t place_ = 0;  // the order of join(), which is also the order of commits
};

class Reactor {
 public:
  // Starts the fork server. Makes the program ignore SIGPIPE and SIGXFSZ, so that write(2) fails
  // instead. Sets SIGCHLD back to its default: if the program was started with SIGCHLD ignored, the
  // kernel would not report any child's end. Fails with System.
  static Result<std::unique_ptr<Reactor>> make();
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  Loop& loop() { return loop_; }
  Inotify& inotify() { return inotify_; }
  Deadlines& deadlines() { return deadlines_; }
  ChildWatcher& children() { return children_; }
  Sweeper& sweeper() { return sweeper_; }
  SpareDescriptors& spares() { return spares_; }
  LaunchQueue& launches() { return launches_; }
  const BootId& boot() const { return boot_; }

  // Makes each later process get a control group, if the machine allows it. Launches wait until
  // systemd has started the scope for the groups; nothing else waits.
  void use_control_groups();
  // Returns nullptr if there are no control groups.
  ControlGroups* groups() { return groups_.get(); }

  // `participant` must leave() before it is destroyed.
  void join(TurnParticipant* participant);
  void leave(TurnParticipant* participant);
  // Calls the participant's end_turn() at the end of this turn.
  void mark_dirty(TurnParticipant* participant) { dirty_.insert(participant->place_); }

  // Calls `done` at the end of this turn, when the names in these directories are on the disk
  // (fsync(2)), or with the first error. A directory is synced once for all requests of the turn.
  void when_named(std::vector<std::string> directories, std::function<void(const Status&)> done);

  // Called at the end of every turn, after all participants.
  std::function<void()> after_turn;

  // Hands a launch and its descriptors to the fork server. `answer` gets the result of the clone;
  // it is not called if the fork server dies first (see TurnParticipant::fork_server_died).
  // `make_group` is called when the launch is sent, and may return an empty descriptor: no group.
  // Fails if the launch could not be handed over; `answer` is not called then.
  Status launch(Launch launch, Descriptor stream, RunLogs logs,
                ForkServerClient::MakeGroup make_group,
                std::function<void(const Launched&)> answer);

  // Kills a fork server that does not answer (SIGKILL). Its descriptors are then closed, and
  // another fork server is started.
  void replace_fork_server();

 private:
  explicit Reactor(const BootId& boot);
  Status start_fork_server();
  void hear_answers();
  void take_write_failures();
  void fork_server_gone();
  void restart_fork_server();
  void shelter_fork_server();
  void scope_started(const Status& started);
  void commit(const std::set<std::uint64_t>& places);
  void sync_names();
  void end_turn();

  struct NameRequest {
    std::vector<std::string> directories;
    std::function<void(const Status&)> done;
  };

  BootId boot_;
  Loop loop_;
  Deadlines deadlines_;
  Inotify inotify_;
  SpareDescriptors spares_{3};
  LaunchQueue launches_;
  Sweeper sweeper_;
  ChildWatcher children_;
  std::map<std::uint64_t, TurnParticipant*> participants_;  // by place
  std::set<std::uint64_t> dirty_;                           // places
  std::uint64_t next_place_ = 0;
  GroupSync group_sync_;
  std::vector<NameRequest> name_requests_;
  bool wants_groups_ = false;
  std::unique_ptr<ControlGroups> groups_;
  std::unique_ptr<ForkServerClient> fork_server_;
  bool short_of_server_ = false;  // no fork server can be started, and the log says so
  // Boot time before which no other fork server is started.
  Microseconds next_server_ = 0;
  // Set while systemd starts the scope; launches wait for it.
  std::unique_ptr<ScopeStart> scope_start_;
  std::unique_ptr<Poll> fork_server_poll_;
  std::unique_ptr<Poll> write_failure_poll_;
  std::unordered_map<std::uint64_t, std::function<void(const Launched&)>> answers_;
  std::uint64_t next_ticket_ = 1;
  std::unique_ptr<TurnEnd> turn_end_;
};

}  // namespace thermos
