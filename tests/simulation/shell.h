// The executor of one runner, as the reactor is: it feeds events and appends immediately; at the
// end of a turn it syncs, and then carries out the other effects in order. Effects for coordinators
// go through their links. It is destroyed when it crashes or stops.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/runner/replacing.h"
#include "core/runner/runner.h"
#include "disk.h"
#include "invariants.h"
#include "lifetime.h"
#include "links.h"
#include "machine.h"
#include "task_files.h"

namespace thermos::sim {

// Thrown when the power is cut or the runner is killed.
struct Crash {};

// The surroundings of a shell, which outlive it.
struct Surroundings {
  const Script& script;
  Timeline& timeline;
  Random& random;
  Machine& machine;
  Disk& disk;
  TaskFiles& files;
  Invariants& invariants;
  std::vector<std::uint32_t>& attempts;  // launches so far, by process
  std::uint64_t number;                  // of this shell
  std::uint64_t leader;    // number of the leader: a shell that hands over goes on as it
  Microseconds led_since;  // wall time
  // Counts one effect, or throws Crash instead when its number has come. `append`: the record that
  // would be written, of which a part may be.
  std::function<void(const Record* append)> step;
  std::function<void()> replaced;                 // a replacement is done
  std::function<void()> answer;                   // a turn is over, and its replies are sent
  std::function<void(const std::string&)> trace;  // empty: no trace is wanted
};

class Shell : private Links::Owner {
 public:
  // `history`: the contents of the stream.
  Shell(Surroundings around, History history);

  // Takes the lead; it must be called first. A task that is over already is only finished.
  // `replacing`: of the shell before, which led the task with the configuration before.
  void lead(std::optional<Replacing> replacing);
  void ask_kill(const KillPlan& plan);
  void ask_order(const OrderPlan& plan);
  void ask_replace(const ReplacePlan& plan);
  void ask_yield(Microseconds grace);

  // Whether another shell is to lead with the new configuration, from here on.
  bool hands_over() const { return hands_over_; }
  Replacing take_replacing() { return std::move(*replacing_); }
  // Everything that was due is done: nobody waits for nothing.
  void check_replacing() const;
  bool finished() const { return finished_; }
  bool stood_down() const { return finished_ && standing_down_; }
  // Whether it has stopped leading, so that another runner may.
  bool stopped() const override { return stopped_; }
  bool turn_pending() const { return turn_pending_; }
  const Runner& runner() const { return runner_; }
  Links& links() { return links_; }

 private:
  // Links::Owner
  void begin() override { ++depth_; }
  void settle() override;
  void tell(const Event& event) override;
  const ProcessHistory& past(ProcessIndex p) const override { return runner_.past(p); }
  bool wants_launch(ProcessIndex p) const override { return runner_.wants_launch(p); }
  void refuse(const std::string& why) override;
  void step() override { around_.step(nullptr); }
  void trace(ProcessIndex p, const std::string& line) const override;

  // As tell(), for an event that comes by itself.
  void feed(const Event& event);
  std::vector<ProcessIndex> recorded_beside(const std::vector<ProcessIndex>& live) const;
  void append(const Append& effect);
  void end_turn();
  void act();
  bool sync();
  bool sync_what_was_found();
  Leadership place() const;
  std::optional<Replacement> find_replacement();
  void go_on_replacing();
  void act_and_sync();
  void stop_what_is_replaced();
  void write_task();
  void compact();

  void carry_out(const Effect& effect);
  void answer(const Probe& probe);
  void arm(const SetTimer& timer);
  void timer_is_due();
  void trace(const std::string& line) const {
    if (around_.trace) around_.trace(line);
  }

  Surroundings around_;
  const History before_;  // of this runner
  History replayed_;      // the fold of the stream's contents
  Runner runner_;
  Lifetime life_;
  Links links_;
  struct Wanted {
    Effect effect;
    std::size_t written = 0;  // records written by then
  };
  std::vector<Wanted> turn_;
  std::uint32_t depth_ = 0;  // of nested events
  bool need_sync_ = false;
  bool turn_pending_ = false;
  bool finishing_ = false;
  bool standing_down_ = false;
  bool finished_ = false;
  bool stopped_ = false;
  bool hands_over_ = false;
  std::optional<Replacing> replacing_;
  std::uint64_t timer_ = 0;
};

}  // namespace thermos::sim
