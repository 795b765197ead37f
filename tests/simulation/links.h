// The links of one runner to its coordinators, and the executor of their effects on the simulated
// machine. It decides nothing. It is destroyed with its runner; then all its descriptors are
// closed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "children.h"
#include "core/runner/coordinator_link.h"
#include "core/runner/launch_admission.h"
#include "core/runner/runner.h"
#include "fork_server.h"
#include "invariants.h"
#include "lifetime.h"
#include "machine.h"
#include "notices.h"

namespace thermos::sim {

class Links {
 public:
  // The owner of the links: the shell of a runner.
  class Owner {
   public:
    Owner() = default;
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    virtual ~Owner() = default;
    // Called before and after everything that happens by itself; after settle() a turn may end.
    virtual void begin() = 0;
    virtual void settle() = 0;
    virtual void tell(const Event& event) = 0;
    virtual const ProcessHistory& past(ProcessIndex p) const = 0;
    virtual bool wants_launch(ProcessIndex p) const = 0;
    // The runner stops leading the task; what is recorded is kept.
    virtual void refuse(const std::string& why) = 0;
    virtual bool stopped() const = 0;
    // Called before each effect is carried out.
    virtual void step() = 0;
    virtual void trace(ProcessIndex p, const std::string& line) const = 0;
  };

  Links(Owner& owner, const Script& script, Timeline& timeline, Random& random, Machine& machine,
        Invariants& invariants, std::vector<std::uint32_t>& attempts, Processes::Parent self);
  ~Links();
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;

  // Gives one event to one link, and carries out everything that follows immediately.
  void take(ProcessIndex p, const link::Event& event);
  bool idle(ProcessIndex p) const { return links_[p].machine.idle(); }
  bool all_idle() const;
  link::State state(ProcessIndex p) const { return links_[p].machine.state(); }
  ForkServer& fork_server() { return fork_server_; }
  // At the end of a turn: tells of shortages that began or ended in it. Returns whether it did.
  bool say();
  // A task that is over leaves no shortage behind that was told and is not over.
  void check_said() const;

 private:
  struct Link {
    explicit Link(CoordinatorLink link) : machine(std::move(link)) {}
    CoordinatorLink machine;
    std::size_t read = 0;  // records of its stream that were read
    std::size_t seen = 0;  // where the stream ended then; a torn record may follow the records
    bool reader_open = false;
    bool starved = false;  // its stream could not be opened
    Streams::Description locked = 0;
    Processes::Pidfd pidfd = 0;
    std::uint64_t pidfds = 0;  // opened so far: the event of an earlier one is dropped
    std::uint64_t timer = 0;
  };

  using Answer = std::optional<link::Event>;

  CoordinatorLink::Known known(ProcessIndex p) const;
  Answer carry_out(ProcessIndex p, const link::Enqueue& effect);
  Answer carry_out(ProcessIndex p, const link::Dequeue&);
  Answer carry_out(ProcessIndex p, const link::LaunchOver& effect);
  Answer carry_out(ProcessIndex p, const link::TryLock&);
  Answer carry_out(ProcessIndex p, const link::DropLock&);
  Answer carry_out(ProcessIndex p, const link::Read& effect);
  Answer carry_out(ProcessIndex p, const link::CloseReader&);
  Answer carry_out(ProcessIndex p, const link::Clone& effect);
  Answer carry_out(ProcessIndex p, const link::WatchChild& effect);
  Answer carry_out(ProcessIndex p, const link::OpenPidfd& effect);
  Answer carry_out(ProcessIndex p, const link::ClosePidfd&);
  Answer carry_out(ProcessIndex p, const link::AskLock&);
  Answer carry_out(ProcessIndex p, const link::Arm& effect);
  Answer carry_out(ProcessIndex p, const link::Send& effect);
  Answer carry_out(ProcessIndex p, const link::ReplaceServer&);
  Answer carry_out(ProcessIndex p, const link::RemoveGroup& effect);
  Answer carry_out(ProcessIndex p, const link::TellGone& effect);
  Answer carry_out(ProcessIndex p, const link::TellFailed& effect);
  Answer carry_out(ProcessIndex p, const link::TellCancelled& effect);
  Answer carry_out(ProcessIndex p, const link::WarnRestarted&);
  Answer carry_out(ProcessIndex p, const link::Refuse& effect);

  // As take(), for an event that comes by itself.
  void happens(ProcessIndex p, const link::Event& event);
  // As it is heard, and now and then repeated.
  void tell_and_again(const Event& event);
  // Lets launches go on whose time has come.
  void go_on();
  void arm_flow();
  void hear_answers();
  void fork_server_gone();
  void let_go(ProcessIndex p);

  Owner& owner_;
  const Script& script_;
  Random& random_;
  Machine& machine_;
  Invariants& invariants_;
  std::vector<std::uint32_t>& attempts_;
  Processes::Parent self_;
  Lifetime life_;
  std::vector<Link> links_;
  LaunchAdmission admission_;
  bool going_on_ = false;
  std::uint64_t flow_timer_ = 0;
  std::optional<Microseconds> flow_armed_;
  bool was_short_ = false;  // of anything, ever
  std::set<Shortage> said_;
  Notices notices_;
  Children children_;
  ForkServer fork_server_;
  std::map<std::uint64_t, link::Clone> answers_;  // by ticket
  std::uint64_t tickets_ = 0;
};

}  // namespace thermos::sim
