// The machine under a runner: clocks, coordinators, what they started and what they wrote. All of
// it outlives a runner that is killed; some of it outlives a power cut.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/record/record.h"
#include "core/runner/coordinator_link.h"
#include "moment.h"
#include "processes.h"
#include "random.h"
#include "script.h"
#include "streams.h"
#include "timeline.h"

namespace thermos::sim {

class Machine {
 public:
  enum class Phase : std::uint8_t { None, Starting, Forked, Running, Written };

  // One coordinator, as long as it lives. It has the lock of its process's stream.
  struct Coordinator {
    Phase phase = Phase::None;  // None: there is none
    std::uint32_t run = 0;
    std::uint64_t seq = 0;  // of its next record
    RunScript script;
    bool term_asked = false;
    bool kill_asked = false;
    Identity identity;
    Processes::Parent parent = 0;
    Streams::Description stream = 0;
    Microseconds born = 0;
    bool stopped = false;                                  // by SIGSTOP
    std::vector<void (Machine::*)(ProcessIndex)> held_up;  // what it does when it goes on
    std::uint64_t id = 0;  // what was planned for an earlier one is void
  };
  // The process itself and all that it started.
  struct Tree {
    bool alive = false;
    std::uint32_t run = 0;
  };
  // One start of a real process.
  struct Start {
    ProcessIndex process = 0;
    std::uint32_t run = 0;
    Microseconds when = 0;
    bool erased = false;  // a power cut took all that was written about it
    bool real = true;     // false: its coordinator could not start it, and wrote RUNNING for form
  };

  Machine(const Script& script, Timeline& timeline, Random& random);

  Timestamp now() const { return {timeline_.now() + wall_ahead_, timeline_.now() - boot_began_}; }
  BootId boot() const { return {7, boots_}; }
  // True time of a reading of the boot clock of the current boot.
  Microseconds true_time(Microseconds boot_time) const { return boot_time + boot_began_; }
  Moment moment() const { return {timeline_.now(), boots_, wall_jumps_}; }
  void jump_wall(Microseconds by) {
    wall_ahead_ += by;
    ++wall_jumps_;
  }

  Streams& streams() { return streams_; }
  const Streams& streams() const { return streams_; }
  Processes& processes() { return processes_; }

  // The runner is out of descriptors for this one question; nobody can fork.
  bool short_of_descriptors();
  bool short_of_processes() const { return within(script_.harsh.no_processes); }
  bool disk_is_full() const { return within(script_.harsh.disk_full); }
  bool disk_fails() const { return within(script_.harsh.disk_fails); }

  const Coordinator& coordinator(ProcessIndex p) const { return coordinators_[p]; }
  bool lives(ProcessIndex p) const { return coordinators_[p].phase != Phase::None; }
  const Tree& tree(ProcessIndex p) const { return trees_[p]; }
  const std::vector<Streams::Written>& stream(ProcessIndex p) const { return streams_.records(p); }
  const std::vector<Start>& ledger() const { return ledger_; }

  // A new coordinator, which takes over the descriptor. REQUIRES: that has the lock.
  Identity launch(ProcessIndex p, std::uint32_t run, std::uint64_t seq, const RunScript& script,
                  Streams::Description stream, Processes::Parent parent);
  // To exactly that process, which is meant to be a coordinator of `p`. Nothing happens when it is
  // gone.
  void signal(ProcessIndex p, const Identity& coordinator, link::Signal signal);
  // Ends what a dead coordinator left behind, within kLatency.
  void sweep(ProcessIndex p, std::uint32_t run);

  // SIGKILL to the coordinator alone; its tree lives on.
  void kill_coordinator(ProcessIndex p);
  // Everything dies, what was not synced may be lost, and another boot begins.
  void power_cut();

  // Just before a tree starts.
  std::function<void(const Start&)> on_start = [](const Start&) {};

 private:
  using Step = void (Machine::*)(ProcessIndex);

  bool within(const std::vector<Window>& windows) const;
  // Plans something for the coordinator that p has now.
  void plan(ProcessIndex p, Microseconds delay, Step step);
  void perform(ProcessIndex p, Step step);
  void stops(ProcessIndex p);
  void goes_on(ProcessIndex p);
  void terminate(Coordinator& coordinator, ProcessIndex p);
  void force(Coordinator& coordinator, ProcessIndex p);
  void write(ProcessIndex p, ProcessState state, std::optional<std::int32_t> code);
  void forked(ProcessIndex p);
  void running(ProcessIndex p);
  void ends(ProcessIndex p);
  void ends_by_term(ProcessIndex p);
  void ends_by_kill(ProcessIndex p);
  void end(ProcessIndex p, ProcessState state, std::optional<std::int32_t> code);
  void exits(ProcessIndex p);
  void start_tree(ProcessIndex p);

  const Script& script_;
  Timeline& timeline_;
  Random& random_;
  Streams streams_;
  Processes processes_;
  std::vector<Coordinator> coordinators_;
  std::vector<Tree> trees_;
  std::vector<Start> ledger_;
  std::uint64_t ids_ = 0;
  std::uint64_t boots_ = 1;
  std::uint64_t wall_jumps_ = 0;
  Microseconds boot_began_ = -1000 * kSecond;
  Microseconds wall_ahead_ = 1'700'000'000 * kSecond;
};

}  // namespace thermos::sim
