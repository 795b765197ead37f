#include "world.h"

#include <deque>
#include <memory>
#include <set>
#include <utility>
#include <variant>

#include "core/task/task_fields.h"
#include "explanations.h"
#include "shell.h"

namespace thermos::sim {
namespace {

constexpr std::uint64_t kMostEvents = 100'000;
constexpr std::size_t kTraceLines = 2000;
// The answers to "why?" are checked at one of so many moments.
constexpr std::uint64_t kExplainEvery = 5;

using Request = std::variant<KillPlan, OrderPlan, ReplacePlan>;

class World {
 public:
  World(const Script& script, const Faults& faults, bool traced)
      : script_(script),
        faults_(faults),
        random_(script.seed * 31 + faults.seed),
        machine_(script, timeline_, random_),
        invariants_(script, timeline_, machine_),
        attempts_(script.task.processes.size()),
        traced_(traced) {}

  Outcome live();

 private:
  void plan();
  void boot_shell(std::optional<Replacing> replacing);
  void hand_over();
  void ask(const Request& request);
  void ask_yield(Microseconds grace);
  void lose_yielding();
  void stand_down();
  void go_down(std::uint32_t power_cuts);
  void step(const Record* append);
  void crash();
  void lose_shell();
  void next_leader();
  void explain();
  std::vector<LinkView> views() const;
  void say(const std::string& line);
  void guarded(const Timeline::Action& action);

  const Script& script_;
  const Faults& faults_;
  Timeline timeline_;
  Random random_;
  Machine machine_;
  Disk disk_;
  TaskFiles files_;
  Invariants invariants_;
  std::vector<std::uint32_t> attempts_;
  std::unique_ptr<Shell> shell_;
  std::uint64_t shells_ = 0;
  std::uint64_t leaders_ = 0;
  Microseconds led_since_ = 0;
  bool over_ = false;
  History last_;
  std::size_t next_crash_ = 0;
  Outcome outcome_;
  bool traced_;
  std::deque<std::string> lines_;
  std::vector<Request> unanswered_;
};

Outcome World::live() {
  machine_.on_start = [this](const Machine::Start& start) {
    say("* " + script_.task.processes[start.process].name + " runs");
    invariants_.starting(start);
  };
  plan();
  try {
    timeline_.after(0, [this] { boot_shell({}); });
    for (std::uint64_t events = 0; !timeline_.empty(); ++events) {
      if (events > kMostEvents) throw Broken("the task does not end");
      if (shell_ && !shell_->turn_pending() && timeline_.next() > timeline_.now()) {
        invariants_.time_moves_on(views());
        shell_->check_replacing();
        if (events % kExplainEvery == 0) explain();
      }
      guarded([this] { timeline_.step(); });
      while (shell_ && shell_->hands_over()) guarded([this] { hand_over(); });
      if (shell_ && shell_->stood_down()) {
        stand_down();
      } else if (shell_ && shell_->finished()) {
        last_ = shell_->runner().history();
        over_ = true;
        shell_.reset();
      } else if (shell_ && shell_->stopped()) {
        ++outcome_.stops;
        lose_shell();
        next_leader();
      }
    }
    if (!over_) throw Broken("nothing more happens, and the task is not over: a lost wake-up");
    invariants_.ended(last_);
    outcome_.looks = invariants_.looks();
  } catch (const Broken& broken) {
    outcome_.broken = broken.what();
    for (const std::string& line : lines_) *outcome_.broken += "\n  " + line;
  }
  outcome_.state = last_.state();
  std::set<ProcessIndex> seen;
  for (const Machine::Start& start : machine_.ledger()) {
    ++outcome_.runs;
    if (!seen.insert(start.process).second) ++outcome_.repeats;
  }
  for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
    const Oracle::Process& process = invariants_.oracle().process(p);
    const std::uint32_t limit = script_.task.processes[p].max_kills;
    if (process.revived) ++outcome_.revived;
    if (limit != 0 && process.kills >= limit) ++outcome_.killed_off;
  }
  return outcome_;
}

void World::plan() {
  for (const KillPlan& kill : script_.kills) {
    timeline_.after(kill.at, [this, kill] { ask(kill); });
  }
  for (const OrderPlan& order : script_.orders) {
    timeline_.after(order.at, [this, order] { ask(order); });
  }
  for (const ReplacePlan& replace : script_.replaces) {
    timeline_.after(replace.at, [this, replace] { ask(replace); });
  }
  for (const YieldPlan& yield : script_.yields) {
    if (yield.ahead) {
      timeline_.after(yield.at - *yield.ahead, [this] {
        say("* the engine ends what runs");
        machine_.engine_terminates();
      });
    }
    timeline_.after(yield.at, [this, &yield] {
      ask_yield(yield.grace);
      if (yield.again) {
        timeline_.after(*yield.again, [this, &yield] { ask_yield(yield.again_grace); });
      }
      if (yield.crash) timeline_.after(*yield.crash, [this] { lose_yielding(); });
    });
  }
  for (const Microseconds at : script_.harsh.server_killed_at) {
    timeline_.after(at, [this] {
      if (!shell_) return;
      say("* the fork server is killed");
      shell_->links().fork_server().kill();
    });
  }
  for (const Window& window : script_.harsh.server_stopped) {
    timeline_.after(window.from, [this, window] {
      if (!shell_) return;
      say("* the fork server is stopped");
      shell_->links().fork_server().stop(window.until - window.from);
    });
  }
  for (const Microseconds at : script_.wall_jumps_at) {
    timeline_.after(at, [this] {
      const Microseconds by = random_.between(-3600, 3600) * kSecond;
      say("* the wall clock jumps by " + std::to_string(by / kSecond) + " s");
      machine_.jump_wall(by);
    });
  }
}

std::vector<LinkView> World::views() const {
  std::vector<LinkView> views(script_.task.processes.size());
  for (ProcessIndex p = 0; p < views.size(); ++p) {
    const ProcessHistory& past = shell_->runner().past(p);
    const Run* run = past.current();
    views[p].state = shell_->links().state(p);
    views[p].known = run != nullptr && past.live() && run->forked.has_value() &&
                     run->boot == machine_.boot() && run->number == machine_.coordinator(p).run;
  }
  return views;
}

// By a wall clock that is set nobody can tell how long something takes.
void World::explain() {
  if (!script_.wall_jumps_at.empty()) return;
  const std::function<Microseconds(ProcessIndex)> due = [this](ProcessIndex p) {
    return invariants_.due(p);
  };
  Explanations(script_, invariants_.oracle(), shell_->runner().history(), timeline_.now(),
               machine_.now().wall, due)
      .check();
  ++outcome_.explained;
}

void World::guarded(const Timeline::Action& action) {
  try {
    action();
  } catch (const Crash&) {
    crash();
  } catch (const std::logic_error& error) {
    throw Broken(error.what());
  }
}

// The runner goes on with another configuration: nothing of the machine changes.
void World::hand_over() {
  unanswered_.clear();  // all that was asked is on the disk
  Replacing replacing = shell_->take_replacing();
  lose_shell();
  boot_shell(std::move(replacing));
}

void World::boot_shell(std::optional<Replacing> replacing) {
  auto replay = disk_.recover();
  if (!replay) throw Broken("the stream does not replay: " + replay.error().message);
  invariants_.crashed(disk_.generation(), replay->records);
  if (!replacing) {
    ++leaders_;
    led_since_ = machine_.now().wall;
  }
  Surroundings around{.script = script_,
                      .timeline = timeline_,
                      .random = random_,
                      .machine = machine_,
                      .disk = disk_,
                      .files = files_,
                      .invariants = invariants_,
                      .attempts = attempts_,
                      .number = ++shells_,
                      .leader = leaders_,
                      .led_since = led_since_,
                      .step = [this](const Record* append) { step(append); },
                      .replaced = [this] { ++outcome_.replaced; },
                      .answer = [this] { unanswered_.clear(); },
                      .trace = {}};
  if (traced_) around.trace = [this](const std::string& line) { say(line); };
  shell_ = std::make_unique<Shell>(std::move(around), std::move(replay->history));
  for (const Request& request : std::exchange(unanswered_, {})) {
    timeline_.after(random_.between(0, kSecond), [this, request] { ask(request); });
  }
  shell_->lead(std::move(replacing));
}

void World::ask(const Request& request) {
  if (over_) return;
  // Who asks has an answer when a turn has ended, and asks again if the runner is gone before.
  unanswered_.push_back(request);
  if (!shell_) return;
  if (const auto* kill = std::get_if<KillPlan>(&request)) {
    shell_->ask_kill(*kill);
  } else if (const auto* order = std::get_if<OrderPlan>(&request)) {
    shell_->ask_order(*order);
  } else {
    shell_->ask_replace(*std::get_if<ReplacePlan>(&request));
  }
}

// A signal to the runner: nobody sends it again.
void World::ask_yield(Microseconds grace) {
  if (shell_ && !shell_->stopped()) shell_->ask_yield(grace);
}

// The engine has no patience: it ends the runner too, or the machine.
void World::lose_yielding() {
  if (!shell_ || !shell_->runner().yields()) return;
  lose_shell();
  go_down(30);
}

void World::stand_down() {
  ++outcome_.yields;
  say("* the runner has stood down");
  lose_shell();
  if (random_.chance(30)) {
    say("* the machine restarts");
    machine_.power_cut();
    files_.power_cut(random_);
  }
  next_leader();
}

void World::step(const Record* append) {
  ++outcome_.steps;
  if (next_crash_ == faults_.crash_at.size()) return;
  if (outcome_.steps != faults_.crash_at[next_crash_]) return;
  ++next_crash_;
  if (append != nullptr && random_.chance(50)) disk_.append_part(*append, random_);
  throw Crash{};
}

void World::crash() {
  ++outcome_.crashes;
  lose_shell();
  go_down(faults_.power_cuts);
}

// The runner is gone already. `power_cuts`: how often, in a hundred times, the machine goes too.
void World::go_down(std::uint32_t power_cuts) {
  if (random_.chance(power_cuts)) {
    ++outcome_.power_cuts;
    say("* the power goes");
    machine_.power_cut();
    disk_.lose_tail(script_.harsh.loses_names, random_);
    files_.power_cut(random_);
  } else {
    say("* the runner is killed");
    const std::uint32_t victims = random_.pick({0U, 0U, 30U, 100U});
    for (ProcessIndex p = 0; p < script_.task.processes.size(); ++p) {
      if (random_.chance(victims)) machine_.kill_coordinator(p);
    }
  }
  if (!script_.wall_jumps_at.empty() && random_.chance(30)) {
    machine_.jump_wall(random_.between(-3600, 3600) * kSecond);
  }
  next_leader();
}

// What its fork server has received it carries out yet. If somebody stopped that, the next runner
// can't know it to kill it: whoever did it lets it go on.
void World::lose_shell() {
  shell_->links().fork_server().go_on();
  shell_.reset();
}

void World::next_leader() {
  const Microseconds down = random_.pick<Microseconds>(
      {0, random_.between(0, kSecond), random_.between(0, 40 * kSecond)});
  timeline_.after(down, [this] { boot_shell({}); });
}

void World::say(const std::string& line) {
  if (!traced_) return;
  const Timestamp now = machine_.now();
  lines_.push_back("[" + std::to_string(timeline_.now()) + " boot " + std::to_string(now.boot) +
                   "] " + line);
  if (lines_.size() > kTraceLines) lines_.pop_front();
}

std::string describe(const Script& script, const Faults& faults) {
  std::string text = "seed " + std::to_string(script.seed);
  for (const std::uint64_t at : faults.crash_at) text += ", crash at " + std::to_string(at);
  text += "\n  task: max_failures " + std::to_string(script.task.max_failures) +
          ", max_concurrency " + std::to_string(script.task.max_concurrency) +
          ", finalization_wait " + std::to_string(script.task.finalization_wait / kSecond) +
          (script.task.keep_going ? ", keep_going" : "");
  for (const auto& [name, amount] : script.task.pools.entries) {
    text += ", pool " + name + " " + std::to_string(amount);
  }
  for (ProcessIndex p = 0; p < script.task.processes.size(); ++p) {
    const ProcessConfig& config = script.task.processes[p];
    text += "\n  " + config.name + ": max_failures " + std::to_string(config.max_failures) +
            ", min_duration " + std::to_string(config.min_duration) +
            (config.stop_wait ? ", stop_wait " + std::to_string(*config.stop_wait) : "") +
            (config.timeout ? ", timeout " + std::to_string(*config.timeout) : "") +
            (config.ready ? ", ready within " + std::to_string(config.ready->within) : "") +
            (config.time ? ", time " + std::to_string(*config.time) : "") +
            (config.on_yield ? ", on_yield" : "") + (config.healthy ? ", healthy" : "") +
            (config.daemon ? ", daemon" : "") + (config.ephemeral ? ", ephemeral" : "") +
            (config.final ? ", final" : "");
    for (const auto& [name, amount] : config.uses.entries) {
      text += ", uses " + name + " " + std::to_string(amount);
    }
    for (const Need& need : script.needs[p]) {
      text += " <- p" + std::to_string(need.process) + " ";
      text += fields::Words<Condition>::kAll[static_cast<std::size_t>(need.condition)];
    }
  }
  return text;
}

}  // namespace

Outcome run(const Script& script, const Faults& faults) {
  Outcome outcome = World(script, faults, false).live();
  if (outcome.broken) {
    outcome.broken =
        describe(script, faults) + "\n" + World(script, faults, true).live().broken.value_or("?");
  }
  return outcome;
}

}  // namespace thermos::sim
