#include "shared_world.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <utility>

#include "broken.h"
#include "core/runner/runner.h"
#include "core/task/shared_pools.h"
#include "random.h"
#include "shared_rules.h"
#include "timeline.h"

namespace thermos::sim {
namespace {

constexpr std::uint64_t kMostSharedEvents = 60'000;
constexpr BootId kBoot{1, 2};

struct Killed {};

// A run, as its coordinator and the machine see it.
struct Child {
  enum class State : std::uint8_t { None, Asked, Alive };
  State state = State::None;
  std::uint32_t run = 0;
  std::uint64_t seq = 0;    // of its next record
  std::uint64_t token = 0;  // what is planned for an earlier run is void
  std::vector<ProcessStatus> stream;
};

struct Task {
  std::vector<Child> children;
  History disk;
  std::unique_ptr<Runner> runner;
  bool launched = false;
  bool over = false;
  std::uint64_t timer = 0;
};

class SharedWorld {
 public:
  SharedWorld(const SharedScript& script, const std::vector<std::uint64_t>& crash_at)
      : script_(script),
        crash_at_(crash_at),
        random_(script.seed * 7919 + crash_at.size()),
        rules_(script),
        tasks_(script.tasks.size()),
        sizes_(script.pools) {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      tasks_[i].children.resize(script.tasks[i].task.processes.size());
    }
  }

  SharedOutcome live();

 private:
  const TaskConfig& config(std::size_t i) const { return script_.tasks[i].task; }
  Child& child(Member m) { return tasks_[m.first].children[m.second]; }
  Timestamp now() const { return {timeline_.now() + 5000 * kSecond, timeline_.now() + kSecond}; }

  void plan();
  void boot();
  void lead(std::size_t i);
  void crash();
  void change_sizes();
  void guarded(const std::function<void()>& action);

  void tell(std::size_t i, const Event& event);
  void wake();
  void carry_out(std::size_t i, const Effect& effect);
  void launch(Member m, const StartProcess& start);
  void fork(Member m);
  void end(Member m, ProcessState state);
  void write(Member m, ProcessState state);
  void kill(Member m);
  void order(std::size_t i, ProcessIndex p, Verb verb);

  void time_moves_on();
  bool waits(Member m) const;
  bool all_over() const;
  std::string left() const;
  void end_rivals();
  std::set<Member> running() const;
  bool on_record_alone(Member m) const;
  std::set<Member> holders() const;
  void say(Member m, const std::string& what);

  const SharedScript& script_;
  const std::vector<std::uint64_t>& crash_at_;
  Timeline timeline_;
  Random random_;
  SharedRules rules_;
  std::vector<Task> tasks_;
  Named<std::uint32_t> sizes_;
  std::unique_ptr<SharedPools> pools_;
  std::set<std::size_t> woken_;
  // Of those that have a run on record and no coordinator, the ones whose launch was perhaps called
  // off: whether they have their shares, or wait for them, can't be seen.
  std::set<Member> called_off_;
  bool up_ = false;
  std::size_t next_crash_ = 0;
  SharedOutcome outcome_;
  std::deque<std::string> lines_;
};

SharedOutcome SharedWorld::live() {
  plan();
  try {
    for (std::uint64_t events = 0;; ++events) {
      if (events > kMostSharedEvents)
        throw Broken("the tasks do not end: somebody waits for ever" + left());
      if (timeline_.empty()) {
        if (all_over()) break;
        // What a daemon with smaller pools can't run goes on when they are as they were.
        if (sizes_ == script_.pools || !up_)
          throw Broken("nothing more happens: a lost wake-up" + left());
        guarded([] { throw Killed(); });
      }
      if (timeline_.next() > timeline_.now()) time_moves_on();
      guarded([this] { timeline_.step(); });
    }
  } catch (const Broken& broken) {
    outcome_.broken = "seed " + std::to_string(script_.seed) + ": " + broken.what();
    for (const std::string& line : lines_) *outcome_.broken += "\n  " + line;
  }
  for (Task& task : tasks_) task.runner.reset();
  outcome_.waits = rules_.waits();
  return outcome_;
}

void SharedWorld::plan() {
  timeline_.after(0, [this] { boot(); });
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    const SharedTask& shared = script_.tasks[i];
    timeline_.after(shared.launched_at, [this, i] {
      tasks_[i].launched = true;
      timeline_.after(10 * kSecond, [this] { end_rivals(); });
      if (up_) lead(i);
    });
    if (shared.killed_at) {
      timeline_.after(shared.launched_at + *shared.killed_at, [this, i] {
        if (!tasks_[i].runner) return;
        for (ProcessIndex p = 0; p < config(i).processes.size(); ++p) rules_.unsure({i, p});
        tell(i, KillRequest{});
      });
    }
    for (const SharedTask::Hold& hold : shared.holds) {
      timeline_.after(shared.launched_at + hold.from,
                      [this, i, hold] { order(i, hold.process, Verb::Stop); });
      timeline_.after(shared.launched_at + hold.until,
                      [this, i, hold] { order(i, hold.process, Verb::Start); });
    }
  }
}

// A start is asked for again until it is on record, as a user would.
void SharedWorld::order(std::size_t i, ProcessIndex p, Verb verb) {
  if (tasks_[i].over) return;
  const std::string& name = config(i).processes[p].name;
  const auto slot = tasks_[i].disk.find(name);
  if (verb == Verb::Start) {
    if (!slot || !tasks_[i].disk.process(*slot).held) return;
    timeline_.after(kSecond, [this, i, p, verb] { order(i, p, verb); });
  }
  if (!tasks_[i].runner) return;
  rules_.unsure({i, p});
  if (child({i, p}).state != Child::State::Alive) called_off_.insert({i, p});
  if (tasks_[i].runner->may_order(name, verb))
    tell(i, OrderRequest{name, verb, std::nullopt, "asked"});
}

void SharedWorld::guarded(const std::function<void()>& action) {
  try {
    action();
    wake();
  } catch (const Killed&) {
    crash();
  }
}

// ---- the daemon --------------------------------------------------------------------------------

void SharedWorld::boot() {
  up_ = true;
  pools_ = std::make_unique<SharedPools>(sizes_);
  std::set<Member> unsure;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    for (ProcessIndex p = 0; p < config(i).processes.size(); ++p) {
      const auto slot = tasks_[i].disk.find(config(i).processes[p].name);
      if (slot && tasks_[i].disk.process(*slot).live()) unsure.insert({i, p});
    }
  }
  called_off_ = unsure;
  rules_.restarted(sizes_, unsure, timeline_.now());
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    Task& task = tasks_[i];
    task.over = task.over || is_terminal(task.disk.state());
    if (!task.launched || task.over) continue;
    if (task.disk.header()) {
      lead(i);
    } else {
      // Nothing is on record of it. Who gave it to the daemon gives it again.
      timeline_.after(1, [this, i] {
        if (up_ && !tasks_[i].runner) lead(i);
      });
    }
  }
  timeline_.after(0, [this] { end_rivals(); });
}

void SharedWorld::lead(std::size_t i) {
  Task& task = tasks_[i];
  task.runner = std::make_unique<Runner>(
      config(i), script_.tasks[i].graph, task.disk,
      PoolAccess{pools_.get(), config(i).name, [this, i] { woken_.insert(i); }});
  std::vector<ProcessIndex> live;
  for (ProcessIndex p = 0; p < task.children.size(); ++p) {
    if (task.runner->past(p).live()) live.push_back(p);
  }
  Lead lead;
  lead.header.task_id = config(i).name;
  lead.header.launch_time = script_.tasks[i].launched_at;
  lead.pid = 100;
  lead.boot = kBoot;
  tell(i, lead);
  for (const ProcessIndex p : live) {
    for (const ProcessStatus& status : std::vector(task.children[p].stream)) {
      tell(i, CoordinatorRecord{p, status});
    }
    if (task.children[p].state == Child::State::None && task.runner->past(p).live()) {
      tell(i, CoordinatorGone{p, task.runner->past(p).current()->number});
    }
  }
}

void SharedWorld::crash() {
  ++outcome_.crashes;
  lines_.emplace_back("the daemon is killed");
  up_ = false;
  woken_.clear();
  for (Task& task : tasks_) {
    task.runner.reset();
    ++task.timer;
  }
  pools_.reset();
  // A launch that was asked for has come about, or never will.
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    for (ProcessIndex p = 0; p < tasks_[i].children.size(); ++p) {
      if (child({i, p}).state != Child::State::Asked) continue;
      ++child({i, p}).token;
      child({i, p}).state = Child::State::None;
      if (random_.chance(50)) fork({i, p});
    }
  }
  change_sizes();
  const Microseconds down = random_.pick<Microseconds>({0, 0, random_.between(0, 5 * kSecond)});
  timeline_.after(down, [this] { boot(); });
}

void SharedWorld::change_sizes() {
  sizes_ = script_.pools;
  if (!script_.sizes_change || next_crash_ == crash_at_.size()) return;
  for (auto& [name, amount] : sizes_.entries) amount = 1 + random_.below(amount + 1);
  if (random_.chance(20)) sizes_.entries.pop_back();
}

void SharedWorld::tell(std::size_t i, const Event& event) {
  Task& task = tasks_[i];
  const auto handled = task.runner->handle(event, now());
  if (!handled) throw Broken(config(i).name + ": " + handled.error().message);
  // What it asks for is carried out at the end of the turn, behind the records.
  std::vector<Effect> acts;
  for (const Effect& effect : *handled) {
    if (const auto* append = std::get_if<Append>(&effect)) {
      ++outcome_.steps;
      if (next_crash_ < crash_at_.size() && outcome_.steps == crash_at_[next_crash_]) {
        ++next_crash_;
        throw Killed();
      }
      if (!task.disk.apply(append->record)) throw Broken("a record does not fit");
    } else {
      acts.push_back(effect);
    }
  }
  for (const Effect& effect : acts) {
    ++outcome_.steps;
    if (next_crash_ < crash_at_.size() && outcome_.steps == crash_at_[next_crash_]) {
      ++next_crash_;
      throw Killed();
    }
    carry_out(i, effect);
  }
}

void SharedWorld::wake() {
  while (!woken_.empty()) {
    const auto nth = random_.below(static_cast<std::uint32_t>(woken_.size()));
    const std::size_t i = *std::next(woken_.begin(), nth);
    woken_.erase(i);
    if (tasks_[i].runner) tell(i, PoolTurn{});
  }
}

// ---- the machine -------------------------------------------------------------------------------

void SharedWorld::carry_out(std::size_t i, const Effect& effect) {
  Task& task = tasks_[i];
  if (const auto* start = std::get_if<StartProcess>(&effect)) {
    launch({i, start->process}, *start);
  } else if (const auto* terminate = std::get_if<Terminate>(&effect)) {
    kill({i, terminate->process});
  } else if (const auto* hard = std::get_if<Kill>(&effect)) {
    kill({i, hard->process});
  } else if (const auto* timer = std::get_if<SetTimer>(&effect)) {
    const std::uint64_t token = ++task.timer;
    if (!timer->at) return;
    timeline_.after(*timer->at - now().boot, [this, i, token] {
      if (tasks_[i].runner && tasks_[i].timer == token) tell(i, TimerDue{});
    });
  } else if (std::holds_alternative<Finish>(effect)) {
    task.over = true;
    timeline_.after(0, [this, i] { tasks_[i].runner.reset(); });
    timeline_.after(0, [this] { end_rivals(); });
  }
}

void SharedWorld::launch(Member m, const StartProcess& start) {
  say(m, "starts");
  called_off_.erase(m);
  rules_.starts(m, holders());
  Child& mine = child(m);
  if (mine.state != Child::State::None) throw Broken("a run is started beside another");
  mine.state = Child::State::Asked;
  mine.run = start.run;
  mine.seq = start.seq;
  const std::uint64_t token = ++mine.token;
  const bool fails = random_.chance(5);
  timeline_.after(random_.pick<Microseconds>({0, 1000}), [this, m, token, fails, run = start.run] {
    if (child(m).token != token) return;
    if (!fails) {
      fork(m);
      return;
    }
    child(m).state = Child::State::None;
    rules_.unsure(m);
    if (sizes_ != script_.pools) called_off_.insert(m);
    tell(m.first, LaunchFailed{m.second, run, true, "short"});
  });
}

void SharedWorld::fork(Member m) {
  Child& mine = child(m);
  ++outcome_.runs;
  mine.state = Child::State::Alive;
  const std::uint64_t token = ++mine.token;
  const ProcessState end_state = random_.chance(70) ? ProcessState::Success : ProcessState::Failed;
  timeline_.after(random_.pick<Microseconds>({1000, random_.between(1, 3 * kSecond)}),
                  [this, m, token, end_state] {
                    if (child(m).token != token) return;
                    write(m, ProcessState::Running);
                    end(m, end_state);
                  });
  write(m, ProcessState::Forked);
}

void SharedWorld::end(Member m, ProcessState state) {
  say(m, "ends");
  ++child(m).token;
  child(m).state = Child::State::None;
  write(m, state);
}

void SharedWorld::write(Member m, ProcessState state) {
  Child& mine = child(m);
  ProcessStatus status;
  status.process = config(m.first).processes[m.second].name;
  status.seq = mine.seq++;
  status.run = mine.run;
  status.state = state;
  status.at = now();
  status.boot = kBoot;
  if (state == ProcessState::Forked) status.identity = {501, 9001};
  mine.stream.push_back(status);
  // Whoever leads by then may have read it already.
  timeline_.after(0, [this, m, status] {
    if (tasks_[m.first].runner) tell(m.first, CoordinatorRecord{m.second, status});
  });
}

void SharedWorld::kill(Member m) {
  Child& mine = child(m);
  if (mine.state == Child::State::None) return;
  const std::uint64_t token = ++mine.token;
  if (mine.state == Child::State::Asked) {
    mine.state = Child::State::None;
    timeline_.after(0, [this, m, run = mine.run] {
      if (tasks_[m.first].runner) tell(m.first, LaunchCancelled{m.second, run});
    });
    return;
  }
  timeline_.after(random_.between(0, kSecond), [this, m, token] {
    if (child(m).token == token) end(m, ProcessState::Killed);
  });
}

// ---- what must hold ----------------------------------------------------------------------------

std::set<Member> SharedWorld::running() const {
  std::set<Member> members;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    for (ProcessIndex p = 0; p < tasks_[i].children.size(); ++p) {
      if (tasks_[i].children[p].state != Child::State::None) members.insert({i, p});
    }
  }
  return members;
}

// Its run is on record, and has no coordinator: its launch is tried again, or was called off.
bool SharedWorld::on_record_alone(Member m) const {
  const Task& task = tasks_[m.first];
  return task.runner && !task.over && task.runner->state() == TaskState::Active &&
         task.children[m.second].state == Child::State::None && task.runner->past(m.second).live();
}

// Who has shares of pools: who runs, and whose launch is tried again for lack of what the machine
// has. To give the shares to others meanwhile would let these overtake.
std::set<Member> SharedWorld::holders() const {
  std::set<Member> members = running();
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    for (ProcessIndex p = 0; p < tasks_[i].children.size(); ++p) {
      const Member m{i, p};
      const bool tried = on_record_alone(m) && !called_off_.contains(m);
      if (tried && !tasks_[i].runner->past(p).held) members.insert(m);
    }
  }
  return members;
}

// Whether it waits for nothing but pools, or for a place of max_concurrency.
bool SharedWorld::waits(Member m) const {
  const Task& task = tasks_[m.first];
  if (!task.runner || task.over || task.runner->state() != TaskState::Active) return false;
  const ProcessHistory& past = task.runner->past(m.second);
  const ProcessConfig& process = config(m.first).processes[m.second];
  if (past.live() || past.held || !rules_.possible(m)) return false;
  if (past.totals.success > 0 && !process.daemon) return false;
  for (const Graph::Edge& edge : script_.tasks[m.first].edges) {
    if (edge.after != m.second) continue;
    if (task.runner->past(edge.before).totals.success == 0) return false;
  }
  const bool waived = past.immediate == past.next_run;
  return !past.last_end || waived || past.last_end->boot + process.min_duration <= now().boot;
}

void SharedWorld::time_moves_on() {
  if (!up_) return;
  const std::set<Member> has = holders();
  outcome_.retries += has.size() - running().size();
  std::set<Member> all;
  std::set<Member> others;  // who may wait for a place of max_concurrency
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    for (ProcessIndex p = 0; p < tasks_[i].children.size(); ++p) {
      const Member m{i, p};
      if (has.contains(m)) continue;
      if (on_record_alone(m)) return;  // it may have shares
      if (waits(m)) (config(i).max_concurrency == 0 ? all : others).insert(m);
    }
  }
  rules_.waiting(all, has, others, timeline_.now());
}

bool SharedWorld::all_over() const {
  return std::all_of(tasks_.begin(), tasks_.end(), [](const Task& task) { return task.over; });
}

std::string SharedWorld::left() const {
  std::string text;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (!tasks_[i].over) text += ", " + config(i).name + " is not over";
  }
  for (std::uint32_t pool = 0; pools_ && pool < pools_->sizes().entries.size(); ++pool) {
    for (const SharedPools::Share& share : pools_->shares(pool)) {
      text += "\n    " + pools_->sizes().entries[pool].first +
              (share.place ? " is waited for by " : " is had by ") + share.task_id + "/" +
              share.process;
    }
  }
  return text;
}

void SharedWorld::end_rivals() {
  if (!up_) return;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (!script_.tasks[i].endless || tasks_[i].over) continue;
    const bool others_run = std::any_of(tasks_.begin(), tasks_.end(), [&](const Task& other) {
      return !other.over &&
             !script_.tasks[static_cast<std::size_t>(&other - tasks_.data())].endless;
    });
    if (others_run) return;
    if (tasks_[i].runner && tasks_[i].runner->state() == TaskState::Active) {
      KillRequest kill;
      kill.wait = 0;
      tell(i, kill);
    }
  }
}

void SharedWorld::say(Member m, const std::string& what) {
  lines_.push_back("[" + std::to_string(timeline_.now()) + "] " + config(m.first).name + "/" +
                   config(m.first).processes[m.second].name + " " + what);
  if (lines_.size() > 60) lines_.pop_front();
}

}  // namespace

SharedOutcome run_shared(const SharedScript& script, const std::vector<std::uint64_t>& crash_at) {
  return SharedWorld(script, crash_at).live();
}

}  // namespace thermos::sim
