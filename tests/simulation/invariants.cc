#include "invariants.h"

#include <algorithm>
#include <map>

#include "broken.h"

namespace thermos::sim {
namespace {

// From the moment when everything must die to the moment when it is known to be dead: a launch in
// flight, its first record, the signal, the end, its record, the coordinator's exit, the sweep.
constexpr Microseconds kDeathTakes = 20 * kLatency;

}  // namespace

// ---- one event ---------------------------------------------------------------------------------

void Invariants::handling(const Event& event) {
  event_ = &event;
  if (const auto* lead = std::get_if<Lead>(&event)) {
    led_at_ = timeline_.now();
    short_ = false;
    time_until_.reset();
    const Microseconds until = lead->place.until;
    if (until != 0) time_until_ = timeline_.now() + until - machine_.now().wall;
  }
  if (const auto* yield = std::get_if<YieldRequest>(&event)) asked_to_yield(yield->grace);
  ordered_.reset();
  const auto* order = std::get_if<OrderRequest>(&event);
  if (order == nullptr) return;
  const ProcessIndex p = index_of(order->process);
  if (oracle_.may_order(p, order->verb)) ordered_ = oracle_.process(p);
}

void Invariants::appended(const Record& record, bool durable) {
  if (std::holds_alternative<RunnerHeader>(record)) {
    require(journal_.empty(), "a header behind other records");
    Entry entry;
    entry.written = machine_.moment();
    this->record(entry);
  } else if (const auto* task = std::get_if<TaskStatus>(&record)) {
    if (task->shortage != Shortage::None) return shortage_appended(*task);
    require(durable || task->state == TaskState::Active, "an end that need not last");
    task_appended(*task);
  } else if (const auto* process = std::get_if<ProcessStatus>(&record)) {
    require(durable || !is_terminal(process->state), "a terminal record that need not last");
    process_appended(*process);
    require(durable || !journal_.back().first_start,
            "a start that others need and that need not last");
  } else if (const auto* order = std::get_if<ProcessOrder>(&record)) {
    require(durable, "an order that need not last");
    order_appended(*order);
  } else if (const auto* report = std::get_if<ProcessReport>(&record)) {
    report_appended(*report);
  } else if (const auto* place = std::get_if<Leadership>(&record)) {
    place_appended(*place, durable);
  } else if (const auto* replacement = std::get_if<Replacement>(&record)) {
    replacement_appended(*replacement, durable);
  } else {
    throw Broken("a live runner wrote a summary");
  }
}

void Invariants::shortage_appended(const TaskStatus& status) {
  require(status.state == oracle_.task().state, "a shortage changes the task's state");
  // Of the leader before.
  if (std::holds_alternative<Lead>(*event_)) short_ = status.shortage_over;
  require(status.shortage_over == short_, status.shortage_over
                                              ? "a shortage is over that was not told"
                                              : "a shortage is told twice");
  short_ = !status.shortage_over;
  Entry entry;
  entry.kind = Entry::Kind::Shortage;
  entry.written = machine_.moment();
  record(entry);
}

void Invariants::replacement_appended(const Replacement& replacement, bool durable) {
  require(durable, "a replacement that need not last");
  require(std::holds_alternative<Lead>(*event_), "a replacement without a lead");
  require(oracle_.task().state == TaskState::Active, "a task that ends is replaced");
  Entry entry;
  entry.kind = Entry::Kind::Replacement;
  entry.written = machine_.moment();
  for (const std::string& changed : replacement.changed) {
    const ProcessIndex p = index_of(changed);
    const Oracle::Process& before = oracle_.process(p);
    require(!before.live || before.state == ProcessState::Waiting,
            changed + ": replaced while it runs");
    require(!machine_.tree(p).alive, changed + ": replaced while something of it lives");
    entry.changed.push_back(p);
  }
  record(entry);
}

void Invariants::record(const Entry& entry) {
  journal_.push_back(entry);
  oracle_.apply(entry);
}

void Invariants::task_appended(const TaskStatus& status) {
  const Entry& last = oracle_.task();
  const TaskState from = oracle_.started() ? last.state : TaskState::Active;
  const auto* kill = std::get_if<KillRequest>(event_);
  const Microseconds now = timeline_.now();
  Entry entry;
  entry.kind = Entry::Kind::Task;
  entry.written = machine_.moment();
  entry.state = status.state;
  entry.goal = last.goal;
  entry.deadline_low = last.deadline_low;
  entry.deadline_high = last.deadline_high;
  require(!yield_by_ || kill != nullptr, "a task that yields goes on");

  Microseconds wait = script_.task.finalization_wait;
  TaskState asked = TaskState::Killed;
  if (kill != nullptr) {
    wait = kill->wait.value_or(kill->lose ? 0 : script_.task.finalization_wait);
    if (kill->lose) asked = TaskState::Lost;
  }
  if (from == TaskState::Active && status.state == TaskState::Cleaning) {
    const auto verdict = oracle_.verdict();
    require(kill != nullptr || verdict.has_value(), "the task left ACTIVE for no reason");
    entry.goal = kill != nullptr ? asked : *verdict;
    entry.deadline_low = entry.deadline_high = now + wait;
  } else if (from == status.state) {
    if (kill != nullptr) {
      if (entry.goal != TaskState::Lost) entry.goal = asked;
      entry.deadline_low = std::min(entry.deadline_low, now + wait);
      entry.deadline_high = std::min(entry.deadline_high, now + wait);
    } else {
      require(std::holds_alternative<Lead>(*event_), "a task state repeated for no reason");
      if (const auto& yielded = oracle_.yielded()) {
        // Its time stood still, from when it yielded or was told to end meanwhile.
        const Microseconds since = std::max(yielded->when, last.written.when);
        entry.deadline_low = now + std::max<Microseconds>(0, entry.deadline_low - since);
        entry.deadline_high = now + std::max<Microseconds>(0, entry.deadline_high - since);
      } else if (oracle_.started() && !clocks_agree(last.written)) {
        const Microseconds left =
            std::max<Microseconds>(0, entry.deadline_high - last.written.when);
        entry.deadline_low = now;
        entry.deadline_high = now + left;
      }
    }
  } else if (status.state == TaskState::Finalizing) {
    require(from == TaskState::Cleaning, "FINALIZING out of turn");
    require(entry.goal != TaskState::Lost, "FINALIZING of a lost task");
    require(now < entry.deadline_high, "FINALIZING after an overrun");
    require(nothing_lives(), "FINALIZING while something lives");
  } else {
    require(is_terminal(status.state), "a task state out of turn");
    require(status.state == entry.goal, "the task ends otherwise than it was to");
    require(nothing_lives(), "the task ended while something lives");
    const bool skips = now >= entry.deadline_low || entry.goal == TaskState::Lost;
    if (from == TaskState::Cleaning) require(skips, "finalizers were skipped");
    if (from == TaskState::Finalizing) {
      require(skips || oracle_.complete(true) || oracle_.deadlocked(true),
              "the task ended before its finalizers");
    }
  }
  if (status.state != TaskState::Active) {
    require(status.goal == entry.goal, "a wrong goal on record");
    // One that passed while the machine was down may be written as of now.
    const Microseconds deadline = machine_.true_time(status.deadline.boot);
    const Microseconds high = std::max(entry.deadline_high, led_at_);
    require(entry.deadline_low <= deadline && deadline <= high,
            "a wrong deadline on record: off by " + std::to_string(deadline - high) + " us");
  }
  record(entry);
}

ProcessIndex Invariants::index_of(std::string_view name) const {
  const auto& processes = script_.task.processes;
  const auto found = std::find_if(processes.begin(), processes.end(),
                                  [&](const auto& config) { return config.name == name; });
  require(found != processes.end(), "a record of a process that the task hasn't");
  return static_cast<ProcessIndex>(found - processes.begin());
}

// ---- processes ---------------------------------------------------------------------------------

void Invariants::process_appended(const ProcessStatus& status) {
  const ProcessIndex p = index_of(status.process);
  const Oracle::Process& before = oracle_.process(p);
  require(status.seq == before.next_seq, name(p) + ": its sequence numbers don't rise by one");
  if (status.state == ProcessState::Waiting) {
    may_wait(p, status);
  } else {
    require(before.live, name(p) + ": a record after its end");
    require(status.run == before.run, name(p) + ": a record of another run");
  }
  Entry entry;
  entry.kind = Entry::Kind::Process;
  entry.written = machine_.moment();
  entry.process = p;
  entry.run = status.run;
  entry.seq = status.seq;
  entry.process_state = status.state;
  entry.first_start = status.state == ProcessState::Running && is_first_start(p);
  entry.happened = machine_.moment();
  for (const Streams::Written& written : machine_.stream(p)) {
    if (written.status.seq == status.seq) entry.happened = written.moment;
  }
  if (status.state == ProcessState::Forked) forked_in_[p] = status.boot.low;
  entry.by_order = status.origin == Origin::Ordered;
  if (is_terminal(status.state)) {
    check_end(p, status, entry);
    check_end_while_yielding(p, status, entry);
    check_held(p, status, entry);
  }
  const std::uint32_t kills = script_.task.processes[p].max_kills;
  if (status.state == ProcessState::Killed && !entry.by_order && kills != 0) {
    require((before.kills + 1 >= kills) == !status.reason.empty(),
            name(p) + ": killed for good and it is not said, or said too early");
  }
  if (status.state == ProcessState::Lost) {
    require(!machine_.lives(p) && !machine_.tree(p).alive, name(p) + ": LOST and alive");
  }
  record(entry);
}

bool Invariants::is_first_start(ProcessIndex p) const {
  const auto needs_start = [p](const std::vector<Need>& needs) {
    return std::any_of(needs.begin(), needs.end(), [p](const Need& need) {
      return need.process == p && need.condition == Condition::Start;
    });
  };
  return !oracle_.process(p).begun &&
         std::any_of(script_.needs.begin(), script_.needs.end(), needs_start);
}

void Invariants::may_wait(ProcessIndex p, const ProcessStatus& status) {
  const Oracle::Process& before = oracle_.process(p);
  const ProcessConfig& config = script_.task.processes[p];
  require(!before.live, name(p) + ": WAITING while it lives");
  require(status.run == (before.spoken ? before.run + 1 : 0), name(p) + ": a wrong run number");
  // It had run before a power cut that took this record.
  if (status.origin == Origin::FoundAtResume) return;
  require(!yield_by_, name(p) + " starts though the task yields");
  require(!lacks_time(p), name(p) + " starts though the machine is taken away before it can end");
  require(oracle_.has_what_it_needs(p), name(p) + " starts before what it needs has come about");
  require(!oracle_.over(p), name(p) + " starts again though it is done with");
  require(!before.held, name(p) + " starts though it is held");
  const Entry& task = oracle_.task();
  const TaskState stage = config.final ? TaskState::Finalizing : TaskState::Active;
  require(task.state == stage, name(p) + " starts out of its stage");
  if (config.final) {
    require(task.goal != TaskState::Lost && timeline_.now() < task.deadline_high,
            name(p) + ": a finalizer starts after an overrun or a loss");
    require(!oracle_.complete(true), name(p) + " starts after the last finalizer");
  } else {
    require(!oracle_.verdict(), name(p) + " starts though the task is over");
  }
  const std::uint32_t limit = script_.task.max_concurrency;
  require(limit == 0 || oracle_.live(config.final) < limit, name(p) + ": too many at once");
  pools_.check_fits(p, live_ones(config.final, false));
  pools_.check_turn(p);
  if (before.ended && !before.immediate && clocks_agree(*before.ended)) {
    require(timeline_.now() >= before.ended->when + std::max(config.min_duration, before.backoff),
            name(p) + " starts before its wait is over");
  }
}

void Invariants::handled(const Runner& runner, const History& replayed) {
  check_ordered();
  check_counted();
  event_ = nullptr;
  ordered_.reset();
  require(runner.history() == replayed, "replay differs from the live state");
  require(runner.state() == oracle_.task().state, "the runner's state is not what it wrote");
  require(runner.done() || !is_terminal(runner.state()), "a terminal state and not done");
  require(!runner.done() || is_terminal(runner.state()) || runner.yields(), "done, and not over");
  require(runner.yields() == yield_by_.has_value(), "it yields, or does not, for no reason");
  // One that resumes first hears what happened meanwhile.
  if (timeline_.now() != led_at_) check_left_active();
}

// ---- effects -----------------------------------------------------------------------------------

void Invariants::carrying_out(const Effect& effect, std::size_t written) {
  const Entry& task = oracle_.task();
  const Microseconds now = timeline_.now();
  if (const auto* start = std::get_if<StartProcess>(&effect)) {
    const auto last = std::find_if(
        journal_.rend() - static_cast<std::ptrdiff_t>(written), journal_.rend(),
        [&](const Entry& entry) {
          const bool anew = std::find(entry.changed.begin(), entry.changed.end(), start->process) !=
                            entry.changed.end();
          return anew || (entry.kind >= Entry::Kind::Process && entry.process == start->process);
        });
    require(
        last != journal_.rend() && (last->kind != Entry::Kind::Order || last->verb == Verb::Start),
        name(start->process) + ": launched to be ended by an order that came before");
    require(!yield_written_ || written <= *yield_written_,
            name(start->process) + ": launched though the task yields");
    oracle_.launching(start->process);
    for (std::size_t i = synced_; i < written; ++i) {
      if (journal_[i].kind != Entry::Kind::Process) continue;
      require(!is_terminal(journal_[i].process_state),
              name(start->process) + " starts before an end is on the disk");
      require(!journal_[i].first_start,
              name(start->process) + " starts before a start that others need is on the disk");
    }
  } else if (const auto* probe = std::get_if<Probe>(&effect)) {
    asking(*probe);
  } else if (const auto* term = std::get_if<Terminate>(&effect)) {
    // One that was due in CLEANING may come when its process has just ended.
    const bool finalizer = script_.task.processes[term->process].final;
    const bool ordered = oracle_.process(term->process).ordered_run == term->run;
    const Boxed<OnYield>& own = script_.task.processes[term->process].on_yield;
    require(term->signal == 0 || (own && own->signal && own->signal->number == term->signal),
            name(term->process) + ": a signal that is not its own");
    require(
        ordered || yield_by_ ||
            (task.state != TaskState::Active &&
             !(finalizer && task.state == TaskState::Finalizing && task.goal != TaskState::Lost)),
        name(term->process) + ": SIGTERM for no reason");
  } else if (const auto* kill = std::get_if<Kill>(&effect)) {
    const bool after_finalizers =
        task.state == TaskState::Finalizing && (oracle_.complete(true) || oracle_.deadlocked(true));
    const Oracle::Process& process = oracle_.process(kill->process);
    // It may have asked for more time when that was decided, and not carried out.
    const bool just_asked = process.asked && process.said_at == now;
    const bool ordered = process.ordered_run == kill->run &&
                         now >= (just_asked ? process.kill_at : oracle_.order_over(kill->process));
    const auto own = oracle_.stop_wait_over(kill->process, machine_.moment().boot);
    const bool yields = yield_by_ && now >= *yield_by_;
    require(ordered || yields || is_terminal(task.state) || after_finalizers ||
                (own && (just_asked || now >= *own)) ||
                (task.state != TaskState::Active && now >= task.deadline_low),
            name(kill->process) + ": SIGKILL before the deadline");
    require(!own || yields || now <= std::max({*own, led_at_, process.heard}) + script_.harsh.slack,
            name(kill->process) + ": SIGKILL after its stop_wait");
  } else if (const auto* sweep = std::get_if<Sweep>(&effect)) {
    require(forked_in_[sweep->process] == machine_.moment().boot,
            name(sweep->process) + ": a sweep after what another boot had");
  } else if (std::holds_alternative<Finish>(effect)) {
    require(is_terminal(task.state), "finished without a terminal state");
    require(synced_ == journal_.size(), "finished before it is on the disk");
    require(nothing_lives(), "finished while something lives");
  } else if (std::holds_alternative<StandDown>(effect)) {
    standing_down();
    stood_down_ = true;
  } else if (const auto* timer = std::get_if<SetTimer>(&effect)) {
    require(!timer->at || machine_.true_time(*timer->at) >= now, "a timer in the past");
  }
}

void Invariants::starting(const Machine::Start& start) {
  const ProcessIndex p = start.process;
  const Oracle::Process& process = oracle_.process(p);
  require(!machine_.tree(p).alive, name(p) + " runs twice at once");
  require(process.live && process.run == start.run, name(p) + " runs without a record of it");
  // What its run needed may be defined anew since it was begun: that goes on all the same.
  require(process.kept || oracle_.has_what_it_needs(p),
          name(p) + " runs before what it needs has come about");
  require(!oracle_.over(p), name(p) + " runs again though it is done with");
  require(!is_terminal(oracle_.task().state), name(p) + " runs after the task's end");
  std::vector<ProcessIndex> running;
  for (ProcessIndex q = 0; q < script_.task.processes.size(); ++q) {
    if (q == p) continue;
    const bool works =
        machine_.lives(q) && machine_.coordinator(q).phase != Machine::Phase::Written;
    if (works || machine_.tree(q).alive) running.push_back(q);
  }
  const std::uint32_t limit = script_.task.max_concurrency;
  require(limit == 0 || running.size() < limit, "more run at once than may");
  pools_.check_fits(p, running);
}

// ---- time --------------------------------------------------------------------------------------

void Invariants::time_moves_on(const std::vector<LinkView>& links) {
  check_left_active();
  check_left_waiting();
  check_deadline();
  check_signalled();
  check_ending();
  check_timeouts();
  check_readiness();
  check_health();
  check_said();
  check_yielding();
  check_links(links);
  check_lingering(std::all_of(links.begin(), links.end(), [](const LinkView& view) {
    return view.state == link::State::Idle;
  }));
}

// Nobody lives without a link, and no link goes on without somebody, unless it waits to launch.
void Invariants::check_links(const std::vector<LinkView>& links) {
  for (ProcessIndex p = 0; p < links.size(); ++p) {
    const bool idle = links[p].state == link::State::Idle;
    require(!idle || !machine_.lives(p) || !links[p].known,
            name(p) + ": its coordinator lives, is on record, and nobody cares");
    if (idle || links[p].state == link::State::Queued || machine_.lives(p) ||
        machine_.streams().locked(p)) {
      alone_since_.erase(p);
      continue;
    }
    const auto [since, fresh] = alone_since_.emplace(p, timeline_.now());
    require(timeline_.now() <= since->second + kDeathTakes + script_.harsh.slack,
            name(p) + ": its link waits for nobody");
  }
}

void Invariants::linked(ProcessIndex p, const link::Event& event, link::State before,
                        const std::vector<link::Effect>& effects) {
  if (!std::holds_alternative<link::Timer>(event)) return;
  const bool look = std::any_of(effects.begin(), effects.end(), [](const link::Effect& effect) {
    return std::holds_alternative<link::Read>(effect);
  });
  if (!look) return;
  ++looks_;
  // Nobody tells of a lock without a pidfd of its holder.
  const bool nobody_tells = before == link::State::Found || before == link::State::Unanswered;
  // Who found nobody when it began, on a kind machine, hears of all that happens.
  require(!script_.inotify || !script_.harsh.kind() || leaders_ > 1,
          name(p) + ": a look by timer with nothing to wait for");
  require(!script_.inotify || !script_.harsh.shortages.empty() || nobody_tells,
          name(p) + ": a look by timer while " + std::string(link::name_of(before)));
}

bool Invariants::clocks_agree(const Moment& then) const {
  const Moment now = machine_.moment();
  return then.boot == now.boot || then.wall_jumps == now.wall_jumps;
}

Microseconds Invariants::due(ProcessIndex p) const {
  const Oracle::Process& process = oracle_.process(p);
  if (!process.ended || process.immediate) return 0;
  const Microseconds wait = std::max(script_.task.processes[p].min_duration, process.backoff);
  if (clocks_agree(*process.ended)) return process.ended->when + wait;
  return std::max(process.ended->when, led_at_) + wait;
}

void Invariants::check_left_active() const {
  const bool active = oracle_.started() && !yield_by_ && oracle_.task().state == TaskState::Active;
  require(!active || !oracle_.verdict(), "the task stays ACTIVE though it is over");
}

std::vector<ProcessIndex> Invariants::live_ones(bool final_stage, bool parked) const {
  std::vector<ProcessIndex> those;
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
    const Oracle::Process& process = oracle_.process(p);
    if (script_.task.processes[p].final != final_stage) continue;
    if (process.live && process.parked == parked) those.push_back(p);
  }
  return those;
}

void Invariants::check_left_waiting() {
  const Entry& task = oracle_.task();
  const bool final_stage = task.state == TaskState::Finalizing;
  if (yield_by_ || (task.state != TaskState::Active && !final_stage)) return;
  if (final_stage && (task.goal == TaskState::Lost || timeline_.now() >= task.deadline_low ||
                      oracle_.complete(true) || oracle_.deadlocked(true))) {
    return;
  }
  const std::uint32_t limit = script_.task.max_concurrency;
  // One that is parked may have its coordinator yet.
  if (limit != 0 && oracle_.live(final_stage) + oracle_.parked(final_stage) >= limit) return;
  std::vector<ProcessIndex> waiting;
  std::vector<ProcessIndex> others = live_ones(final_stage, true);
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
    if (script_.task.processes[p].final != final_stage || !oracle_.runnable(p)) continue;
    if (oracle_.process(p).held) continue;
    if (lacks_time(p)) {
      // Whose turn it is at a pool gives way when it comes to start.
      others.push_back(p);
      continue;
    }
    if (due(p) > timeline_.now()) {
      // By a clock that was set, its wait may be over.
      if (!clocks_agree(*oracle_.process(p).ended)) others.push_back(p);
      continue;
    }
    require(pools_.uses_any(p), name(p) + " could run and is left waiting");
    waiting.push_back(p);
  }
  pools_.waiting(waiting, live_ones(final_stage, false), others, timeline_.now());
}

void Invariants::check_deadline() const {
  const Entry& task = oracle_.task();
  if (task.state == TaskState::Active || is_terminal(task.state)) return;
  require(
      timeline_.now() <= std::max(task.deadline_high, led_at_) + kDeathTakes + script_.harsh.slack,
      "the task outlives its deadline");
}

void Invariants::check_signalled() const {
  const Entry& task = oracle_.task();
  if (task.state == TaskState::Active) return;
  const bool hard =
      timeline_.now() >= task.deadline_high ||
      (!yield_by_ && task.state == TaskState::Finalizing && task.goal != TaskState::Lost &&
       (oracle_.complete(true) || oracle_.deadlocked(true)));
  const bool soft = task.state == TaskState::Cleaning || task.goal == TaskState::Lost;
  if (!hard && !soft) return;
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
    const Machine::Coordinator& coordinator = machine_.coordinator(p);
    const Oracle::Process& process = oracle_.process(p);
    if (coordinator.phase != Machine::Phase::Forked &&
        coordinator.phase != Machine::Phase::Running) {
      continue;
    }
    const bool known =
        process.live && process.run == coordinator.run && process.state != ProcessState::Waiting;
    if (!known) continue;
    const auto own = oracle_.stop_wait_over(p, machine_.moment().boot);
    const bool over = hard || (own && timeline_.now() >= *own);
    require(coordinator.kill_asked || (!over && coordinator.term_asked),
            name(p) + " was not told to end");
  }
}

void Invariants::check_lingering(bool idle) {
  const Entry& task = oracle_.task();
  const bool ending =
      yield_by_ || task.state == TaskState::Cleaning ||
      (task.state == TaskState::Finalizing && (oracle_.complete(true) || oracle_.deadlocked(true)));
  if (!ending || !idle || !nothing_lives()) {
    quiet_since_.reset();
    return;
  }
  if (!quiet_since_) quiet_since_ = timeline_.now();
  require(timeline_.now() <= *quiet_since_ + kDeathTakes + script_.hold + script_.harsh.slack,
          "nothing lives and the task lingers");
}

bool Invariants::nothing_lives() const {
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
    if (machine_.tree(p).alive) return false;
    // One that wrote its last record has only its exit before it.
    if (machine_.lives(p) && machine_.coordinator(p).phase != Machine::Phase::Written) {
      return false;
    }
  }
  return true;
}

// ---- over runners ------------------------------------------------------------------------------

void Invariants::crashed(std::uint64_t generation, std::size_t records) {
  const Compacted compacted = compacted_[generation];
  require(records >= compacted.records, "compacted records are gone");
  const std::size_t entries = compacted.entries + (records - compacted.records);
  require(entries >= synced_, "synced records are gone");
  require(entries <= journal_.size(), "records from nowhere");
  journal_.resize(entries);
  event_ = nullptr;
  ordered_.reset();
  ++leaders_;
  yield_by_.reset();
  yield_written_.reset();
  time_until_.reset();
  stood_down_ = false;
  quiet_since_.reset();
  alone_since_.clear();
  pools_.crashed();
  refused_.clear();
  health_.clear();
  oracle_ = Oracle(script_);
  for (const Entry& entry : journal_) oracle_.apply(entry);
}

void Invariants::ended(const History& history) const {
  // By the journal: a compacted history has dropped old runs.
  std::vector<std::map<std::uint32_t, ProcessState>> ends(script_.task.processes.size());
  std::vector<RunTotals> totals(script_.task.processes.size());
  std::map<ProcessIndex, std::vector<std::uint32_t>> anew;  // the first runs by each definition
  for (const Entry& entry : journal_) {
    for (const ProcessIndex p : entry.changed) {
      const auto last = ends[p].rbegin();
      if (last == ends[p].rend()) continue;
      anew[p].push_back(last->second == ProcessState::Waiting ? last->first : last->first + 1);
    }
    if (entry.kind != Entry::Kind::Process) continue;
    ends[entry.process][entry.run] = entry.process_state;
    RunTotals& sum = totals[entry.process];
    if (entry.process_state == ProcessState::Success) ++sum.success;
    if (entry.process_state == ProcessState::Failed) ++sum.failed;
    if (entry.process_state == ProcessState::Killed) ++sum.killed;
    if (entry.process_state == ProcessState::Lost) ++sum.lost;
    if (entry.process_state == ProcessState::Killed && entry.by_order) ++sum.ordered;
  }
  for (ProcessIndex p = 0; p < totals.size(); ++p) {
    const auto index = history.find(name(p));
    require((index ? history.process(*index).totals : RunTotals{}) == totals[p],
            name(p) + ": its totals are not what was written");
  }
  const auto& ledger = machine_.ledger();
  for (std::size_t i = 0; i < ledger.size(); ++i) {
    const Machine::Start& start = ledger[i];
    if (start.erased || !start.real) continue;
    const ProcessIndex p = start.process;
    const auto end = ends[p].find(start.run);
    require(end != ends[p].end() && is_terminal(end->second),
            name(p) + " ran and there is no end of it on record");
    for (std::size_t j = i + 1; j < ledger.size(); ++j) {
      if (ledger[j].process != p || !ledger[j].real) continue;
      require(ledger[j].run > start.run, name(p) + ": one run started twice");
      const bool other = std::any_of(anew[p].begin(), anew[p].end(), [&](std::uint32_t first) {
        return start.run < first && first <= ledger[j].run;
      });
      const bool once =
          end->second == ProcessState::Success && !script_.task.processes[p].daemon && !other;
      require(!once, name(p) + " ran again after its success");
    }
  }
  for (const Entry& entry : journal_) {
    if (entry.kind != Entry::Kind::Process) continue;
    if (entry.process_state != ProcessState::Running &&
        entry.process_state != ProcessState::Success) {
      continue;
    }
    require(std::any_of(ledger.begin(), ledger.end(),
                        [&](const Machine::Start& start) {
                          return start.process == entry.process && start.run == entry.run;
                        }),
            name(entry.process) + ": a run on record that never was");
  }
}

void Invariants::compacted(std::uint64_t generation, std::size_t records) {
  compacted_[generation] = {journal_.size(), records};
}

}  // namespace thermos::sim
