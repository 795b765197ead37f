// The shell around one runner, as the reactor is: it feeds events, appends at once, and at the end
// of a turn syncs and then carries the other effects out in order. Thrown away when it crashes.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/runner/runner.h"
#include "disk.h"
#include "invariants.h"
#include "machine.h"

namespace thermos::sim {

// The power went, or someone killed the runner.
struct Crash {};

// What a shell finds around it, and what outlives it.
struct Surroundings {
  const Script& script;
  Timeline& timeline;
  Random& random;
  Machine& machine;
  Disk& disk;
  Invariants& invariants;
  std::vector<std::uint32_t>& attempts;  // launches so far, a process
  // Counts one effect, and throws Crash in its place when its number has come. `append`: what
  // would be written, of which a part may be.
  std::function<void(const Record* append)> step;
  std::function<void()> answer;                   // a turn is over: its replies go out
  std::function<void(const std::string&)> trace;  // empty: nobody reads it
};

class Shell {
 public:
  // `history`: what the stream holds.
  Shell(Surroundings around, History history);

  // Takes the lead: the first thing to do. A task that is over already is only finished.
  void lead();
  void ask_kill(const KillPlan& plan);
  void ask_order(const OrderPlan& plan);

  bool finished() const { return finished_; }
  bool turn_pending() const { return turn_pending_; }
  bool idle() const;  // no launch in hand
  const Runner& runner() const { return runner_; }

 private:
  struct Held {
    StartProcess start;
    RunScript script;
    std::uint64_t id = 0;
  };

  // Runs `action` after a moment, unless the shell is gone by then.
  void later(Microseconds delay, Timeline::Action action);
  void soon(Timeline::Action action) {
    later(around_.random.between(0, kLatency), std::move(action));
  }

  void feed(const Event& event);
  void append(const Append& effect);
  void end_turn();
  void compact();
  // Feeds what the coordinator's stream holds beyond what was read. True if there was anything.
  bool read(ProcessIndex p, Origin origin = Origin::Recorded);
  void exited(ProcessIndex p, std::uint32_t run);

  void carry_out(const Effect& effect);
  void carry_out(const StartProcess& start);
  void release(ProcessIndex p);
  // True if the run was still in hand and is given up.
  bool give_up(ProcessIndex p, std::uint32_t run);
  void arm(const SetTimer& timer);

  void trace(const std::string& line) const {
    if (around_.trace) around_.trace(line);
  }
  void trace(const Event& event) const;
  void trace(const Effect& effect) const;
  std::string run_name(ProcessIndex p, std::uint32_t run) const;

  Surroundings around_;
  const History before_;  // of this runner
  History replayed_;      // the fold of what the stream holds
  Runner runner_;
  std::vector<std::size_t> read_;  // records of each coordinator's stream that were read
  std::vector<std::optional<Held>> held_;
  std::vector<std::optional<std::uint32_t>>
      adopted_;  // the run that a found coordinator stands for
  std::deque<Effect> turn_;
  bool need_sync_ = false;
  bool turn_pending_ = false;
  bool leading_ = false;  // the events of a lead are one turn
  bool finished_ = false;
  std::uint64_t held_ids_ = 0;
  std::uint64_t timer_ = 0;
  std::shared_ptr<Shell*> life_;
};

}  // namespace thermos::sim
