#include "shell.h"

#include <utility>

namespace thermos::sim {

Shell::Shell(Surroundings around, History history)
    : around_(std::move(around)),
      before_(history),
      replayed_(history),
      runner_(around_.script.task, around_.script.graph, std::move(history)),
      read_(around_.script.task.processes.size()),
      held_(around_.script.task.processes.size()),
      adopted_(around_.script.task.processes.size()),
      life_(std::make_shared<Shell*>(this)) {}

void Shell::later(Microseconds delay, Timeline::Action action) {
  around_.timeline.after(delay, [life = std::weak_ptr(life_), action = std::move(action)] {
    if (!life.expired()) action();
  });
}

bool Shell::idle() const {
  for (const auto& held : held_) {
    if (held) return false;
  }
  return true;
}

// ---- the lead ----------------------------------------------------------------------------------

void Shell::lead() {
  around_.machine.on_written = [this](ProcessIndex p) {
    if (around_.script.inotify) soon([this, p] { read(p); });
  };
  around_.machine.on_exit = [this](ProcessIndex p, std::uint32_t run) {
    soon([this, p, run] { exited(p, run); });
  };
  if (is_terminal(before_.state())) {
    finished_ = true;
    return;
  }
  leading_ = true;
  Lead lead;
  lead.header.task_id = "simulated-1";
  lead.header.sandbox = "/sandbox";
  lead.header.launch_time = 1;
  lead.pid = 100;
  lead.boot = around_.machine.boot();
  feed(lead);
  for (ProcessIndex p = 0; p < read_.size(); ++p) {
    const auto slot = before_.find(around_.script.task.processes[p].name);
    const std::uint64_t known = slot ? before_.process(*slot).next_seq : 0;
    const auto& stream = around_.machine.stream(p);
    while (read_[p] < stream.size() && stream[read_[p]].status.seq < known) ++read_[p];
    const bool was_live = slot && before_.process(*slot).live();
    const bool news = read(p, Origin::FoundAtResume);
    if (!was_live && !news) continue;
    const Run& run = *runner_.past(p).current();
    if (around_.machine.locked(p)) {
      // It may be the coordinator of the run before, about to exit, and this run's never was.
      adopted_[p] = run.number;
    } else {
      feed(CoordinatorGone{p, run.number, run.boot != around_.machine.boot()});
    }
  }
  leading_ = false;
  end_turn();
}

void Shell::ask_kill(const KillPlan& plan) {
  KillRequest kill;
  kill.wait = plan.wait;
  kill.lose = plan.lose;
  kill.reason = "someone asked";
  feed(kill);
}

void Shell::ask_order(const OrderPlan& plan) {
  const bool refused = !runner_.may_order(around_.script.task.processes[plan.process].name);
  if (refused != !around_.invariants.oracle().may_order(plan.process)) {
    throw Broken("an order is refused, or taken, against the rules");
  }
  // Some ask all the same: nothing may come of it.
  if (refused && around_.random.chance(50)) return;
  feed(OrderRequest{around_.script.task.processes[plan.process].name, plan.verb, plan.wait,
                    "someone ordered it"});
}

// ---- events ------------------------------------------------------------------------------------

void Shell::feed(const Event& event) {
  trace(event);
  around_.invariants.handling(event);
  auto effects = runner_.handle(event, around_.machine.now());
  if (!effects) throw Broken("the runner refused an event: " + effects.error().message);
  for (const Effect& effect : *effects) {
    trace(effect);
    if (const auto* record = std::get_if<Append>(&effect)) {
      append(*record);
    } else {
      turn_.push_back(effect);
    }
  }
  around_.invariants.handled(runner_, replayed_);
  if (leading_ || turn_pending_) return;
  if (around_.random.chance(70)) {
    end_turn();
    return;
  }
  turn_pending_ = true;
  later(0, [this] { end_turn(); });
}

void Shell::append(const Append& effect) {
  around_.step(&effect.record);
  auto record = around_.disk.append(effect.record);
  if (!record) throw Broken(record.error().message);
  auto outcome = replayed_.apply(*record);
  if (!outcome) throw Broken("replay refuses what was written: " + outcome.error().message);
  if (effect.durable) need_sync_ = true;
  around_.invariants.appended(*record, effect.durable);
}

void Shell::end_turn() {
  turn_pending_ = false;
  if (need_sync_) {
    around_.step(nullptr);
    around_.disk.sync();
    around_.invariants.synced();
    need_sync_ = false;
  }
  while (!turn_.empty()) {
    const Effect effect = turn_.front();
    turn_.pop_front();
    around_.step(nullptr);
    around_.invariants.carrying_out(effect);
    carry_out(effect);
  }
  around_.answer();
  if (around_.script.compacts && !finished_ && around_.random.chance(5)) compact();
}

void Shell::compact() {
  runner_.drop_old(1 + around_.random.below(3));
  auto disk = Disk::rewritten(runner_.history());
  if (!disk) throw Broken("a history can't be rewritten: " + disk.error().message);
  around_.step(nullptr);
  trace(std::string("    compacted"));
  around_.disk = std::move(*disk);
  auto replay = around_.disk.recover();
  if (!replay) throw Broken("what was compacted does not replay: " + replay.error().message);
  replayed_ = std::move(replay->history);
  around_.invariants.compacted(replay->records);
  around_.invariants.handled(runner_, replayed_);
}

bool Shell::read(ProcessIndex p, Origin origin) {
  bool any = false;
  while (read_[p] < around_.machine.stream(p).size()) {
    CoordinatorRecord event{p, around_.machine.stream(p)[read_[p]++].status};
    event.status.origin = origin;
    feed(event);
    any = true;
    if (around_.random.chance(5)) feed(event);
    if (around_.random.chance(5)) soon([this, event] { feed(event); });
  }
  return any;
}

void Shell::exited(ProcessIndex p, std::uint32_t run) {
  read(p);
  const auto adopted = std::exchange(adopted_[p], std::nullopt);
  if (adopted && adopted != run) feed(CoordinatorGone{p, *adopted, false});
  // Not before: what was fed may have ended a turn, and compacted.
  const ProcessHistory& history = runner_.past(p);
  const Run* current = history.current();
  const bool told = current != nullptr && (current->number != run || !history.live());
  const bool forked = current != nullptr && current->state != ProcessState::Waiting;
  // Who wrote its last word need not be missed.
  if (!told || around_.random.chance(50)) feed(CoordinatorGone{p, run, false});
  // Once only before FORKED: a second one would be taken for the next launch of the run.
  if ((told || forked) && around_.random.chance(10)) feed(CoordinatorGone{p, run, false});
  if (held_[p]) release(p);
}

// ---- effects -----------------------------------------------------------------------------------

void Shell::carry_out(const Effect& effect) {
  Machine& machine = around_.machine;
  if (const auto* start = std::get_if<StartProcess>(&effect)) {
    carry_out(*start);
  } else if (const auto* term = std::get_if<Terminate>(&effect)) {
    if (!give_up(term->process, term->run)) machine.terminate(term->process, term->run);
  } else if (const auto* kill = std::get_if<Kill>(&effect)) {
    if (!give_up(kill->process, kill->run)) machine.kill(kill->process, kill->run);
  } else if (const auto* sweep = std::get_if<Sweep>(&effect)) {
    machine.sweep(sweep->process, sweep->run);
    later(kLatency, [this, p = sweep->process, run = sweep->run] { feed(Swept{p, run}); });
  } else if (const auto* timer = std::get_if<SetTimer>(&effect)) {
    arm(*timer);
  } else if (std::holds_alternative<Finish>(effect)) {
    finished_ = true;
  }
}

void Shell::carry_out(const StartProcess& start) {
  const ProcessIndex p = start.process;
  const RunScript script = around_.script.run(p, around_.attempts[p]++);
  held_[p] = Held{start, script, ++held_ids_};
  later(script.held, [this, p, id = held_ids_] {
    if (held_[p] && held_[p]->id == id) release(p);
  });
}

void Shell::release(ProcessIndex p) {
  const auto [start, script, id] = *held_[p];
  Machine& machine = around_.machine;
  const auto& stream = machine.stream(p);
  if (machine.locked(p)) {
    // The one of an earlier run is about to exit: exited() comes back here.
    if (machine.coordinator(p).run != start.run) return;
    held_[p].reset();
    soon([this, p] { read(p); });
  } else if (!stream.empty() && stream.back().status.seq >= start.seq) {
    // This run has been: what it wrote is the answer, whoever started it.
    held_[p].reset();
    soon([this, p, run = start.run] { exited(p, run); });
  } else if (script.launch == RunScript::Launch::Short ||
             script.launch == RunScript::Launch::Impossible) {
    held_[p].reset();
    const bool retry = script.launch == RunScript::Launch::Short;
    soon([this, p, run = start.run, retry] {
      feed(LaunchFailed{p, run, retry, retry ? "no pids" : "no such thing"});
    });
  } else {
    held_[p].reset();
    machine.launch(p, start.run, start.seq, script);
  }
}

bool Shell::give_up(ProcessIndex p, std::uint32_t run) {
  if (!held_[p] || held_[p]->start.run != run) return false;
  held_[p].reset();
  soon([this, p, run] { feed(LaunchCancelled{p, run}); });
  return true;
}

void Shell::arm(const SetTimer& timer) {
  const std::uint64_t id = ++timer_;
  if (!timer.at) return;
  const Microseconds wait = *timer.at - around_.machine.now().boot;
  later(wait, [this, id] {
    if (id == timer_) feed(TimerDue{});
  });
  if (around_.random.chance(5)) {
    later(around_.random.between(0, wait), [this] { feed(TimerDue{}); });
  }
}

// ---- the trace ---------------------------------------------------------------------------------

std::string Shell::run_name(ProcessIndex p, std::uint32_t run) const {
  return around_.script.task.processes[p].name + "/" + std::to_string(run);
}

void Shell::trace(const Event& event) const {
  if (!around_.trace) return;
  std::string line = "> ";
  if (std::holds_alternative<Lead>(event)) line += "lead";
  if (std::holds_alternative<TimerDue>(event)) line += "timer";
  if (const auto* e = std::get_if<CoordinatorRecord>(&event)) {
    line += run_name(e->process, e->status.run) + " " + std::string(name_of(e->status.state)) +
            " #" + std::to_string(e->status.seq);
  }
  if (const auto* e = std::get_if<CoordinatorGone>(&event)) {
    line += run_name(e->process, e->run) + (e->rebooted ? " gone by reboot" : " gone");
  }
  if (const auto* e = std::get_if<Swept>(&event)) line += run_name(e->process, e->run) + " swept";
  if (const auto* e = std::get_if<LaunchFailed>(&event)) {
    line += run_name(e->process, e->run) + (e->retry ? " launch short" : " launch impossible");
  }
  if (const auto* e = std::get_if<LaunchCancelled>(&event)) {
    line += run_name(e->process, e->run) + " cancelled";
  }
  if (const auto* e = std::get_if<KillRequest>(&event)) {
    line += std::string(e->lose ? "lose" : "kill") +
            (e->wait ? " within " + std::to_string(*e->wait) : "");
  }
  if (const auto* e = std::get_if<OrderRequest>(&event)) {
    line += std::string(name_of(e->verb)) + " " + e->process +
            (e->wait ? " within " + std::to_string(*e->wait) : "");
  }
  around_.trace(line);
}

void Shell::trace(const Effect& effect) const {
  if (!around_.trace) return;
  std::string line = "    < ";
  if (const auto* e = std::get_if<Append>(&effect)) {
    if (const auto* task = std::get_if<TaskStatus>(&e->record)) {
      line += "append " + std::string(name_of(task->state)) + ", goal " +
              std::string(name_of(task->goal));
    } else if (const auto* process = std::get_if<ProcessStatus>(&e->record)) {
      line += "append " + std::string(process->process) + "/" + std::to_string(process->run) + " " +
              std::string(name_of(process->state)) + " #" + std::to_string(process->seq);
    } else if (const auto* order = std::get_if<ProcessOrder>(&e->record)) {
      line += "append " + std::string(name_of(order->verb)) + " " + std::string(order->process);
    } else {
      line += "append header";
    }
  }
  if (const auto* e = std::get_if<StartProcess>(&effect)) {
    line += "start " + run_name(e->process, e->run);
  }
  if (const auto* e = std::get_if<Terminate>(&effect))
    line += "term " + run_name(e->process, e->run);
  if (const auto* e = std::get_if<Kill>(&effect)) line += "kill " + run_name(e->process, e->run);
  if (const auto* e = std::get_if<Sweep>(&effect)) line += "sweep " + run_name(e->process, e->run);
  if (const auto* e = std::get_if<SetTimer>(&effect)) {
    line += e->at ? "timer at boot " + std::to_string(*e->at) : "no timer";
  }
  if (std::holds_alternative<Finish>(effect)) line += "finish";
  around_.trace(line);
}

}  // namespace thermos::sim
