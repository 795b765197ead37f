#include "shell.h"

#include <utility>

#include "core/runner/link_event.h"
#include "core/runner/runs_to_adopt.h"
#include "core/task/probe_question.h"
#include "trace_text.h"

namespace thermos::sim {

Shell::Shell(Surroundings around, History history)
    : around_(std::move(around)),
      before_(history),
      replayed_(history),
      runner_(around_.script.task, around_.script.graph, std::move(history)),
      life_(around_.timeline),
      links_(*this, around_.script, around_.timeline, around_.random, around_.machine,
             around_.invariants, around_.attempts, around_.number) {}

// ---- the lead ----------------------------------------------------------------------------------

void Shell::lead(std::optional<Replacing> replacing) {
  replacing_ = std::move(replacing);
  const bool leads_already = replacing_.has_value();
  if (!leads_already && before_.header() && !sync_what_was_found()) return;
  if (is_terminal(before_.state())) {
    finished_ = true;
    return;
  }
  Lead lead;
  lead.header.task_id = "simulated-1";
  lead.header.sandbox = "/sandbox";
  lead.header.launch_time = 1;
  lead.pid = 100;
  lead.boot = around_.machine.boot();
  lead.hold = around_.script.hold;
  lead.leads_already = leads_already;
  lead.replacement = leads_already ? replacing_->record() : find_replacement();
  if (lead.replacement) lead.replacement->at = around_.machine.now();
  if (!around_.script.yields.empty()) lead.place = place();
  const bool rebooted = !before_.steps().empty() && before_.steps().back().status.boot != lead.boot;
  const std::vector<ProcessIndex> live = live_on_record(runner_);
  begin();
  tell(lead);
  const std::vector<ProcessIndex> beside = recorded_beside(live);
  for (const ProcessIndex p : live) links_.take(p, link::Adopt{rebooted});
  for (const ProcessIndex p : beside) links_.take(p, link::LookBeside{rebooted});
  --depth_;
  end_turn();
}

// Of a leader before: what its first Lead has, if anything.
std::optional<Replacement> Shell::find_replacement() {
  const std::uint32_t recorded = before_.generation();
  if (around_.files.replacement(recorded)) {
    around_.step(nullptr);
    around_.files.remove(recorded);
  }
  const bool written = around_.files.task() == recorded + 1;
  if (around_.files.task() > recorded + 1) throw Broken("the task's file is two ahead");
  const auto found = around_.files.replacement(recorded + 1);
  if (!found) {
    if (written) throw Broken("the task's file is replaced, and nothing tells by what");
    return std::nullopt;
  }
  replacing_.emplace(*found, written);
  if (!replacing_->takes_lead_at_once(before_)) return std::nullopt;
  return replacing_->record();
}

// Where this leader is.
Leadership Shell::place() const {
  Leadership place;
  place.hostname = "n1";
  place.engine = "slurm";
  place.job = "17";
  const std::vector<Microseconds>& allocations = around_.script.allocations;
  if (around_.leader > allocations.size()) return place;
  place.until = around_.led_since + allocations[around_.leader - 1];
  return place;
}

// The runner before may have died between writing and syncing.
bool Shell::sync_what_was_found() {
  if (!sync()) return false;
  around_.disk.sync_name();
  return true;
}

std::vector<ProcessIndex> Shell::recorded_beside(const std::vector<ProcessIndex>& live) const {
  std::vector<ProcessIndex> found;
  for (const ProcessIndex p : maybe_unrecorded(runner_, live)) {
    if (around_.machine.streams().exists(p)) found.push_back(p);
  }
  sort_to_look(found, around_.script.task, around_.script.graph);
  return found;
}

void Shell::ask_kill(const KillPlan& plan) {
  KillRequest kill;
  kill.wait = plan.wait;
  kill.lose = plan.lose;
  kill.reason = "someone asked";
  feed(kill);
}

void Shell::ask_order(const OrderPlan& plan) {
  const std::string& name = around_.script.task.processes[plan.process].name;
  const bool refused = !runner_.may_order(name, plan.verb);
  if (refused != !around_.invariants.oracle().may_order(plan.process, plan.verb)) {
    throw Broken("an order is refused, or taken, against the rules");
  }
  // Some ask all the same: nothing may come of it.
  if (refused && around_.random.chance(50)) return;
  feed(OrderRequest{name, plan.verb, plan.wait, "someone ordered it"});
}

void Shell::ask_replace(const ReplacePlan& plan) {
  if (stopped_ || finished_ || replacing_ || runner_.state() != TaskState::Active) return;
  begin();
  around_.step(nullptr);
  if (!around_.machine.disk_is_full()) {
    Replacement record;
    record.generation = runner_.history().generation() + 1;
    record.reason = "someone asked";
    for (const ProcessIndex p : plan.changed) {
      record.changed.push_back(around_.script.task.processes[p].name);
    }
    around_.files.write(record);
    around_.step(nullptr);
    replacing_.emplace(std::move(record), false);
  }
  settle();
}

void Shell::ask_yield(Microseconds grace) {
  feed(YieldRequest{grace, "the machine is taken away"});
}

// ---- events ------------------------------------------------------------------------------------

void Shell::feed(const Event& event) {
  begin();
  tell(event);
  settle();
}

void Shell::tell(const Event& event) {
  if (stopped_) return;
  trace("> " + text_of(event, around_.script.task));
  around_.invariants.handling(event);
  auto effects = runner_.handle(event, around_.machine.now());
  if (!effects) throw Broken("the runner refused an event: " + effects.error().message);
  for (const Effect& effect : *effects) {
    trace("    < " + text_of(effect, around_.script.task));
    if (const auto* record = std::get_if<Append>(&effect)) {
      append(*record);
      if (stopped_) return;
    } else {
      turn_.push_back({effect, around_.invariants.written()});
    }
  }
  around_.invariants.handled(runner_, replayed_);
}

void Shell::append(const Append& effect) {
  around_.step(&effect.record);
  if (around_.machine.disk_is_full()) {
    if (around_.random.chance(50)) around_.disk.append_part(effect.record, around_.random);
    refuse("no space for a record");
    return;
  }
  auto record = around_.disk.append(effect.record);
  if (!record) throw Broken(record.error().message);
  auto outcome = replayed_.apply(*record);
  if (!outcome) throw Broken("replay refuses what was written: " + outcome.error().message);
  if (effect.durable) need_sync_ = true;
  around_.invariants.appended(*record, effect.durable);
}

void Shell::refuse(const std::string& why) {
  trace("* the task stops: " + why);
  stopped_ = true;
  turn_.clear();
}

// ---- turns -------------------------------------------------------------------------------------

void Shell::settle() {
  if (--depth_ > 0 || stopped_ || turn_pending_) return;
  if (around_.random.chance(70)) {
    end_turn();
    return;
  }
  turn_pending_ = true;
  life_.after(0, [this] { end_turn(); });
}

void Shell::end_turn() {
  turn_pending_ = false;
  begin();
  do {
    act();
  } while (!stopped_ && (links_.say() || need_sync_ || !turn_.empty()));
  if (replacing_) go_on_replacing();
  --depth_;
  if (stopped_) return;
  if (finishing_ && links_.all_idle()) {
    finished_ = true;
    links_.check_said();
  }
  around_.answer();
  if (around_.script.compacts && !finished_ && around_.random.chance(5)) compact();
}

void Shell::act() {
  while (!stopped_ && (need_sync_ || !turn_.empty())) {
    if (need_sync_ && !sync()) break;
    around_.disk.act();
    for (const auto& [effect, written] : std::exchange(turn_, {})) {
      if (stopped_) break;
      around_.step(nullptr);
      around_.invariants.carrying_out(effect, written);
      carry_out(effect);
    }
  }
}

bool Shell::sync() {
  around_.step(nullptr);
  if (around_.machine.disk_fails()) {
    around_.disk.fail_sync(around_.random);
    refuse("its stream cannot be synced");
    return false;
  }
  around_.disk.sync();
  around_.invariants.synced();
  need_sync_ = false;
  return true;
}

void Shell::compact() {
  const std::size_t keep = 1 + around_.random.below(3);
  runner_.drop_old(keep);
  around_.step(nullptr);
  if (around_.machine.disk_is_full() || around_.machine.disk_fails()) {
    replayed_.drop_old(keep);  // it goes on with the long one
    return;
  }
  if (auto written = around_.disk.rewrite(runner_.history()); !written) {
    throw Broken("a history can't be rewritten: " + written.error().message);
  }
  trace("    compacted");
  Disk copy = around_.disk;
  auto replay = copy.recover();
  if (!replay) throw Broken("what was compacted does not replay: " + replay.error().message);
  replayed_ = std::move(replay->history);
  around_.invariants.compacted(around_.disk.generation(), replay->records);
  around_.step(nullptr);
  if (around_.machine.disk_fails()) {
    // The name means the new file by now. Whoever appends next is told.
    refuse("its directory cannot be synced");
    return;
  }
  around_.disk.sync_name();
  around_.invariants.synced();
  around_.invariants.handled(runner_, replayed_);
}

// ---- another configuration ---------------------------------------------------------------------

void Shell::go_on_replacing() {
  using Act = Replacing::Act;
  for (;;) {
    const Act act = replacing_->next(
        runner_, {!stopped_, !need_sync_ && turn_.empty(), around_.machine.now().boot});
    if (act != Act::Wait) {
      trace("    replacing: act " + std::to_string(static_cast<int>(act)));
      around_.step(nullptr);
    }
    switch (act) {
      case Act::Wait:
        return;
      case Act::Stop:
        return stop_what_is_replaced();
      case Act::SyncRecord:
        act_and_sync();
        break;
      case Act::WriteTask:
        write_task();
        break;
      case Act::TakeLead:
        hands_over_ = stopped_ = true;
        return;
      case Act::RemoveFile:
        around_.replaced();
        [[fallthrough]];
      case Act::CallOff:
        around_.files.remove(replacing_->record().generation);
        [[fallthrough]];
      case Act::Abandon:
        replacing_.reset();
        return;
    }
  }
}

void Shell::act_and_sync() {
  act();
  if (!stopped_ && sync()) around_.disk.act();
}

// Another turn carries the orders out.
void Shell::stop_what_is_replaced() {
  for (const std::string& name : replacing_->to_stop()) {
    tell(OrderRequest{name, Verb::Stop, std::nullopt, "its configuration is replaced"});
    if (stopped_) return;
  }
  turn_pending_ = true;
  life_.after(0, [this] { end_turn(); });
}

void Shell::write_task() {
  const bool written = !around_.machine.disk_is_full();
  if (written) around_.files.write_task(replacing_->record().generation);
  replacing_->task_written(written, around_.machine.now().boot);
  if (written) return;
  life_.after(*replacing_->again_at() - around_.machine.now().boot, [this] {
    begin();
    settle();
  });
}

void Shell::check_replacing() const {
  if (!replacing_ || stopped_ || finished_ || turn_pending_ || !turn_.empty()) return;
  if (replacing_->again_at() || runner_.yields() || runner_.state() != TaskState::Active) return;
  for (const std::string& name : replacing_->record().changed) {
    if (runner_.under_way(*runner_.find(name))) return;
  }
  throw Broken("a replacement waits for nobody");
}

// ---- effects -----------------------------------------------------------------------------------

void Shell::carry_out(const Effect& effect) {
  if (const auto told = link_event_of(effect)) {
    links_.take(told->process, told->event);
  } else if (const auto* sweep = std::get_if<Sweep>(&effect)) {
    around_.machine.sweep(sweep->process, sweep->run);
    life_.after(kLatency, [this, p = sweep->process, run = sweep->run] { feed(Swept{p, run}); });
  } else if (const auto* probe = std::get_if<Probe>(&effect)) {
    answer(*probe);
  } else if (const auto* timer = std::get_if<SetTimer>(&effect)) {
    arm(*timer);
  } else if (std::holds_alternative<Finish>(effect)) {
    finishing_ = true;
  } else if (std::holds_alternative<StandDown>(effect)) {
    finishing_ = standing_down_ = true;
  }
}

// At once, or as late as it may be.
void Shell::answer(const Probe& probe) {
  const Microseconds timeout =
      asking_of(around_.script.task.processes[probe.process], probe.purpose).timeout;
  const Microseconds takes =
      around_.random.pick<Microseconds>({0, around_.random.between(0, timeout), timeout});
  life_.after(takes, [this, probe] {
    const bool yes = probe.purpose == Purpose::Healthy
                         ? around_.machine.is_healthy(probe.process, probe.run)
                         : around_.machine.is_ready(probe.process, probe.run);
    around_.invariants.probed(probe, yes);
    feed(ProbeAnswered{probe.process, probe.run, yes, yes ? "it is up" : "it is not up",
                       probe.purpose});
  });
}

void Shell::arm(const SetTimer& timer) {
  const std::uint64_t id = ++timer_;
  if (!timer.at) return;
  const Microseconds wait = *timer.at - around_.machine.now().boot;
  life_.after(wait, [this, id] {
    if (id == timer_) timer_is_due();
  });
  if (around_.random.chance(5)) {
    life_.after(around_.random.between(0, wait), [this] { timer_is_due(); });
  }
}

void Shell::timer_is_due() {
  begin();
  if (!around_.script.inotify) {
    for (const ProcessIndex p : runner_.may_have_said()) links_.take(p, link::Changed{});
  }
  tell(TimerDue{});
  settle();
}

void Shell::trace(ProcessIndex p, const std::string& line) const {
  if (around_.trace) {
    around_.trace("  " + around_.script.task.processes[p].name + " " +
                  std::string(link::name_of(links_.state(p))) + " " + line);
  }
}

}  // namespace thermos::sim
