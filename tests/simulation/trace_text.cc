#include "trace_text.h"

#include <string_view>

namespace thermos::sim {
namespace {

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

std::string run_name(const TaskConfig& task, ProcessIndex p, std::uint32_t run) {
  return task.processes[p].name + "/" + std::to_string(run);
}

std::string number(std::uint64_t n) {
  return std::to_string(n);
}

std::string time_of(const std::optional<Microseconds>& at) {
  return at ? " at boot " + std::to_string(*at) : " never";
}

std::string text_of(const Identity& identity) {
  return " pid " + std::to_string(identity.pid) + "@" + std::to_string(identity.ticks);
}

std::string text_of(const Record& record) {
  if (const auto* task = std::get_if<TaskStatus>(&record)) {
    if (task->shortage != Shortage::None) {
      return (task->shortage_over ? "no longer short of " : "short of ") +
             std::string(name_of(task->shortage));
    }
    return std::string(name_of(task->state)) + ", goal " + std::string(name_of(task->goal));
  }
  if (const auto* status = std::get_if<ProcessStatus>(&record)) {
    return std::string(status->process) + "/" + number(status->run) + " " +
           std::string(name_of(status->state)) + " #" + number(status->seq);
  }
  if (const auto* order = std::get_if<ProcessOrder>(&record)) {
    return std::string(name_of(order->verb)) + " " + std::string(order->process) +
           (order->yields ? ", yielding" : "");
  }
  if (const auto* report = std::get_if<ProcessReport>(&record)) {
    return std::string(report->process) + "/" + number(report->run) + " " +
           std::string(name_of(report->kind));
  }
  if (const auto* place = std::get_if<Leadership>(&record)) {
    return place->yields ? "that it yields" : "where it is led from";
  }
  if (const auto* change = std::get_if<NodeChange>(&record)) {
    return "node " + change->node + (change->gone ? " gone" : " back");
  }
  return "header";
}

std::string_view lock_text(link::Lock lock) {
  if (lock == link::Lock::Unknown) return "unknown";
  return lock == link::Lock::Held ? "held" : "free";
}

std::string_view signal_text(link::Signal signal) {
  if (signal == link::Signal::Terminate) return "SIGTERM";
  return signal == link::Signal::Force ? "force" : "SIGKILL";
}

}  // namespace

std::string text_of(const Event& event, const TaskConfig& task) {
  return std::visit(
      Overloaded{
          [](const Lead&) { return std::string("lead"); },
          [&](const CoordinatorRecord& e) {
            return run_name(task, e.process, e.status.run) + " " +
                   std::string(name_of(e.status.state)) + " #" + number(e.status.seq);
          },
          [&](const CoordinatorGone& e) {
            return run_name(task, e.process, e.run) + (e.rebooted ? " gone by reboot" : " gone");
          },
          [&](const Swept& e) { return run_name(task, e.process, e.run) + " swept"; },
          [&](const LaunchFailed& e) {
            return run_name(task, e.process, e.run) +
                   (e.retry ? " launch short: " : " launch impossible: ") + e.reason;
          },
          [&](const LaunchCancelled& e) { return run_name(task, e.process, e.run) + " cancelled"; },
          [&](const CoordinatorReport& e) {
            return run_name(task, e.process, e.report.run) + " says " +
                   std::string(name_of(e.report.kind));
          },
          [&](const ProbeAnswered& e) {
            return run_name(task, e.process, e.run) + (e.purpose == Purpose::Healthy
                                                           ? (e.yes ? " healthy" : " not healthy")
                                                           : (e.yes ? " ready" : " not ready"));
          },
          [](const ShortageChanged& e) {
            return (e.over ? "no longer short of " : "short of ") +
                   std::string(name_of(e.shortage));
          },
          [](const TimerDue&) { return std::string("timer"); },
          [](const PoolTurn&) { return std::string("its turn at a pool"); },
          [](const KillRequest& e) {
            return std::string(e.lose ? "lose" : "kill") +
                   (e.wait ? " within " + std::to_string(*e.wait) : "");
          },
          [](const OrderRequest& e) {
            return std::string(name_of(e.verb)) + " " + e.process +
                   (e.wait ? " within " + std::to_string(*e.wait) : "");
          },
          [](const YieldRequest& e) { return "yield within " + std::to_string(e.grace); },
          [](const NodeUp& e) { return "node " + e.node + " is up"; },
          [](const NodeDown& e) { return "node " + e.node + " is down"; },
          [](const NodeGone& e) { return "node " + e.node + " is gone"; },
      },
      event);
}

std::string text_of(const Effect& effect, const TaskConfig& task) {
  return std::visit(
      Overloaded{
          [](const Append& e) { return "append " + text_of(e.record); },
          [&](const StartProcess& e) { return "start " + run_name(task, e.process, e.run); },
          [&](const Terminate& e) { return "term " + run_name(task, e.process, e.run); },
          [&](const Kill& e) { return "kill " + run_name(task, e.process, e.run); },
          [&](const Sweep& e) { return "sweep " + run_name(task, e.process, e.run); },
          [&](const Look& e) { return "look at " + task.processes[e.process].name; },
          [&](const Probe& e) { return "probe " + run_name(task, e.process, e.run); },
          [](const SetTimer& e) { return "timer" + time_of(e.at); },
          [](const Finish&) { return std::string("finish"); },
          [](const StandDown&) { return std::string("stand down"); },
      },
      effect);
}

std::string text_of(const link::Event& event) {
  return std::visit(
      Overloaded{
          [](const link::Start& e) { return "Start run " + number(e.start.run); },
          [](const link::Admitted&) { return std::string("Admitted"); },
          [](const link::Adopt&) { return std::string("Adopt"); },
          [](const link::LookBeside&) { return std::string("LookBeside"); },
          [](const link::LockTaken& e) {
            return std::string("LockTaken") + (e.unread ? ", unread" : "");
          },
          [](const link::LockBusy&) { return std::string("LockBusy"); },
          [](const link::LockFailed& e) { return "LockFailed: " + e.reason; },
          [](const link::Heard& e) {
            return "Heard run " + number(e.run) + text_of(e.coordinator);
          },
          [](const link::ReadDone& e) {
            return std::string("ReadDone") + (e.starved ? ", starved" : "");
          },
          [](const link::Handed&) { return std::string("Handed"); },
          [](const link::HandFailed& e) { return "HandFailed: " + e.reason; },
          [](const link::Answered& e) {
            return "Answered clone " + number(e.clone) + ": pid " + std::to_string(e.pid);
          },
          [](const link::ServerDied&) { return std::string("ServerDied"); },
          [](const link::ChildGone& e) { return "ChildGone run " + number(e.run); },
          [](const link::NoSuchChild&) { return std::string("NoSuchChild"); },
          [](const link::PidfdOpened&) { return std::string("PidfdOpened"); },
          [](const link::PidfdRefused&) { return std::string("PidfdRefused"); },
          [](const link::PidfdReady& e) { return "PidfdReady run " + number(e.run); },
          [](const link::LockIs& e) { return "LockIs " + std::string(lock_text(e.lock)); },
          [](const link::Changed&) { return std::string("Changed"); },
          [](const link::Timer&) { return std::string("Timer"); },
          [](const link::Stop& e) {
            return "Stop run " + number(e.run) + (e.hard ? ", hard" : "");
          },
      },
      event);
}

std::string text_of(const link::Effect& effect) {
  return std::visit(
      Overloaded{
          [](const link::Enqueue& e) {
            return std::string("Enqueue") + (e.again ? ", again" : "");
          },
          [](const link::Dequeue&) { return std::string("Dequeue"); },
          [](const link::LaunchOver& e) {
            return std::string("LaunchOver") + (e.worked ? ", worked" : "") +
                   (e.reason.empty() ? "" : ": " + e.reason);
          },
          [](const link::TryLock&) { return std::string("TryLock"); },
          [](const link::DropLock&) { return std::string("DropLock"); },
          [](const link::Read&) { return std::string("Read"); },
          [](const link::CloseReader&) { return std::string("CloseReader"); },
          [](const link::Clone& e) {
            return "Clone " + number(e.number) + " of run " + number(e.start.run);
          },
          [](const link::WatchChild& e) {
            return "WatchChild " + std::to_string(e.child.pid) + (e.certain ? ", certain" : "");
          },
          [](const link::OpenPidfd& e) { return "OpenPidfd" + text_of(e.coordinator); },
          [](const link::ClosePidfd&) { return std::string("ClosePidfd"); },
          [](const link::AskLock&) { return std::string("AskLock"); },
          [](const link::Arm& e) { return "Arm" + time_of(e.at); },
          [](const link::Send& e) {
            return "Send " + std::string(signal_text(e.signal)) + text_of(e.coordinator);
          },
          [](const link::ReplaceServer&) { return std::string("ReplaceServer"); },
          [](const link::RemoveGroup& e) { return "RemoveGroup run " + number(e.run); },
          [](const link::TellGone& e) { return "TellGone run " + number(e.gone.run); },
          [](const link::TellFailed& e) { return "TellFailed run " + number(e.failed.run); },
          [](const link::TellCancelled& e) {
            return "TellCancelled run " + number(e.cancelled.run);
          },
          [](const link::WarnRestarted& e) { return "WarnRestarted run " + number(e.run); },
          [](const link::Refuse& e) { return "Refuse " + e.event; },
      },
      effect);
}

}  // namespace thermos::sim
