// Simulates the machine under a runner: its clocks, coordinators, process trees and streams. All of
// it survives a killed runner; some of it survives a power cut.
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

  // One coordinator while it lives. It holds the lock of its process's stream.
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
    std::vector<void (Machine::*)(ProcessIndex)> held_up;  // the steps that wait for SIGCONT
    std::size_t said = 0;                                  // of what is in its script
    Microseconds last_said = 0;                            // boot time
    Microseconds extended_until = 0;                       // boot time
    bool stopping = false;
    std::uint64_t id = 0;  // steps planned for an earlier coordinator are dropped
  };
  // The process itself and everything that it started.
  struct Tree {
    bool alive = false;
    std::uint32_t run = 0;
    std::optional<Microseconds> ready_at{};  // true time; nothing: never
    Microseconds began = 0;                  // true time
    Microseconds well = 0;                   // as in its script
    Microseconds ill = 0;
  };
  // One start of a real process.
  struct Start {
    ProcessIndex process = 0;
    std::uint32_t run = 0;
    Microseconds when = 0;
    bool erased = false;  // a power cut took every record of it
    bool real = true;  // false: its coordinator could not start it; it writes RUNNING all the same
  };

  Machine(const Script& script, Timeline& timeline, Random& random);

  Timestamp now() const { return {timeline_.now() + wall_ahead_, timeline_.now() - boot_began_}; }
  BootId boot() const { return {7, boots_}; }
  // The true time of a reading of the current boot's boot clock.
  Microseconds true_time(Microseconds boot_time) const { return boot_time + boot_began_; }
  Moment moment() const { return {timeline_.now(), boots_, wall_jumps_}; }
  void jump_wall(Microseconds by) {
    wall_ahead_ += by;
    ++wall_jumps_;
  }

  Streams& streams() { return streams_; }
  const Streams& streams() const { return streams_; }
  Processes& processes() { return processes_; }

  // The machine's shortages. short_of_descriptors(): the runner gets no descriptor for this one
  // query. short_of_processes(): nobody can fork.
  bool short_of_descriptors();
  bool short_of_processes() const { return within(script_.harsh.no_processes); }
  bool disk_is_full() const { return within(script_.harsh.disk_full); }
  bool disk_fails() const { return within(script_.harsh.disk_fails); }

  const Coordinator& coordinator(ProcessIndex p) const { return coordinators_[p]; }
  bool lives(ProcessIndex p) const { return coordinators_[p].phase != Phase::None; }
  const Tree& tree(ProcessIndex p) const { return trees_[p]; }
  // Whether run `run` of `p` would say now that it is ready.
  bool is_ready(ProcessIndex p, std::uint32_t run) const {
    const Tree& tree = trees_[p];
    return tree.alive && tree.run == run && tree.ready_at && *tree.ready_at <= timeline_.now();
  }
  // Whether run `run` of `p` would say now that it is healthy.
  bool is_healthy(ProcessIndex p, std::uint32_t run) const {
    const Tree& tree = trees_[p];
    if (!tree.alive || tree.run != run) return false;
    return tree.ill == 0 || (timeline_.now() - tree.began) % (tree.well + tree.ill) < tree.well;
  }
  const std::vector<Streams::Written>& stream(ProcessIndex p) const { return streams_.records(p); }
  const std::vector<Start>& ledger() const { return ledger_; }

  // Starts a coordinator, which takes over the descriptor. REQUIRES: the descriptor has the lock.
  Identity launch(ProcessIndex p, std::uint32_t run, std::uint64_t seq, const RunScript& script,
                  Streams::Description stream, Processes::Parent parent);
  // Signals exactly that process, which should be a coordinator of `p`. Does nothing if it is gone.
  void signal(ProcessIndex p, const Identity& coordinator, link::Signal signal);
  // An engine sends SIGTERM to every process that runs, past its coordinator.
  void engine_terminates();
  // Kills what a dead coordinator left, within kLatency.
  void sweep(ProcessIndex p, std::uint32_t run);

  // Sends SIGKILL to the coordinator alone; its tree lives on.
  void kill_coordinator(ProcessIndex p);
  // Kills everything, may lose what was not synced, and begins another boot.
  void power_cut();

  // Called just before a tree starts.
  std::function<void(const Start&)> on_start = [](const Start&) {};

 private:
  using Step = void (Machine::*)(ProcessIndex);

  bool within(const std::vector<Window>& windows) const;
  // Plans a step of the coordinator that `p` has now.
  void plan(ProcessIndex p, Microseconds delay, Step step);
  void perform(ProcessIndex p, Step step);
  void stops(ProcessIndex p);
  void goes_on(ProcessIndex p);
  void terminate(Coordinator& coordinator, ProcessIndex p);
  void force(Coordinator& coordinator, ProcessIndex p);
  void speaks(ProcessIndex p);
  void say(ProcessIndex p, ReportKind kind, Microseconds more);
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
