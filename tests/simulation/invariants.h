// The rules that must hold at every moment, whatever happens. A breach is thrown as Broken and ends
// the world.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broken.h"
#include "core/runner/coordinator_link.h"
#include "core/runner/runner.h"
#include "machine.h"
#include "oracle.h"
#include "pool_rules.h"

namespace thermos::sim {

// From RUNNING, or what else a coordinator records, to the runner that reads it, and with a look
// for it.
inline constexpr Microseconds kNewsTakes = 4 * kLatency;

// The state of one link and of its coordinator.
struct LinkView {
  link::State state = link::State::Idle;
  bool known = false;  // the live run is on record, with its coordinator
};

class Invariants {
 public:
  Invariants(const Script& script, const Timeline& timeline, const Machine& machine)
      : script_(script), timeline_(timeline), machine_(machine), oracle_(script), pools_(script) {}

  // Called before, during and after one event of the runner.
  void handling(const Event& event);
  void appended(const Record& record, bool durable);
  // `replayed`: the fold of the stream's contents.
  void handled(const Runner& runner, const History& replayed);

  void synced() { synced_ = journal_.size(); }
  // Everything written is now in the file of that generation, in `records` records.
  void compacted(std::uint64_t generation, std::size_t records);
  // The number of records written so far. An effect depends on what was written before the runner
  // asked for it.
  std::size_t written() const { return journal_.size(); }
  void carrying_out(const Effect& effect, std::size_t written);
  // Someone was asked whether that run is ready, or healthy.
  void probed(const Probe& probe, bool yes);
  // A real process is about to start.
  void starting(const Machine::Start& start);
  // One event of one link, with the state before it and the effects that followed.
  void linked(ProcessIndex p, const link::Event& event, link::State before,
              const std::vector<link::Effect>& effects);
  // Everything that was due is done, and the clock moves on.
  void time_moves_on(const std::vector<LinkView>& links);

  // The runner is gone, and the first `records` records of its stream, a file of that generation,
  // are left.
  void crashed(std::uint64_t generation, std::size_t records);
  // The task is over, and nothing is planned any more.
  void ended(const History& history) const;

  const Oracle& oracle() const { return oracle_; }
  // The time at which `p` may start again; any time if it never ran.
  Microseconds due(ProcessIndex p) const;
  // How often a link looked only because its timer fired.
  std::uint64_t looks() const { return looks_; }

 private:
  void task_appended(const TaskStatus& status);
  void process_appended(const ProcessStatus& status);
  void order_appended(const ProcessOrder& order);
  void check_end(ProcessIndex p, const ProcessStatus& status, const Entry& entry) const;
  void check_ordered() const;
  void check_ending() const;
  void failure_appended(ProcessIndex p, const ProcessOrder& order);
  void shortage_appended(const TaskStatus& status);
  void replacement_appended(const Replacement& replacement, bool durable);
  void place_appended(const Leadership& place, bool durable);
  void yield_appended(ProcessIndex p, const ProcessOrder& order);
  void asked_to_yield(Microseconds grace);
  void check_end_while_yielding(ProcessIndex p, const ProcessStatus& status,
                                const Entry& entry) const;
  void check_held(ProcessIndex p, const ProcessStatus& status, const Entry& entry) const;
  void check_yielding() const;
  bool all_are_ending() const;
  void standing_down() const;
  bool may_yield_by_itself() const;
  bool lacks_time(ProcessIndex p) const;
  void report_appended(const ProcessReport& report);
  void check_readiness() const;
  std::vector<const Streams::Written*> said(ProcessIndex p, ReportKind kind) const;
  bool must_be_known(const Moment& written) const;
  void said_appended(ProcessIndex p, const ProcessReport& report);
  Microseconds asked_until(ProcessIndex p) const;
  bool asks_for_time(ProcessIndex p) const;
  bool said_ready(ProcessIndex p) const;
  void check_said() const;
  void health_appended(ProcessIndex p, const ProcessReport& report);
  void asking(const Probe& probe);
  bool unhealthy(ProcessIndex p) const;
  void check_counted() const;
  void check_health() const;
  // Whether nobody ends the run of `p` for another reason than its own limits. The finalizers'
  // deadline may be known as a range only.
  bool may_go_on(ProcessIndex p, Microseconds deadline) const;
  bool timed_out(ProcessIndex p) const;
  bool overdue(ProcessIndex p) const;
  Microseconds ready_limit(ProcessIndex p, Microseconds running) const;
  void check_timeouts() const;
  ProcessIndex index_of(std::string_view name) const;
  void may_wait(ProcessIndex p, const ProcessStatus& status);
  // Whether others need that `p` has started, and no run of it had.
  bool is_first_start(ProcessIndex p) const;
  void check_left_active() const;
  void check_left_waiting();
  // Those of a stage that are live, or that are parked.
  std::vector<ProcessIndex> live_ones(bool final_stage, bool parked) const;
  void check_deadline() const;
  void check_signalled() const;
  void check_lingering(bool idle);
  void check_links(const std::vector<LinkView>& links);
  bool nothing_lives() const;
  bool clocks_agree(const Moment& then) const;
  std::string name(ProcessIndex p) const { return script_.task.processes[p].name; }
  void record(const Entry& entry);

  const Script& script_;
  const Timeline& timeline_;
  const Machine& machine_;
  Oracle oracle_;
  PoolRules pools_;
  std::vector<Entry> journal_;
  std::size_t synced_ = 0;
  // The journal's first entries in a compacted file, by that file's generation.
  struct Compacted {
    std::size_t entries = 0;
    std::size_t records = 0;
  };
  std::map<std::uint64_t, Compacted> compacted_;
  std::uint64_t looks_ = 0;
  std::map<ProcessIndex, std::uint32_t> refused_;  // the run that said no to this runner
  // What is known of the health of a process's last run.
  struct Answer {
    std::uint32_t run = 0;
    bool yes = true;
    bool counted = false;  // it is on record, or in the way to be
  };
  struct Health {
    Answer answer;           // the last one that this runner was given
    std::uint32_t run = 0;   // that was asked last
    Microseconds since = 0;  // when that was, or when a run was on record as ready
  };
  std::map<ProcessIndex, Health> health_;
  std::uint32_t leaders_ = 0;                         // so far
  std::map<ProcessIndex, std::uint64_t> forked_in_;   // the boot of its last FORKED on record
  std::map<ProcessIndex, Microseconds> alone_since_;  // a link with nobody to wait for
  const Event* event_ = nullptr;
  std::optional<Oracle::Process> ordered_;  // before an order that must be accepted
  Microseconds led_at_ = 0;
  bool short_ = false;  // this leader has told of a shortage
  // Of this leader, in true time: when all must die, for it yields; and how long it has the
  // machine.
  std::optional<Microseconds> yield_by_;
  std::optional<Microseconds> time_until_;
  std::optional<std::size_t> yield_written_;  // behind so many records of the journal
  bool stood_down_ = false;
  std::optional<Microseconds> quiet_since_;
};

}  // namespace thermos::sim
