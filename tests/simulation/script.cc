#include "script.h"

#include <algorithm>
#include <stdexcept>

#include "random.h"

#include "core/task/check_task.h"

namespace thermos::sim {
namespace {

constexpr std::uint32_t kPatience = 5;  // attempts that may go wrong

void make_processes(TaskConfig& task, std::uint32_t n, Random& random) {
  for (std::uint32_t p = 0; p < n; ++p) {
    ProcessConfig& process = task.processes.emplace_back();
    process.name = "p" + std::to_string(p);
    process.cmdline = "true";
    process.max_failures = random.pick({1U, 1U, 2U, 3U, 0U});
    process.daemon = random.chance(12);
    process.ephemeral = random.chance(15);
    process.final = random.chance(25);
    process.min_duration = random.pick<Microseconds>({0, kSecond / 2, kSecond, 5 * kSecond});
    if (random.chance(25)) {
      process.stop_wait = random.pick<Microseconds>({0, kSecond / 2, 2 * kSecond, 20 * kSecond});
    }
  }
}

void make_kill_limits(TaskConfig& task, Random& random) {
  for (ProcessConfig& process : task.processes) process.max_kills = random.pick({0U, 0U, 1U, 2U});
}

// Timeouts that some runs keep, and some don't.
void make_limits(TaskConfig& task, Random& random) {
  for (ProcessConfig& process : task.processes) {
    if (!random.chance(40)) continue;
    process.timeout = random.pick<Microseconds>(
        {kSecond / 2, kSecond, random.between(kSecond / 4, 10 * kSecond)});
  }
}

Backoff make_backoff(Random& random) {
  Backoff backoff;
  backoff.first = random.pick<Microseconds>({kSecond / 4, kSecond, 3 * kSecond});
  backoff.factor = random.pick({1, 2, 2, 3});
  backoff.most = backoff.first * random.between(1, 10);
  if (random.chance(50)) backoff.reset = random.between(kSecond / 2, 5 * kSecond);
  return backoff;
}

void make_backoffs(TaskConfig& task, Random& random) {
  if (random.chance(50)) task.backoff = make_backoff(random);
  for (ProcessConfig& process : task.processes) {
    if (random.chance(40)) process.backoff = make_backoff(random);
  }
}

void make_readiness(TaskConfig& task, Random& random) {
  for (ProcessConfig& process : task.processes) {
    if (!random.chance(40)) continue;
    Ready& ready = process.ready.emplace();
    ready.file = "up";
    ready.interval = random.pick<Microseconds>({kSecond / 10, kSecond / 4, kSecond});
    ready.timeout = random.pick<Microseconds>({kLatency, kSecond / 4});
    ready.within = random.pick<Microseconds>(
        {2 * kSecond, 5 * kSecond, random.between(2 * kSecond, 60 * kSecond)});
  }
}

// Some say themselves that they are ready, and what else a process may say.
void make_sayings(TaskConfig& task, Random& random) {
  for (ProcessConfig& process : task.processes) {
    process.notify = random.chance(30);
    if (!process.ready || !random.chance(50)) continue;
    process.ready->file.clear();
    process.ready->notify = true;
  }
}

void make_health(TaskConfig& task, Random& random) {
  for (ProcessConfig& process : task.processes) {
    if (!random.chance(40)) continue;
    Healthy& healthy = process.healthy.emplace();
    healthy.file = "well";
    healthy.interval = random.pick<Microseconds>({kSecond / 10, kSecond / 4, kSecond});
    healthy.timeout = random.pick<Microseconds>({kLatency, kSecond / 4});
    healthy.failures = random.pick({1U, 2U, 3U, 3U});
  }
}

void make_order(Script& script, Random& random) {
  TaskConfig& task = script.task;
  const auto n = static_cast<std::uint32_t>(task.processes.size());
  script.needs.resize(n);
  if (n < 2) return;
  for (std::uint32_t tries = random.below(2 * n + 1); tries > 0; --tries) {
    const ProcessIndex after = 1 + random.below(n - 1);
    const ProcessIndex before = random.below(after);
    const ProcessConfig& a = task.processes[before];
    const ProcessConfig& b = task.processes[after];
    if (a.final != b.final || a.daemon || (a.ephemeral && !b.ephemeral)) continue;
    task.constraints.push_back({{a.name, b.name}});
    script.needs[after].push_back({before, Condition::Success});
  }
}

void make_needs(Script& script, Random& random) {
  TaskConfig& task = script.task;
  const auto n = static_cast<std::uint32_t>(task.processes.size());
  if (n < 2) return;
  for (std::uint32_t tries = random.below(2 * n + 1); tries > 0; --tries) {
    const ProcessIndex after = 1 + random.below(n - 1);
    const ProcessIndex before = random.below(after);
    const ProcessConfig& a = task.processes[before];
    ProcessConfig& b = task.processes[after];
    const Condition condition = random.pick(
        {Condition::Success, Condition::Start, Condition::Start, Condition::End, Condition::End});
    const bool to_its_end = condition != Condition::Start;
    if (a.final != b.final || (to_its_end && (a.daemon || (a.ephemeral && !b.ephemeral)))) continue;
    const auto& needs = b.needs.entries;
    const bool known = std::any_of(needs.begin(), needs.end(),
                                   [&a](const auto& need) { return need.first == a.name; });
    if (known) continue;
    b.needs.entries.emplace_back(a.name, condition);
    script.needs[after].push_back({before, condition});
  }
}

// Some processes need that others are ready, instead of their start.
void need_readiness(Script& script, Random& random) {
  for (ProcessIndex p = 0; p < script.needs.size(); ++p) {
    if (!random.chance(60)) continue;
    const auto turn = [&](ProcessIndex before, Condition& condition) {
      const bool starts = condition == Condition::Start && script.task.processes[before].ready;
      if (starts) condition = Condition::Ready;
    };
    for (Need& need : script.needs[p]) turn(need.process, need.condition);
    for (auto& [name, condition] : script.task.processes[p].needs.entries) {
      for (ProcessIndex before = 0; before < p; ++before) {
        if (script.task.processes[before].name == name) turn(before, condition);
      }
    }
  }
}

void make_pools(TaskConfig& task, Random& random) {
  for (std::uint32_t i = 1 + random.below(3); i > 0; --i) {
    const std::string name = "pool" + std::to_string(i);
    const std::uint32_t amount = 1 + random.below(4);
    task.pools.entries.emplace_back(name, amount);
    for (ProcessConfig& process : task.processes) {
      if (random.chance(50)) process.uses.entries.emplace_back(name, 1 + random.below(amount));
    }
  }
}

void make_kills(Script& script, Random& random) {
  Microseconds at = random.between(0, 20 * kSecond);
  for (std::uint32_t i = 1 + random.below(3); i > 0; --i) {
    KillPlan kill;
    kill.at = at;
    kill.wait = random.pick<std::optional<Microseconds>>(
        {std::nullopt, std::nullopt, 0, kSecond, 5 * kSecond, 60 * kSecond});
    kill.lose = random.chance(25);
    script.kills.push_back(kill);
    // Often doubled, or impatient.
    at += random.pick<Microseconds>({0, 1, kSecond / 2, random.between(0, 10 * kSecond)});
  }
}

void make_orders(Script& script, Random& random) {
  const auto n = static_cast<std::uint32_t>(script.task.processes.size());
  for (std::uint32_t i = 1 + random.below(8); i > 0; --i) {
    OrderPlan order;
    order.at = random.between(0, 20 * kSecond);
    order.process = random.below(n);
    order.verb = random.pick({Verb::Stop, Verb::Stop, Verb::Start, Verb::Restart});
    order.wait = random.pick<std::optional<Microseconds>>({std::nullopt, std::nullopt, 0, kSecond});
    script.orders.push_back(order);
    // Often taken back, or doubled, in the same breath.
    if (random.chance(50)) {
      order.at += random.pick<Microseconds>({0, 1, kLatency / 2, kLatency, kSecond});
      order.verb = random.pick({Verb::Start, Verb::Start, Verb::Stop, Verb::Restart});
      script.orders.push_back(order);
    }
  }
  // Nobody starts for ever what was stopped for good.
  for (ProcessIndex p = 0; p < n; ++p) {
    script.orders.push_back({random.between(30 * kSecond, 60 * kSecond), p, Verb::Start, {}});
  }
  script.kills.push_back({400 * kSecond, std::nullopt, false});
}

void make_replaces(Script& script, Random& random) {
  const auto n = static_cast<std::uint32_t>(script.task.processes.size());
  Microseconds at = random.between(0, 20 * kSecond);
  for (std::uint32_t i = 1 + random.below(3); i > 0; --i) {
    ReplacePlan replace;
    replace.at = at;
    for (ProcessIndex p = 0; p < n; ++p) {
      if (random.chance(40)) replace.changed.push_back(p);
    }
    script.replaces.push_back(std::move(replace));
    at += random.pick<Microseconds>({1, kSecond / 2, random.between(0, 20 * kSecond)});
  }
}

void make_yields(Script& script, Random& random) {
  script.hold = kSecond;
  Microseconds at = random.between(0, 20 * kSecond);
  for (std::uint32_t i = 1 + random.below(3); i > 0; --i) {
    YieldPlan yield;
    yield.at = at;
    yield.grace =
        random.pick<Microseconds>({0, kSecond, 5 * kSecond, random.between(0, 30 * kSecond)});
    if (random.chance(30)) {
      yield.again = random.between(0, 5 * kSecond);
      yield.again_grace = random.pick<Microseconds>({0, kSecond, 30 * kSecond});
    }
    if (random.chance(40)) yield.ahead = random.between(0, std::min(at, kSecond / 50));
    if (random.chance(25)) yield.crash = random.between(0, 2 * kSecond);
    script.yields.push_back(yield);
    at += random.between(0, 40 * kSecond);
  }
  for (ProcessConfig& process : script.task.processes) {
    if (random.chance(25)) {
      OnYield& own = process.on_yield.emplace();
      if (random.chance(60)) own.signal = SignalNumber{10};
      if (random.chance(60)) own.wait = random.pick<Microseconds>({0, kSecond / 2, 10 * kSecond});
    }
  }
}

// Allocations that end, and processes that know what they take.
void make_allocations(Script& script, Random& random) {
  for (std::uint32_t i = 1 + random.below(3); i > 0; --i) {
    script.allocations.push_back(
        random.pick<Microseconds>({0, 5 * kSecond, random.between(0, 60 * kSecond)}));
  }
  for (ProcessConfig& process : script.task.processes) {
    if (process.final || !random.chance(40)) continue;
    process.time = random.pick<Microseconds>({kSecond, 10 * kSecond, 100 * kSecond});
  }
}

std::vector<Window> make_windows(Random& random, Microseconds longest) {
  std::vector<Window> windows;
  for (std::uint32_t i = 1 + random.below(4); i > 0; --i) {
    const Microseconds from =
        random.pick<Microseconds>({random.between(0, kSecond), random.between(0, 10 * kSecond),
                                   random.between(0, 60 * kSecond)});
    windows.push_back({from, from + random.between(0, longest)});
  }
  return windows;
}

// Several at once, and often none of a kind.
void make_harsh(Harshness& harsh, Random& random) {
  harsh.slack = 60 * kSecond;
  harsh.late_unlock = random.chance(60);
  if (random.chance(30)) harsh.overflows = random.pick({2U, 10U, 50U});
  if (random.chance(35)) harsh.shortages = make_windows(random, 5 * kSecond);
  if (random.chance(35)) harsh.server_dies = random.pick({5U, 20U, 50U});
  if (random.chance(20)) {
    for (std::uint32_t i = 1 + random.below(6); i > 0; --i) {
      harsh.server_killed_at.push_back(random.between(0, 20 * kSecond));
    }
  }
  if (random.chance(20))
    harsh.server_stopped = make_windows(random, random.pick({20, 200}) * kSecond);
  if (random.chance(25)) harsh.no_processes = make_windows(random, 5 * kSecond);
  if (random.chance(40)) harsh.coordinators = random.pick({10U, 30U, 60U});
  if (random.chance(20)) harsh.disk_full = make_windows(random, 5 * kSecond);
  if (random.chance(20)) harsh.disk_fails = make_windows(random, 5 * kSecond);
  harsh.loses_names = random.chance(50);
}

// What a run says, beside that it is ready.
void make_says(RunScript& run, Random& random) {
  for (std::uint32_t n = random.below(5); n > 0; --n) {
    Saying saying;
    saying.after =
        random.pick<Microseconds>({0, random.between(0, kSecond), random.between(0, 20 * kSecond)});
    saying.kind = random.pick({ReportKind::Status, ReportKind::Status, ReportKind::Extended,
                               ReportKind::Extended, ReportKind::Extended, ReportKind::Stopping});
    saying.more = random.pick<Microseconds>({0, kSecond / 2, random.between(0, 20 * kSecond)});
    run.says.push_back(saying);
  }
  if (!random.chance(50)) return;
  run.asks_when_told = random.between(1, 10 * kSecond);
  run.term = random.between(0, 10 * kSecond);
}

bool can_run_for_ever(const TaskConfig& task) {
  for (const ProcessConfig& process : task.processes) {
    if (process.daemon && !process.ephemeral && process.max_failures == 0) return true;
  }
  return false;
}

}  // namespace

Script make_script(std::uint64_t seed, const Shape& shape) {
  Random random(seed);
  Script script;
  script.seed = seed;
  script.task.name = "simulated";
  make_processes(script.task, 1 + random.below(shape.most_processes), random);
  make_order(script, random);
  Random limits(seed ^ 0x11417);  // so that a seed's task is the same with limits and without
  if (limits.chance(50)) make_limits(script.task, limits);
  if (limits.chance(50)) make_backoffs(script.task, limits);
  if (limits.chance(30)) make_kill_limits(script.task, limits);
  Random needing(seed ^ 0x4eed5);  // so that the rest of a seed's task is what it was
  if (needing.chance(50)) make_needs(script, needing);
  if (needing.chance(35)) make_pools(script.task, needing);
  script.task.keep_going = needing.chance(15);
  Random readiness(seed ^ 0x4ead7);
  if (readiness.chance(50)) make_readiness(script.task, readiness);
  need_readiness(script, readiness);
  Random health(seed ^ 0x4ea17);
  if (health.chance(40)) make_health(script.task, health);
  Random sayings(seed ^ 0x5a1d5);
  if (sayings.chance(50)) make_sayings(script.task, sayings);
  script.task.max_failures = random.pick({1U, 1U, 2U, 3U, 0U});
  script.task.max_concurrency = random.pick({0U, 0U, 1U, 2U, 3U});
  script.task.finalization_wait =
      random.pick<Microseconds>({30 * kSecond, 30 * kSecond, 5 * kSecond, kSecond, 0});
  if (shape.kills && random.chance(40)) make_kills(script, random);
  Random others(seed ^ 0x07de75);  // so that a seed's task is the same with orders and without
  if (shape.orders && others.chance(40)) make_orders(script, others);
  Random replaces(seed ^ 0x4e91ace);
  if (replaces.chance(shape.replaces)) make_replaces(script, replaces);
  Random yields(seed ^ 0x71e1d5);
  if (yields.chance(shape.yields)) {
    make_yields(script, yields);
    if (yields.chance(40)) make_allocations(script, yields);
  }
  if (can_run_for_ever(script.task)) {
    script.kills.push_back({100 * kSecond, std::nullopt, false});
  }
  if (shape.wall_jumps && random.chance(50)) {
    for (std::uint32_t i = 1 + random.below(3); i > 0; --i) {
      script.wall_jumps_at.push_back(random.between(0, 40 * kSecond));
    }
  }
  script.inotify = random.chance(85);
  script.compacts = random.chance(30);
  if (shape.harsh) {
    Random harshness(seed ^ 0x4a854);
    make_harsh(script.harsh, harshness);
    Random asking(seed ^ 0xa5c);  // so that the rest of a seed's world is what it was
    if (asking.chance(20)) script.harsh.lock_asked = asking.pick({2U, 20U});
  }
  Result<Graph> graph = check_task(script.task);
  if (!graph) throw std::logic_error("a script that can't be: " + graph.error().message);
  script.graph = std::move(*graph);
  return script;
}

RunScript Script::run(ProcessIndex p, std::uint32_t attempt) const {
  const ProcessConfig& process = task.processes[p];
  Random random(seed * 1'000'003 + std::uint64_t{p} * 4099 + attempt);
  RunScript run;
  const bool unlucky = attempt < kPatience;
  if (unlucky && random.chance(15)) {
    run.launch = random.pick({RunScript::Launch::Short, RunScript::Launch::Short,
                              RunScript::Launch::Impossible, RunScript::Launch::CannotStart});
  }
  if (unlucky && random.chance(15)) {
    run.death = random.pick({RunScript::Death::BeforeForked, RunScript::Death::BeforeRunning,
                             RunScript::Death::Running});
  }
  run.unrecorded_tree = random.chance(50);
  run.held = random.pick<Microseconds>({0, 0, random.between(0, kLatency)});
  run.fork = random.between(1000, kLatency);  // never 0: a world without latency can spin
  run.exec = random.between(0, kLatency);
  run.duration = random.pick<Microseconds>(
      {0, kSecond, random.between(0, kSecond), random.between(0, 10 * kSecond)});
  if (process.daemon) run.duration += kSecond / 10;
  if (process.ephemeral && random.chance(30)) run.duration = 100 * kSecond;
  run.death_after = random.between(0, run.duration);
  if (process.ready) {
    Random when(seed * 9'000'011 + std::uint64_t{p} * 6007 + attempt);
    if (!unlucky || when.chance(80)) {
      run.ready_after = unlucky ? when.pick<Microseconds>(
                                      {0, when.between(0, kSecond), when.between(0, 10 * kSecond)})
                                : 0;
    }
    // Some live long enough to outlive a runner, and the time to be ready in.
    if (unlucky && when.chance(50)) run.duration += when.between(0, 40 * kSecond);
  }
  if (process.healthy && unlucky) {
    Random when(seed * 11'000'003 + std::uint64_t{p} * 7001 + attempt);
    run.well = when.pick<Microseconds>({0, when.between(0, kSecond), when.between(0, 5 * kSecond)});
    if (when.chance(70)) run.ill = when.between(1, 4 * kSecond);
    if (when.chance(50)) run.duration += when.between(0, 20 * kSecond);
  }
  run.exit = random.between(0, kLatency);
  const bool says_ready = process.ready && process.ready->notify;
  if (says_ready && run.ready_after) run.says.push_back({*run.ready_after, ReportKind::Ready});
  if (says_ready) run.ready_after.reset();
  if (unlucky && random.chance(30)) {
    run.end = random.pick({ProcessState::Failed, ProcessState::Failed, ProcessState::Killed});
    run.return_code = run.end == ProcessState::Killed ? -9 : random.pick({1, 255, -11});
  }
  if (!unlucky && process.timeout) run.duration = std::min(run.duration, *process.timeout / 2);
  // A daemon that holds the task open must give up some time.
  if (process.daemon && !unlucky && process.max_failures != 0) {
    run.end = ProcessState::Failed;
    run.return_code = 1;
  }
  run.ignores_term = random.chance(25);
  run.term = random.pick<Microseconds>({0, random.between(0, kSecond)});
  if (unlucky && may_notify(process)) {
    Random talk(seed * 13'000'027 + std::uint64_t{p} * 8009 + attempt);
    make_says(run, talk);
  }
  std::stable_sort(run.says.begin(), run.says.end(),
                   [](const Saying& a, const Saying& b) { return a.after < b.after; });
  if (random.chance(30)) {
    run.term_end = random.pick({ProcessState::Success, ProcessState::Failed});
    run.term_code = run.term_end == ProcessState::Success ? 0 : 143;
  }
  if (harsh.kind()) return run;

  Random others(seed * 7'000'003 + std::uint64_t{p} * 5003 + attempt);
  if (!unlucky) return run;
  run.refused_at_once = others.chance(50);
  if (others.chance(harsh.server_dies)) {
    run.server_death =
        others.pick({RunScript::ServerDeath::BeforeClone, RunScript::ServerDeath::BeforeAnswer});
  }
  if (!others.chance(harsh.coordinators)) return run;
  run.cut_short = others.chance(50);
  run.ignores_force = others.chance(30);
  if (others.chance(40)) {
    run.stopped_after = others.between(0, 2 * kSecond);
    run.stopped_for = others.between(0, 8 * kSecond);
  }
  if (others.chance(40)) {
    run.mute_after = others.between(0, 2 * kSecond);
    run.mute_for = others.between(0, 4 * kSecond);
  }
  return run;
}

}  // namespace thermos::sim
