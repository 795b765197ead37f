#include "machine.h"

#include <algorithm>
#include <stdexcept>

namespace thermos::sim {

Machine::Machine(const Script& script, Timeline& timeline, Random& random)
    : script_(script),
      timeline_(timeline),
      random_(random),
      coordinators_(script.task.processes.size()),
      trees_(script.task.processes.size()),
      streams_(script.task.processes.size()) {}

void Machine::launch(ProcessIndex p, std::uint32_t run, std::uint64_t seq,
                     const RunScript& script) {
  if (locked(p)) throw std::logic_error("two coordinators with one lock");
  coordinators_[p] = {Phase::Starting, run, seq, script, false, false, ++ids_};
  if (script.death == RunScript::Death::BeforeForked) {
    plan(p, script.fork, &Machine::kill_coordinator);
  } else {
    plan(p, script.fork, &Machine::forked);
  }
}

void Machine::terminate(ProcessIndex p, std::uint32_t run) {
  Coordinator& c = coordinators_[p];
  if (!locked(p) || c.run != run || c.term_asked || c.phase == Phase::Written) return;
  if (c.phase == Phase::Starting && c.script.early_signal_lost) return;
  c.term_asked = true;
  if (c.phase == Phase::Forked || c.phase == Phase::Running) {
    if (!c.script.ignores_term) plan(p, c.script.term, &Machine::ends_by_term);
  }
}

void Machine::kill(ProcessIndex p, std::uint32_t run) {
  Coordinator& c = coordinators_[p];
  if (!locked(p) || c.run != run || c.kill_asked || c.phase == Phase::Written) return;
  if (c.phase == Phase::Starting && c.script.early_signal_lost) return;
  c.kill_asked = true;
  if (c.phase != Phase::Starting) {
    plan(p, random_.between(0, kLatency), &Machine::ends_by_kill);
  }
}

void Machine::sweep(ProcessIndex p, std::uint32_t run) {
  timeline_.after(random_.between(0, kLatency / 2), [this, p, run] {
    if (trees_[p].run == run && !locked(p)) trees_[p].alive = false;
  });
}

void Machine::kill_coordinator(ProcessIndex p) {
  if (!locked(p)) return;
  if (coordinators_[p].phase == Phase::Forked && coordinators_[p].script.unrecorded_tree) {
    start_tree(p);
  }
  exits(p);
}

void Machine::power_cut() {
  const auto n = static_cast<ProcessIndex>(coordinators_.size());
  for (ProcessIndex p = 0; p < n; ++p) {
    coordinators_[p] = {};
    trees_[p] = {};
    Stream& stream = streams_[p];
    const auto unsynced = static_cast<std::uint32_t>(stream.records.size() - stream.synced);
    stream.records.resize(stream.synced + random_.below(unsynced + 1));
    stream.synced = stream.records.size();
  }
  for (Start& start : ledger_) {
    const auto& records = streams_[start.process].records;
    const bool written = std::any_of(records.begin(), records.end(),
                                     [&](const Written& w) { return w.status.run == start.run; });
    start.erased = start.erased || !written;
  }
  ++boots_;
  boot_began_ = timeline_.now() - random_.between(0, 3 * kSecond);
}

void Machine::plan(ProcessIndex p, Microseconds delay, void (Machine::*step)(ProcessIndex)) {
  timeline_.after(delay, [this, p, step, id = coordinators_[p].id] {
    if (coordinators_[p].id == id) (this->*step)(p);
  });
}

void Machine::write(ProcessIndex p, ProcessState state, std::optional<std::int32_t> code) {
  Coordinator& c = coordinators_[p];
  ProcessStatus status;
  status.process = script_.task.processes[p].name;
  status.seq = c.seq++;
  status.run = c.run;
  status.state = state;
  status.at = now();
  status.return_code = code;
  if (state == ProcessState::Forked) {
    status.identity = {static_cast<std::int32_t>(1000 + 2 * c.id), c.id};
    status.boot = boot();
  } else if (state == ProcessState::Running) {
    status.identity = {static_cast<std::int32_t>(1001 + 2 * c.id), c.id};
  }
  Stream& stream = streams_[p];
  stream.records.push_back({status, moment()});
  if (is_terminal(state)) stream.synced = stream.records.size();
  on_written(p);
}

void Machine::forked(ProcessIndex p) {
  Coordinator& c = coordinators_[p];
  c.phase = Phase::Forked;
  write(p, ProcessState::Forked, std::nullopt);
  if (c.script.death == RunScript::Death::BeforeRunning) {
    plan(p, c.script.exec, &Machine::kill_coordinator);
  } else {
    plan(p, c.script.exec, &Machine::running);
  }
  if (c.kill_asked) {
    plan(p, 0, &Machine::ends_by_kill);
  } else if (c.term_asked && !c.script.ignores_term) {
    plan(p, c.script.term, &Machine::ends_by_term);
  }
}

void Machine::running(ProcessIndex p) {
  Coordinator& c = coordinators_[p];
  if (c.phase != Phase::Forked) return;
  c.phase = Phase::Running;
  if (c.script.launch == RunScript::Launch::CannotStart) {
    ledger_.push_back({p, c.run, timeline_.now(), false, false});
    write(p, ProcessState::Running, std::nullopt);
    end(p, ProcessState::Failed, std::nullopt);
    return;
  }
  start_tree(p);
  write(p, ProcessState::Running, std::nullopt);
  plan(p, c.script.duration, &Machine::ends);
  if (c.script.death == RunScript::Death::Running) {
    plan(p, c.script.death_after, &Machine::kill_coordinator);
  }
}

void Machine::ends(ProcessIndex p) {
  end(p, coordinators_[p].script.end, coordinators_[p].script.return_code);
}

void Machine::ends_by_term(ProcessIndex p) {
  const Coordinator& c = coordinators_[p];
  // Before the exec there is no program that could choose how to end.
  if (c.phase == Phase::Forked) return end(p, ProcessState::Killed, -15);
  end(p, c.script.term_end, c.script.term_code);
}

void Machine::ends_by_kill(ProcessIndex p) {
  end(p, ProcessState::Killed, -9);
}

void Machine::end(ProcessIndex p, ProcessState state, std::optional<std::int32_t> code) {
  Coordinator& c = coordinators_[p];
  if (c.phase == Phase::Written) return;
  c.phase = Phase::Written;
  trees_[p].alive = false;
  write(p, state, code);
  plan(p, c.script.exit, &Machine::exits);
}

void Machine::exits(ProcessIndex p) {
  const std::uint32_t run = coordinators_[p].run;
  coordinators_[p] = {};
  on_exit(p, run);
}

void Machine::start_tree(ProcessIndex p) {
  ledger_.push_back({p, coordinators_[p].run, timeline_.now(), false, true});
  on_start(ledger_.back());
  trees_[p] = {true, coordinators_[p].run};
}

}  // namespace thermos::sim
