#include "links.h"

#include <utility>

#include "core/runner/runs_to_adopt.h"
#include "trace_text.h"

namespace thermos::sim {
namespace {

constexpr Microseconds kForkServerRetry = kSecond;
constexpr LaunchAdmission::Owner kOwner = 1;

AdmissionLimits make_limits(Random& random) {
  AdmissionLimits limits;
  if (random.chance(40)) limits.launches = 1 + random.below(3);
  return limits;
}

}  // namespace

Links::Links(Owner& owner, const Script& script, Timeline& timeline, Random& random,
             Machine& machine, Invariants& invariants, std::vector<std::uint32_t>& attempts,
             Processes::Parent self)
    : owner_(owner),
      script_(script),
      random_(random),
      machine_(machine),
      invariants_(invariants),
      attempts_(attempts),
      self_(self),
      life_(timeline),
      admission_(make_limits(random)),
      notices_(script.inotify, script.harsh.overflows, timeline, random,
               {[this](ProcessIndex p, bool) { happens(p, link::Changed{}); },
                [this] {
                  for (ProcessIndex p = 0; p < links_.size(); ++p) {
                    if (!idle(p)) happens(p, link::Changed{});
                  }
                }}),
      children_(machine.processes(), self),
      fork_server_(machine, timeline, random, self,
                   {[this] {
                      owner_.begin();
                      hear_answers();
                      owner_.settle();
                    },
                    [this] { fork_server_gone(); }}) {
  for (ProcessIndex p = 0; p < script.task.processes.size(); ++p) {
    links_.emplace_back(CoordinatorLink(p, script.inotify));
  }
  machine.streams().on_change = [this](ProcessIndex p, bool closed) { notices_.add(p, closed); };
  machine.processes().on_child = [this, self](Processes::Parent parent) {
    if (parent != self) return;
    life_.after(random_.between(0, kLatency), [this] {
      owner_.begin();
      hear_answers();
      children_.reap();
      owner_.settle();
    });
  };
}

Links::~Links() {
  machine_.streams().on_change = [](ProcessIndex, bool) {};
  machine_.processes().on_child = [](Processes::Parent) {};
  for (Link& link : links_) {
    if (link.locked != 0) machine_.streams().close_dying(link.locked);
    if (link.pidfd != 0) machine_.processes().close(link.pidfd);
  }
  machine_.processes().orphan(self_);
}

bool Links::all_idle() const {
  for (ProcessIndex p = 0; p < links_.size(); ++p) {
    if (!idle(p)) return false;
  }
  return true;
}

CoordinatorLink::Known Links::known(ProcessIndex p) const {
  CoordinatorLink::Known known;
  const ProcessHistory& past = owner_.past(p);
  const Run* run = past.current();
  if (run == nullptr) return known;
  known.live = past.live();
  known.scarce = machine_.short_of_descriptors();
  known.run = run->number;
  known.state = run->state;
  known.coordinator = run->coordinator;
  known.other_boot = run->forked.has_value() && run->boot != machine_.boot();
  return known;
}

void Links::happens(ProcessIndex p, const link::Event& event) {
  owner_.begin();
  take(p, event);
  owner_.settle();
}

void Links::take(ProcessIndex p, const link::Event& event) {
  if (owner_.stopped()) return;
  owner_.trace(p, "> " + text_of(event));
  const link::State before = state(p);
  const std::vector<link::Effect> effects =
      links_[p].machine.handle(event, known(p), machine_.now().boot);
  invariants_.linked(p, event, before, effects);
  for (std::size_t i = 0; i < effects.size() && !owner_.stopped(); ++i) {
    owner_.trace(p, "    < " + text_of(effects[i]));
    owner_.step();
    const Answer answer = std::visit([&](const auto& e) { return carry_out(p, e); }, effects[i]);
    if (!answer) continue;
    if (i + 1 < effects.size()) throw Broken("an effect with an answer is not the last one");
    take(p, *answer);
  }
}

// ---- waiting to be launched ---------------------------------------------------------------------

Links::Answer Links::carry_out(ProcessIndex p, const link::Enqueue& effect) {
  admission_.enqueue({kOwner, p}, effect.again);
  go_on();
  return {};
}

Links::Answer Links::carry_out(ProcessIndex p, const link::Dequeue& /*effect*/) {
  admission_.dequeue({kOwner, p});
  return {};
}

Links::Answer Links::carry_out(ProcessIndex p, const link::LaunchOver& effect) {
  const Microseconds now = machine_.now().boot;
  admission_.over({kOwner, p}, effect.worked, now);
  if (effect.shortage != Shortage::None) {
    was_short_ = true;
    admission_.short_of({kOwner, p}, effect.shortage, effect.reason, now);
  }
  go_on();
  return {};
}

void Links::go_on() {
  if (going_on_) return;
  going_on_ = true;
  while (!owner_.stopped()) {
    const auto launch = admission_.next(machine_.now().boot);
    if (!launch) break;
    take(launch->process, link::Admitted{});
  }
  going_on_ = false;
  arm_flow();
}

void Links::arm_flow() {
  const auto at = admission_.wakes_at();
  if (at == flow_armed_) return;
  flow_armed_ = at;
  const std::uint64_t id = ++flow_timer_;
  if (!at) return;
  life_.after(std::max<Microseconds>(*at - machine_.now().boot, 0), [this, id] {
    if (id != flow_timer_) return;
    flow_armed_.reset();
    owner_.begin();
    go_on();
    owner_.settle();
  });
}

bool Links::say() {
  admission_.review(kOwner, [this](ProcessIndex p) {
    return owner_.wants_launch(p) || (links_[p].starved && !idle(p));
  });
  bool told = false;
  for (const LaunchAdmission::News& news : admission_.news()) {
    if (news.owner) {
      owner_.tell(ShortageChanged{news.shortage, news.over, news.reason});
      told = true;
      continue;
    }
    if (!was_short_) throw Broken("a shortage is told, and there was none");
    if (!news.over && news.waiting == 0) throw Broken("a shortage for which nobody waits");
    const bool changed =
        news.over ? said_.erase(news.shortage) > 0 : said_.insert(news.shortage).second;
    if (!changed) throw Broken("a shortage is told twice, or is over twice");
  }
  go_on();
  return told;
}

void Links::check_said() const {
  if (!said_.empty()) throw Broken("the task is over, and a shortage that was told is not");
}

// ---- the stream and its lock -------------------------------------------------------------------

Links::Answer Links::carry_out(ProcessIndex p, const link::TryLock& /*effect*/) {
  if (machine_.short_of_descriptors()) {
    return link::LockFailed{true, "no descriptor", Shortage::Descriptors};
  }
  Link& link = links_[p];
  // Who asks has it for a moment, and nobody can tell that from a coordinator's.
  if (script_.harsh.lock_asked > 0 && random_.chance(script_.harsh.lock_asked)) {
    return link::LockBusy{};
  }
  const auto locked = machine_.streams().lock(p);
  if (!locked) return link::LockBusy{};
  link.locked = *locked;
  return link::LockTaken{machine_.streams().end(p) != link.read};
}

Links::Answer Links::carry_out(ProcessIndex p, const link::DropLock& /*effect*/) {
  let_go(p);
  return {};
}

void Links::let_go(ProcessIndex p) {
  const Streams::Description locked = std::exchange(links_[p].locked, 0);
  if (locked == 0) throw Broken("a lock is dropped that nobody has");
  machine_.streams().close(locked);
}

Links::Answer Links::carry_out(ProcessIndex p, const link::Read& effect) {
  Link& link = links_[p];
  if (!link.reader_open && machine_.streams().exists(p)) {
    link.starved = machine_.short_of_descriptors();
    if (link.starved) {
      was_short_ = true;
      admission_.short_of({kOwner, p}, Shortage::Descriptors, "cannot read", machine_.now().boot);
      return link::ReadDone{true};
    }
    admission_.settled({kOwner, p});
    link.reader_open = true;
  }
  while (link.read < machine_.stream(p).size() && !owner_.stopped()) {
    const Streams::Written& written = machine_.stream(p)[link.read++];
    if (written.report) {
      tell_and_again(CoordinatorReport{p, *written.report});
      continue;
    }
    if (written.status.state == ProcessState::Forked) {
      take(p, link::Heard{written.status.run, written.status.identity});
    }
    tell_and_again(CoordinatorRecord{p, as_read(written.status, effect.origin)});
  }
  link.seen = machine_.streams().end(p);
  return link::ReadDone{};
}

void Links::tell_and_again(const Event& event) {
  owner_.tell(event);
  if (random_.chance(5)) owner_.tell(event);
  if (!random_.chance(5)) return;
  life_.after(random_.between(0, kLatency), [this, event] {
    owner_.begin();
    owner_.tell(event);
    owner_.settle();
  });
}

Links::Answer Links::carry_out(ProcessIndex p, const link::CloseReader& /*effect*/) {
  links_[p].reader_open = false;
  return {};
}

Links::Answer Links::carry_out(ProcessIndex p, const link::AskLock& /*effect*/) {
  if (machine_.short_of_descriptors()) return link::LockIs{link::Lock::Unknown};
  return link::LockIs{machine_.streams().locked(p) ? link::Lock::Held : link::Lock::Free};
}

// ---- launching ---------------------------------------------------------------------------------

Links::Answer Links::carry_out(ProcessIndex p, const link::Clone& effect) {
  Link& link = links_[p];
  if (link.locked == 0 || !machine_.streams().holds(p, link.locked)) {
    throw Broken(script_.task.processes[p].name + ": a clone without the lock");
  }
  if (machine_.short_of_descriptors()) {
    let_go(p);
    return link::HandFailed{true, "no descriptor for its logs", Shortage::Descriptors};
  }
  const std::size_t end = machine_.streams().end(p);
  if (end != link.read && end != link.seen) {
    throw Broken(script_.task.processes[p].name + ": what nobody read of its stream is cut off");
  }
  // A piece of a record would stand in the way of the next.
  machine_.streams().cut(link.locked, link.read);
  const RunScript script = script_.run(p, attempts_[p]++);
  const bool refused =
      script.launch == RunScript::Launch::Short || script.launch == RunScript::Launch::Impossible;
  if (refused && script.refused_at_once) {
    let_go(p);
    return link::HandFailed{script.launch == RunScript::Launch::Short, "no logs", Shortage::Disk};
  }
  const std::uint64_t ticket = ++tickets_;
  answers_[ticket] = effect;
  children_.expect_births(true);
  fork_server_.launch(
      {ticket, p, effect.start.run, effect.start.seq, std::exchange(link.locked, 0), script});
  return link::Handed{};
}

void Links::hear_answers() {
  while (const auto launched = fork_server_.receive()) {
    const auto it = answers_.find(launched->ticket);
    if (it == answers_.end()) continue;
    const link::Clone clone = it->second;
    answers_.erase(it);
    const bool retry = launched->error == Launched::Error::Short;
    take(clone.start.process, link::Answered{clone.number, launched->pid, retry,
                                             retry ? "no pids" : "no such thing", Shortage::Pids});
  }
  children_.expect_births(fork_server_.unanswered() > 0);
}

void Links::fork_server_gone() {
  owner_.begin();
  hear_answers();
  if (fork_server_.restart()) {
    for (ProcessIndex p = 0; p < links_.size(); ++p) {
      if (!idle(p)) take(p, link::ServerDied{});
    }
    children_.expect_births(fork_server_.unanswered() > 0);
  } else {
    life_.after(kForkServerRetry, [this] { fork_server_gone(); });
  }
  owner_.settle();
}

Links::Answer Links::carry_out(ProcessIndex /*p*/, const link::ReplaceServer& /*effect*/) {
  fork_server_.kill();
  return {};
}

// ---- watching ----------------------------------------------------------------------------------

Links::Answer Links::carry_out(ProcessIndex p, const link::WatchChild& effect) {
  if (!effect.certain && !children_.can_watch(effect.child.pid)) return link::NoSuchChild{};
  if (effect.child.ticks != 0 && children_.is_recycled(effect.child)) return link::NoSuchChild{};
  children_.watch(effect.child.pid, [this, p, run = effect.run] { take(p, link::ChildGone{run}); });
  return {};
}

Links::Answer Links::carry_out(ProcessIndex p, const link::OpenPidfd& effect) {
  if (machine_.short_of_descriptors()) return link::PidfdRefused{};
  Link& link = links_[p];
  if (link.pidfd != 0) throw Broken("a second pidfd of one link");
  const std::uint64_t which = ++link.pidfds;
  link.pidfd = machine_.processes().open(effect.coordinator, [this, p, which, run = effect.run] {
    life_.after(random_.between(0, kLatency), [this, p, which, run] {
      if (links_[p].pidfds == which) happens(p, link::PidfdReady{run});
    });
  });
  if (link.pidfd == 0) return link::PidfdRefused{};
  return link::PidfdOpened{};
}

Links::Answer Links::carry_out(ProcessIndex p, const link::ClosePidfd& /*effect*/) {
  machine_.processes().close(std::exchange(links_[p].pidfd, 0));
  ++links_[p].pidfds;
  return {};
}

Links::Answer Links::carry_out(ProcessIndex p, const link::Arm& effect) {
  const std::uint64_t id = ++links_[p].timer;
  if (!effect.at) return {};
  life_.after(*effect.at - machine_.now().boot, [this, p, id] {
    if (links_[p].timer == id) happens(p, link::Timer{});
  });
  return {};
}

// ---- ending ------------------------------------------------------------------------------------

Links::Answer Links::carry_out(ProcessIndex p, const link::Send& effect) {
  machine_.signal(p, effect.coordinator, effect.signal);
  return {};
}

Links::Answer Links::carry_out(ProcessIndex p, const link::RemoveGroup& effect) {
  if (machine_.lives(p) && machine_.coordinator(p).run == effect.run) {
    throw Broken(script_.task.processes[p].name + ": its group goes and its coordinator lives");
  }
  return {};
}

// ---- the runner --------------------------------------------------------------------------------

Links::Answer Links::carry_out(ProcessIndex /*p*/, const link::TellGone& effect) {
  owner_.tell(effect.gone);
  admission_.room(machine_.now().boot);
  go_on();
  return {};
}

Links::Answer Links::carry_out(ProcessIndex /*p*/, const link::TellFailed& effect) {
  owner_.tell(effect.failed);
  return {};
}

Links::Answer Links::carry_out(ProcessIndex /*p*/, const link::TellCancelled& effect) {
  owner_.tell(effect.cancelled);
  return {};
}

Links::Answer Links::carry_out(ProcessIndex /*p*/, const link::WarnRestarted& /*effect*/) {
  return {};
}

Links::Answer Links::carry_out(ProcessIndex p, const link::Refuse& effect) {
  const std::string name = script_.task.processes[p].name;
  if (!effect.event.empty()) throw Broken(name + ": " + effect.event);
  owner_.refuse(name + ": its stream can't be read");
  return {};
}

}  // namespace thermos::sim
