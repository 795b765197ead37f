// The shared half of every task on one loop: reaping, inotify, timers, the fork server, and the
// turn: events append records during callbacks; at the end of the turn one commit makes them last,
// and only then do launches, signals and answers go out.
#pragma once

#include <sys/resource.h>

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
#include "reactor/launch/fork_server.h"
#include "reactor/launch/scope_start.h"
#include "reactor/launch/sweeper.h"
#include "reactor/loop/child_watcher.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/inotify.h"
#include "reactor/loop/loop.h"
#include "reactor/os/control_groups.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/spare_descriptors.h"
#include "reactor/store/run_logs.h"

namespace thermos {

// Who lives by turns: a task's host.
class TurnParticipant {
 public:
  TurnParticipant() = default;
  TurnParticipant(const TurnParticipant&) = delete;
  TurnParticipant& operator=(const TurnParticipant&) = delete;
  virtual ~TurnParticipant() = default;
  // The turn in which it was marked dirty is over: commit, then act.
  virtual void end_turn() = 0;
  // The fork server died and another stands in its place: launches that were under way may have
  // come to nothing.
  virtual void fork_server_died() = 0;
  // The coordinator `pid` can't write its stream; false: it is none of its coordinators.
  virtual bool coordinator_cannot_write(pid_t pid, int error_number) = 0;

 private:
  friend class Reactor;
  std::uint64_t place_ = 0;  // in the order of joining: that is the order of commits
};

class Reactor {
 public:
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
  const BootId& boot() const { return boot_; }

  // Each process gets a control group from here on, where there may be any. Launches wait for
  // systemd to make room for the groups; nothing else does.
  void use_control_groups();
  // Null where there are none.
  ControlGroups* groups() { return groups_.get(); }

  void join(TurnParticipant* participant);
  void leave(TurnParticipant* participant);
  // `participant` has something to do at the end of this turn.
  void mark_dirty(TurnParticipant* participant) { dirty_.insert(participant->place_); }

  // Called at the end of every turn, behind all takers.
  std::function<void()> after_turn;

  // Hands a launch and its descriptors to the fork server; `answer` says what became of the
  // clone. It is not called when the fork server dies first: see TurnParticipant::fork_server_died.
  // `make_group` is called when the launch is handed over, and may give none.
  Status launch(Launch launch, Descriptor stream, RunLogs logs, ForkServer::MakeGroup make_group,
                std::function<void(const Launched&)> answer);

  // Kills the fork server, which does not answer. What it held is free, and another starts.
  void replace_fork_server();

 private:
  explicit Reactor(const BootId& boot);
  Status start_fork_server();
  void hear_answers();
  void take_write_failures();
  void fork_server_gone();
  void raise_descriptor_limit();
  void lower_descriptor_limit();
  void shelter_fork_server();
  void scope_started(const Status& started);
  void end_turn();

  BootId boot_;
  Loop loop_;
  Deadlines deadlines_;
  Inotify inotify_;
  SpareDescriptors spares_{3};
  Sweeper sweeper_;
  ChildWatcher children_;
  std::map<std::uint64_t, TurnParticipant*> participants_;  // by place
  std::set<std::uint64_t> dirty_;                           // places
  std::uint64_t next_place_ = 0;
  std::unique_ptr<ControlGroups> groups_;
  std::unique_ptr<ForkServer> fork_server_;
  bool short_of_server_ = false;             // none can be started, and that was said
  std::unique_ptr<ScopeStart> scope_start_;  // under way; launches wait for it
  std::unique_ptr<Poll> fork_server_poll_;
  std::unique_ptr<Poll> write_failure_poll_;
  std::unordered_map<std::uint64_t, std::function<void(const Launched&)>> answers_;
  std::uint64_t next_ticket_ = 1;
  std::unique_ptr<TurnEnd> turn_end_;
  rlimit descriptors_{};  // as we were started with
};

}  // namespace thermos
