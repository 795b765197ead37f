// The task state machine without a world around it: each event, with the effects it gives, the
// history it keeps and the planner behind it. An item is one event.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <vector>

#include "bench/sizes.h"
#include "bench/tasks.h"
#include "core/runner/runner.h"

namespace thermos::bench {
namespace {

// A world in which everything that is launched lives until it is told to end.
class World {
 public:
  explicit World(const TaskConfig& task)
      : task_(task), graph_(graph_of(task)), runner_(task_, graph_, History()) {
    Lead lead;
    lead.header.task_id = "bench-1";
    lead.pid = 1;
    lead.boot = {1, 2};
    tell(lead);
  }

  void tell(const Event& event) {
    now_ = {now_.wall + 1, now_.boot + 1};
    ++events_;
    if (std::holds_alternative<TimerDue>(event)) timer_.reset();  // it is spent
    const auto effects = runner_.handle(event, now_);
    if (!effects) {
      std::fprintf(stderr, "%s\n", effects.error().message.c_str());
      std::exit(1);
    }
    for (const Effect& effect : *effects) {
      if (const auto* start = std::get_if<StartProcess>(&effect)) launched_.push_back(*start);
      if (const auto* timer = std::get_if<SetTimer>(&effect)) timer_ = timer->at;
    }
  }

  // Of those launched, the one that has waited longest; its FORKED and RUNNING are told.
  StartProcess start_next() {
    const StartProcess start = launched_.front();
    launched_.pop_front();
    tell_record(start, 0, ProcessState::Forked);
    tell_record(start, 1, ProcessState::Running);
    return start;
  }

  void end(const StartProcess& start, ProcessState state) { tell_record(start, 2, state); }

  std::deque<StartProcess>& launched() { return launched_; }
  std::optional<Microseconds> timer() const { return timer_; }
  void pass(Microseconds time) { now_ = {now_.wall + time, now_.boot + time}; }
  std::int64_t events() const { return events_; }
  const Runner& runner() const { return runner_; }

 private:
  void tell_record(const StartProcess& start, std::uint64_t step, ProcessState state) {
    CoordinatorRecord event;
    event.process = start.process;
    event.status.process = task_.processes[start.process].name;
    event.status.seq = start.seq + step;
    event.status.run = start.run;
    event.status.state = state;
    event.status.at = now_;
    if (step < 2) event.status.identity = {100, 200};
    if (step == 0) event.status.boot = {1, 2};
    if (step == 2) event.status.return_code = 0;
    tell(event);
  }

  const TaskConfig& task_;
  Graph graph_;
  Runner runner_;
  Timestamp now_{1'700'000'000'000'000, 1'000'000};
  std::deque<StartProcess> launched_;
  std::optional<Microseconds> timer_;
  std::int64_t events_ = 0;
};

// Runs `measured` on a fresh world made ready by `prepare`, which is not timed.
template <typename Prepare, typename Measured>
void measure(benchmark::State& state, const TaskConfig& task, const Prepare& prepare,
             const Measured& measured) {
  std::int64_t events = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto world = std::make_unique<World>(task);
    prepare(*world);
    const std::int64_t before = world->events();
    state.ResumeTiming();
    measured(*world);
    state.PauseTiming();
    events += world->events() - before;
    world.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(events);
}

TaskConfig task_of(const benchmark::State& state, Shape shape) {
  return make_task(shape, static_cast<std::uint32_t>(state.range(0)));
}

// All launched at once where the order allows it, each ended before the next.
void run_through(benchmark::State& state, Shape shape) {
  measure(
      state, task_of(state, shape), [](World&) {},
      [](World& world) {
        while (!world.launched().empty()) world.end(world.start_next(), ProcessState::Success);
        if (!world.runner().done()) std::abort();
      });
}

std::vector<StartProcess> start_all(World& world) {
  std::vector<StartProcess> running;
  while (!world.launched().empty()) running.push_back(world.start_next());
  return running;
}

// A kill of all that runs, each of which then ends. `late`: only after the deadline.
void kill_all(benchmark::State& state, bool late) {
  std::vector<StartProcess> running;
  measure(
      state, task_of(state, Shape::None), [&](World& world) { running = start_all(world); },
      [&](World& world) {
        world.tell(KillRequest{kSecond, false, "bench"});
        if (late) {
          world.pass(2 * kSecond);
          world.tell(TimerDue{});
        }
        for (const StartProcess& start : running) world.end(start, ProcessState::Killed);
        if (!world.runner().done()) std::abort();
      });
}

// A machine that is short of something refuses all launches once; then they are tried again.
void refuse_all(benchmark::State& state) {
  measure(
      state, task_of(state, Shape::None), [](World&) {},
      [](World& world) {
        std::deque<StartProcess> refused;
        refused.swap(world.launched());
        for (const StartProcess& start : refused) {
          world.tell(LaunchFailed{start.process, start.run, true, "no room"});
        }
        while (world.timer()) {
          world.pass(kSecond);
          world.tell(TimerDue{});
        }
        if (world.launched().size() != refused.size()) std::abort();
      });
}

// Among many that run, each is restarted in its turn.
void restart(benchmark::State& state) {
  TaskConfig task = task_of(state, Shape::None);
  for (ProcessConfig& process : task.processes) process.daemon = true;
  World world(task);
  std::deque<StartProcess> running;
  for (const StartProcess& start : start_all(world)) running.push_back(start);
  const std::int64_t before = world.events();
  for (auto _ : state) {  // NOLINT(clang-analyzer-deadcode.DeadStores)
    world.end(running.front(), ProcessState::Success);
    running.pop_front();
    while (world.launched().empty()) world.tell(TimerDue{});
    running.push_back(world.start_next());
  }
  state.SetItemsProcessed(world.events() - before);
}

void all_sizes(benchmark::internal::Benchmark* bench) {
  for (const std::int64_t size : sizes({1'000, 10'000, 100'000})) bench->Arg(size);
  bench->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(run_through, chain, Shape::Chain)->Apply(all_sizes);
BENCHMARK_CAPTURE(run_through, none, Shape::None)->Apply(all_sizes);
BENCHMARK_CAPTURE(run_through, layers, Shape::Layers)->Apply(all_sizes);
BENCHMARK_CAPTURE(kill_all, in_time, false)->Apply(all_sizes);
BENCHMARK_CAPTURE(kill_all, late, true)->Apply(all_sizes);
BENCHMARK(refuse_all)->Apply(all_sizes);
BENCHMARK(restart)->Apply(all_sizes)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace thermos::bench

BENCHMARK_MAIN();
