#include "core/explain/virtual_host.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

namespace thermos {
namespace {

constexpr BootId kBoot{1, 1};
constexpr int kTries = 8;
constexpr std::uint32_t kPlenty = std::numeric_limits<std::uint32_t>::max() / 2;
// A process that fails without a limit never comes to an end.
constexpr std::uint32_t kMostRuns = 10'000;

class VirtualHost {
 public:
  VirtualHost(const TaskConfig& task, const Graph& graph, const Script& script, History history,
              Timestamp now)
      : task_(task),
        script_(script),
        runner_(task, graph, std::move(history)),
        began_(now.boot),
        now_(now),
        tickets_(task.processes.size()),
        lengths_(task.processes.size()) {
    planned_.processes.resize(task.processes.size());
  }

  Result<PlannedTask> run() {
    const bool resumed = runner_.history().header().has_value();
    lead();
    if (resumed) go_on();
    tell(TimerDue{});
    while (!error_ && !finished_ && step()) {
    }
    if (error_) return *error_;
    planned_.state = runner_.state();
    planned_.end = now_.boot - began_;
    return std::move(planned_);
  }

 private:
  enum class Step : std::uint8_t { Started, Ready, Ended, Terminated, Killed };
  struct Due {
    Microseconds at;
    std::uint64_t order;  // among equal times, what was planned first
    ProcessIndex process;
    std::uint32_t ticket;  // if the process has another one since, this step is void
    Step step;
    bool operator>(const Due& o) const { return at != o.at ? at > o.at : order > o.order; }
  };

  void lead() {
    Lead lead;
    lead.header.task_id = task_.name;
    lead.header.launch_time = now_.wall;
    lead.pid = 1;
    // The boot id is that of the latest leader, so that live runs go on.
    const std::vector<TaskStep>& steps = runner_.history().steps();
    if (!steps.empty()) boot_ = steps.back().status.boot;
    lead.boot = boot_;
    tell(lead);
  }

  // Lets the runs that are live on record go on as they would have without a break.
  void go_on() {
    for (ProcessIndex p = 0; p < task_.processes.size(); ++p) {
      if (!runner_.under_way(p)) continue;
      const Run& run = *runner_.past(p).current();
      draw(p, now_.boot - since(run));
      planned_.processes[p].start = std::min<Microseconds>(0, since(run) - began_);
      planned_.processes[p].runs = 1;
      if (!run.started) {
        plan(p, lengths_[p].launch, Step::Started);
      } else {
        plan_run(p, run.started->boot);
      }
    }
  }

  // Draws a time for a run that has already taken `gone`: a longer one, unless kTries draws find
  // none.
  void draw(ProcessIndex p, Microseconds gone) {
    for (int i = 0; i < kTries; ++i) {
      lengths_[p] = script_.times(p);
      if (lengths_[p].lasts.value_or(0) > gone) return;
    }
  }

  static Microseconds since(const Run& run) {
    return run.started ? run.started->boot : run.waiting.boot;
  }

  bool step() {
    const std::optional<Microseconds> timer = timer_;
    if (due_.empty() && !timer) return false;
    if (timer && (due_.empty() || *timer <= due_.top().at)) {
      move_to(*timer);
      timer_.reset();
      acting_ = PlannedProcess::kNobody;
      tell(TimerDue{});
      return true;
    }
    const Due due = due_.top();
    due_.pop();
    if (due.ticket != tickets_[due.process]) return true;
    move_to(due.at);
    acting_ = due.process;
    take(due);
    return true;
  }

  void move_to(Microseconds at) {
    const Microseconds by = std::max<Microseconds>(0, at - now_.boot);
    now_ = later(now_, by);
  }

  void plan(ProcessIndex p, Microseconds wait, Step step) {
    due_.push({add_saturated(now_.boot, std::max<Microseconds>(0, wait)), order_++, p, tickets_[p],
               step});
  }

  void take(const Due& due) {
    const ProcessIndex p = due.process;
    switch (due.step) {
      case Step::Started:
        if (!runner_.past(p).current()->forked) tell_record(p, ProcessState::Forked, {});
        tell_record(p, ProcessState::Running, {});
        plan_run(p, now_.boot);
        return;
      case Step::Ready:
        tell(CoordinatorReport{p,
                               {task_.processes[p].name,
                                runner_.past(p).current()->number,
                                ReportKind::Ready,
                                now_,
                                {},
                                0}});
        return;
      case Step::Ended: {
        const bool fails = !script_.fails.empty() && script_.fails[p];
        end(p, fails ? ProcessState::Failed : ProcessState::Success, fails ? 1 : 0);
        return;
      }
      case Step::Terminated:
        end(p, ProcessState::Killed, -15);
        return;
      case Step::Killed:
        end(p, ProcessState::Killed, -9);
        return;
    }
  }

  // Plans what follows RUNNING, which was at `started`.
  void plan_run(ProcessIndex p, Microseconds started) {
    const ProcessConfig& config = task_.processes[p];
    const Microseconds gone = now_.boot - started;
    if (config.ready && !runner_.past(p).current()->ready) {
      plan(p, lengths_[p].ready.value_or(0) - gone, Step::Ready);
    }
    // A daemon runs until it is told to end.
    const bool fails = !script_.fails.empty() && script_.fails[p];
    if (!config.daemon || fails) plan(p, lengths_[p].lasts.value_or(0) - gone, Step::Ended);
  }

  void end(ProcessIndex p, ProcessState state, std::int32_t return_code) {
    PlannedProcess& process = planned_.processes[p];
    process.end = now_.boot - began_;
    ++tickets_[p];
    tell_record(p, state, return_code);
    process.state = runner_.past(p).current()->state;
  }

  void tell_record(ProcessIndex p, ProcessState state, std::optional<std::int32_t> return_code) {
    CoordinatorRecord event;
    event.process = p;
    event.status.process = task_.processes[p].name;
    event.status.seq = runner_.past(p).next_seq;
    event.status.run = runner_.past(p).current()->number;
    event.status.state = state;
    event.status.at = now_;
    event.status.return_code = return_code;
    if (state == ProcessState::Forked || state == ProcessState::Running) {
      event.status.identity = {1, 1};
    }
    if (state == ProcessState::Forked) event.status.boot = boot_;
    tell(event);
  }

  void tell(const Event& event) {
    if (error_ || finished_) return;
    auto effects = runner_.handle(event, now_);
    if (!effects) {
      error_ = effects.error();
      return;
    }
    for (const Effect& effect : *effects) carry_out(effect);
    // The effects above are spent: the next event replaces them.
    while (!cancelled_.empty() && !error_) {
      const LaunchCancelled answer = cancelled_.back();
      cancelled_.pop_back();
      tell(answer);
    }
  }

  void carry_out(const Effect& effect) {
    if (const auto* start = std::get_if<StartProcess>(&effect)) {
      begin(start->process);
    } else if (const auto* terminate = std::get_if<Terminate>(&effect)) {
      stop(terminate->process, terminate->run, Step::Terminated);
    } else if (const auto* kill = std::get_if<Kill>(&effect)) {
      stop(kill->process, kill->run, Step::Killed);
    } else if (const auto* timer = std::get_if<SetTimer>(&effect)) {
      timer_ = timer->at;
    } else if (std::holds_alternative<Finish>(effect) ||
               std::holds_alternative<StandDown>(effect)) {
      finished_ = true;
      planned_.last = acting_;
    }
  }

  void begin(ProcessIndex p) {
    PlannedProcess& process = planned_.processes[p];
    if (++process.runs > kMostRuns) {
      error_ = Error{ErrorCode::Usage,
                     task_.processes[p].name + " fails again and again, and the task never ends"};
      return;
    }
    if (!process.start) {
      process.start = now_.boot - began_;
      process.after = acting_;
    }
    lengths_[p] = script_.times(p);
    ++tickets_[p];
    plan(p, lengths_[p].launch, Step::Started);
  }

  void stop(ProcessIndex p, std::uint32_t run, Step step) {
    planned_.processes[p].ended_by = acting_;
    ++tickets_[p];
    if (runner_.past(p).current()->started) {
      plan(p, 0, step);
    } else {
      planned_.processes[p].end = now_.boot - began_;
      cancelled_.push_back({p, run});
    }
  }

  const TaskConfig& task_;
  const Script& script_;
  Runner runner_;
  BootId boot_ = kBoot;
  Microseconds began_;  // boot time
  Timestamp now_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::uint64_t order_ = 0;
  std::vector<std::uint32_t> tickets_;
  std::vector<RunTimes> lengths_;  // of the run under way
  std::vector<LaunchCancelled> cancelled_;
  std::optional<Microseconds> timer_;
  ProcessIndex acting_ = PlannedProcess::kNobody;  // the process whose transition is told now
  PlannedTask planned_;
  bool finished_ = false;
  std::optional<Error> error_;
};

}  // namespace

TaskConfig plannable(const TaskConfig& task) {
  TaskConfig plain = task;
  for (ProcessConfig& process : plain.processes) {
    process.healthy = {};
    process.watchdog.reset();
    process.time.reset();
    if (process.ready) {
      Ready ready;
      ready.notify = true;  // it says so itself, when its time has come
      ready.within = process.ready->within;
      process.ready.emplace() = ready;
    }
    for (const auto& [name, amount] : process.uses.entries) {
      const bool known =
          std::any_of(plain.pools.entries.begin(), plain.pools.entries.end(),
                      [&, &pool = name](const auto& own) { return own.first == pool; });
      if (!known) plain.pools.entries.emplace_back(name, kPlenty);
    }
  }
  return plain;
}

Result<PlannedTask> play(const TaskConfig& task, const Graph& graph, const Script& script,
                         History history, Timestamp now) {
  return VirtualHost(task, graph, script, std::move(history), now).run();
}

}  // namespace thermos
