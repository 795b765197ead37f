#include "machine.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace thermos::sim {

Machine::Machine(const Script& script, Timeline& timeline, Random& random)
    : script_(script),
      timeline_(timeline),
      random_(random),
      streams_(script.task.processes.size(), script.harsh.late_unlock, timeline, random),
      processes_(timeline, random),
      coordinators_(script.task.processes.size()),
      trees_(script.task.processes.size()) {}

bool Machine::within(const std::vector<Window>& windows) const {
  return std::any_of(windows.begin(), windows.end(), [this](const Window& window) {
    return window.from <= timeline_.now() && timeline_.now() < window.until;
  });
}

bool Machine::short_of_descriptors() {
  return within(script_.harsh.shortages) && random_.chance(70);
}

Identity Machine::launch(ProcessIndex p, std::uint32_t run, std::uint64_t seq,
                         const RunScript& script, Streams::Description stream,
                         Processes::Parent parent) {
  if (lives(p)) throw std::logic_error("two coordinators of one process");
  if (!streams_.holds(p, stream)) throw std::logic_error("a coordinator without the lock");
  Coordinator& c = coordinators_[p] = Coordinator{};
  c.phase = Phase::Starting;
  c.run = run;
  c.seq = seq;
  c.script = script;
  c.identity = processes_.born(parent);
  c.parent = parent;
  c.stream = stream;
  c.born = timeline_.now();
  c.id = ++ids_;
  if (script.stopped_for > 0) {
    timeline_.after(script.stopped_after, [this, p, id = c.id] {
      if (coordinators_[p].id == id) stops(p);
    });
  }
  if (script.death == RunScript::Death::BeforeForked) {
    plan(p, script.fork, &Machine::kill_coordinator);
  } else {
    plan(p, script.fork, &Machine::forked);
  }
  return c.identity;
}

// ---- signals -----------------------------------------------------------------------------------

void Machine::signal(ProcessIndex p, const Identity& coordinator, link::Signal signal) {
  for (ProcessIndex q = 0; q < coordinators_.size(); ++q) {
    if (q != p && lives(q) && coordinators_[q].identity == coordinator) {
      throw std::logic_error("a signal to the coordinator of another process");
    }
  }
  if (!lives(p) || !(coordinators_[p].identity == coordinator)) return;
  if (signal == link::Signal::Terminate) {
    terminate(coordinators_[p], p);
  } else if (signal == link::Signal::Force) {
    if (coordinators_[p].stopped) goes_on(p);
    force(coordinators_[p], p);
  } else {
    kill_coordinator(p);
  }
}

void Machine::terminate(Coordinator& c, ProcessIndex p) {
  if (c.term_asked || c.phase == Phase::Written) return;
  c.term_asked = true;
  if (c.phase == Phase::Running && c.script.asks_when_told > 0) {
    say(p, ReportKind::Extended, c.script.asks_when_told);
  }
  if (c.phase == Phase::Forked || c.phase == Phase::Running) {
    if (!c.script.ignores_term) plan(p, c.script.term, &Machine::ends_by_term);
  }
}

void Machine::engine_terminates() {
  for (ProcessIndex p = 0; p < coordinators_.size(); ++p) {
    const Coordinator& c = coordinators_[p];
    const bool hears = c.phase == Phase::Forked || c.phase == Phase::Running;
    if (hears && !c.script.ignores_term) plan(p, c.script.term, &Machine::ends_by_term);
  }
}

void Machine::force(Coordinator& c, ProcessIndex p) {
  if (c.kill_asked || c.phase == Phase::Written) return;
  c.kill_asked = true;
  if (c.script.ignores_force) return;
  if (c.phase != Phase::Starting) plan(p, random_.between(0, kLatency), &Machine::ends_by_kill);
}

void Machine::stops(ProcessIndex p) {
  coordinators_[p].stopped = true;
  timeline_.after(coordinators_[p].script.stopped_for, [this, p, id = coordinators_[p].id] {
    if (coordinators_[p].id == id && coordinators_[p].stopped) goes_on(p);
  });
}

void Machine::goes_on(ProcessIndex p) {
  coordinators_[p].stopped = false;
  for (const Step step : std::exchange(coordinators_[p].held_up, {})) plan(p, 0, step);
}

void Machine::sweep(ProcessIndex p, std::uint32_t run) {
  timeline_.after(random_.between(0, kLatency / 2), [this, p, run] {
    if (trees_[p].run == run && !lives(p)) trees_[p].alive = false;
  });
}

void Machine::kill_coordinator(ProcessIndex p) {
  if (!lives(p)) return;
  Coordinator& c = coordinators_[p];
  if (c.phase == Phase::Forked && c.script.unrecorded_tree) start_tree(p);
  if (c.phase != Phase::Written && c.script.cut_short) streams_.append_part(c.stream);
  exits(p);
}

void Machine::power_cut() {
  processes_.power_cut();
  streams_.power_cut(script_.harsh.loses_names);
  for (ProcessIndex p = 0; p < coordinators_.size(); ++p) {
    coordinators_[p] = {};
    trees_[p] = {};
  }
  for (Start& start : ledger_) {
    const auto& records = stream(start.process);
    const bool written =
        std::any_of(records.begin(), records.end(),
                    [&](const Streams::Written& w) { return w.status.run == start.run; });
    start.erased = start.erased || !written;
  }
  ++boots_;
  boot_began_ = timeline_.now() - random_.between(0, 3 * kSecond);
}

// ---- what a coordinator does -------------------------------------------------------------------

void Machine::plan(ProcessIndex p, Microseconds delay, Step step) {
  timeline_.after(delay, [this, p, step, id = coordinators_[p].id] {
    if (coordinators_[p].id == id) perform(p, step);
  });
}

void Machine::perform(ProcessIndex p, Step step) {
  Coordinator& c = coordinators_[p];
  const Microseconds mute_from = c.born + c.script.mute_after;
  const Microseconds mute_until = mute_from + c.script.mute_for;
  const bool dies = step == &Machine::kill_coordinator || step == &Machine::exits;
  const bool mute = mute_from <= timeline_.now() && timeline_.now() < mute_until;
  if (!dies && c.stopped) {
    c.held_up.push_back(step);
  } else if (!dies && mute) {
    plan(p, mute_until - timeline_.now(), step);
  } else {
    (this->*step)(p);
  }
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
    status.identity = c.identity;
    status.boot = boot();
  } else if (state == ProcessState::Running) {
    status.identity = {static_cast<std::int32_t>(100'000 + c.id), c.id};
  } else if (is_terminal(state)) {
    const auto id = static_cast<std::int64_t>(c.id);
    status.usage = {1000 * id, 10 * id, 4096 * id};
  }
  streams_.append(c.stream, {status, moment()}, is_terminal(state));
}

void Machine::speaks(ProcessIndex p) {
  Coordinator& c = coordinators_[p];
  if (c.phase != Phase::Running) return;
  const Saying saying = c.script.says[c.said++];
  say(p, saying.kind, saying.more);
}

// As its coordinator records it: less time than it has, or a second end, is no news.
void Machine::say(ProcessIndex p, ReportKind kind, Microseconds more) {
  Coordinator& c = coordinators_[p];
  ProcessReport report;
  report.process = script_.task.processes[p].name;
  report.run = c.run;
  report.kind = kind;
  report.at = now();
  report.at.boot = std::max(report.at.boot, c.last_said + 1);
  if (kind == ReportKind::Extended) {
    report.until = now().boot + more;
    if (report.until <= c.extended_until) return;
    c.extended_until = report.until;
  }
  if (kind == ReportKind::Stopping && std::exchange(c.stopping, true)) return;
  if (kind == ReportKind::Status) report.text = "busy";
  if (kind == ReportKind::Ready) report.text = "READY=1";
  c.last_said = report.at.boot;
  ProcessStatus none;
  none.run = c.run;
  none.seq = std::numeric_limits<std::uint64_t>::max();
  streams_.append(c.stream, {none, moment(), report}, false);
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
  for (const Saying& saying : c.script.says) plan(p, saying.after, &Machine::speaks);
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

// Its files are closed before it is a zombie; but for a child of its that has not come to its exec,
// and has its descriptors until then.
void Machine::exits(ProcessIndex p) {
  const Coordinator gone = coordinators_[p];
  coordinators_[p] = {};
  if (gone.phase == Phase::Forked && script_.harsh.late_unlock && random_.chance(50)) {
    processes_.exits(gone.identity.pid);
    timeline_.after(random_.between(0, kLatency), [this, stream = gone.stream, boots = boots_] {
      if (boots == boots_) streams_.close(stream);
    });
    return;
  }
  streams_.close_dying(gone.stream, [this, pid = gone.identity.pid] { processes_.exits(pid); });
}

void Machine::start_tree(ProcessIndex p) {
  ledger_.push_back({p, coordinators_[p].run, timeline_.now(), false, true});
  on_start(ledger_.back());
  const RunScript& script = coordinators_[p].script;
  trees_[p] = {true, coordinators_[p].run, {}, timeline_.now(), script.well, script.ill};
  if (script.ready_after) trees_[p].ready_at = timeline_.now() + *script.ready_after;
}

}  // namespace thermos::sim
