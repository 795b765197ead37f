// What must hold at every moment, whatever happens. A breach is thrown as Broken, and ends the
// world.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "core/runner/runner.h"
#include "machine.h"
#include "oracle.h"

namespace thermos::sim {

struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Invariants {
 public:
  Invariants(const Script& script, const Timeline& timeline, const Machine& machine)
      : script_(script), timeline_(timeline), machine_(machine), oracle_(script) {}

  // Around one event of the runner.
  void handling(const Event& event);
  void appended(const Record& record, bool durable);
  // `replayed`: the fold of what the stream holds.
  void handled(const Runner& runner, const History& replayed);

  void synced() { synced_ = journal_.size(); }
  // All that was written is on the disk, in so many records.
  void compacted(std::size_t records);
  void carrying_out(const Effect& effect);
  // A real process is about to start.
  void starting(const Machine::Start& start);
  // All that was due is done and the clock goes on. `idle`: the shell has nothing in hand.
  void time_moves_on(bool idle);

  // The runner is gone and of its stream the first `records` records are left.
  void crashed(std::size_t records);
  // The task is over and nothing is planned any more.
  void ended(const History& history) const;

  const Oracle& oracle() const { return oracle_; }

 private:
  void task_appended(const TaskStatus& status);
  void process_appended(const ProcessStatus& status);
  void order_appended(const ProcessOrder& order);
  void check_end(ProcessIndex p, const ProcessStatus& status, const Entry& entry) const;
  void check_ordered() const;
  void check_ending() const;
  ProcessIndex index_of(std::string_view name) const;
  void may_wait(ProcessIndex p, const ProcessStatus& status) const;
  void check_left_active() const;
  void check_left_waiting() const;
  void check_deadline() const;
  void check_signalled() const;
  void check_lingering(bool idle);
  bool nothing_lives() const;
  // When `p` may start again; for one that never ran, always.
  Microseconds due(ProcessIndex p) const;
  bool clocks_agree(const Machine::Moment& then) const;
  std::string name(ProcessIndex p) const { return script_.task.processes[p].name; }
  void record(const Entry& entry);

  const Script& script_;
  const Timeline& timeline_;
  const Machine& machine_;
  Oracle oracle_;
  std::vector<Entry> journal_;
  std::size_t synced_ = 0;
  // What stands for the journal's first entries since the last compaction.
  std::size_t compacted_entries_ = 0;
  std::size_t compacted_records_ = 0;
  const Event* event_ = nullptr;
  std::optional<Oracle::Process> ordered_;  // before an order that may not be refused
  Microseconds led_at_ = 0;
  std::optional<Microseconds> quiet_since_;
};

}  // namespace thermos::sim
