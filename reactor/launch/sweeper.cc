#include "reactor/launch/sweeper.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <spdlog/spdlog.h>

#include "reactor/os/control_groups.h"
#include "reactor/os/errors.h"
#include "reactor/os/pidfd.h"

namespace thermos {
namespace {

// The pause before the next look if a shortage on the machine prevented one.
constexpr Microseconds kLookAgain = kSecond;

// A new clone of the fork server whose answer was not read yet is not an orphan. It runs the
// coordinator's program, which the orphans of a process do not.
bool is_coordinator_program(pid_t pid) {
  const std::string program = program_of(pid);
  return program.empty() || program.starts_with("thermos-coordinator");  // empty: unreadable
}

// Returns the living processes, each after its parent. A shell that is killed after its command
// would start the next command meanwhile.
std::vector<Identity> parents_first(const std::vector<const ProcessStat*>& processes) {
  std::unordered_map<pid_t, std::vector<const ProcessStat*>> below;
  std::unordered_set<pid_t> all;
  for (const ProcessStat* process : processes) all.insert(process->identity.pid);
  std::vector<const ProcessStat*> order;
  for (const ProcessStat* process : processes) {
    if (all.contains(process->parent)) {
      below[process->parent].push_back(process);
    } else {
      order.push_back(process);
    }
  }
  std::vector<Identity> living;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const ProcessStat* process = order[i];
    if (process->state != 'Z' && process->state != 'X') living.push_back(process->identity);
    const auto children = below.find(process->identity.pid);
    if (children == below.end()) continue;
    order.insert(order.end(), children->second.begin(), children->second.end());
  }
  return living;
}

}  // namespace

struct Sweeper::Sweep {
  Leftover leftover;
  std::function<void()> done;
  struct Victim {
    Descriptor pidfd;
    std::unique_ptr<Poll> poll;
  };
  std::list<Victim> victims;
};

Sweeper::Sweeper(Loop& loop, Deadlines& deadlines, SpareDescriptors& spares,
                 std::function<bool(pid_t)> is_known_child)
    : loop_(loop),
      deadlines_(deadlines),
      spares_(spares),
      is_known_child_(std::move(is_known_child)) {
  const pid_t self = getpid();
  const auto all = list_processes();
  born_with_children_ =
      !all || std::any_of(all->begin(), all->end(),
                          [self](const ProcessStat& process) { return process.parent == self; });
}

void Sweeper::sweep(const Leftover& leftover, std::function<void()> done) {
  auto sweep = std::make_shared<Sweep>();
  sweep->leftover = leftover;
  sweep->done = std::move(done);
  look(sweep);
}

void Sweeper::look(const std::shared_ptr<Sweep>& sweep) {
  bool saw_all = false;
  spares_.lend([&] { saw_all = kill(sweep); });
  if (!sweep->victims.empty()) return;
  if (saw_all) return sweep->done();
  deadlines_.add(loop_.now().boot + kLookAgain, [this, sweep] { look(sweep); });
}

bool Sweeper::kill(const std::shared_ptr<Sweep>& sweep) {
  if (!sweep->leftover.group.empty()) kill_group(sweep->leftover.group);
  const auto found = find(sweep->leftover);
  if (!found) return false;
  bool saw_all = true;
  for (const Identity& identity : *found) {
    // If no descriptor is left for a process, the process is found again when the others are dead.
    errno = 0;
    auto pidfd = open_pidfd(identity);
    if (!pidfd && may_pass(errno)) saw_all = false;
    if (!pidfd || !send_signal(*pidfd, SIGKILL)) continue;
    spdlog::debug("killed pid {}, left behind by coordinator {}", identity.pid,
                  sweep->leftover.coordinator.pid);
    sweep->victims.push_back({std::move(*pidfd), nullptr});
    const auto victim = std::prev(sweep->victims.end());
    victim->poll = std::make_unique<Poll>(loop_, victim->pidfd.get(), [this, sweep, victim](int) {
      // erase() destroys this callback with its captures.
      const auto keep = sweep;  // NOLINT(performance-unnecessary-copy-initialization)
      Sweeper* const self = this;
      keep->victims.erase(victim);
      // Children of the dead processes may only now be visible as orphans.
      if (keep->victims.empty()) self->look(keep);
    });
  }
  return saw_all;
}

std::optional<std::vector<Identity>> Sweeper::find(const Leftover& leftover) const {
  const auto listed = list_processes();
  if (!listed) return std::nullopt;
  const std::vector<ProcessStat>& all = *listed;
  std::unordered_map<pid_t, std::vector<const ProcessStat*>> children;
  const ProcessStat* leader = nullptr;
  for (const ProcessStat& process : all) {
    children[process.parent].push_back(&process);
    if (process.identity.pid == leftover.coordinator.pid) leader = &process;
  }
  // The kernel does not reuse a pid as long as it is the number of a session. If another process
  // has the coordinator's pid, the coordinator's session has ended and the number belongs to that
  // process.
  const bool session_is_ours =
      leftover.coordinator.pid > 0 &&
      (leader == nullptr || leader->identity.ticks == leftover.coordinator.ticks);
  const pid_t self = getpid();
  std::unordered_set<pid_t> grouped;
  if (!leftover.group.empty()) {
    for (const pid_t pid : group_members(leftover.group)) grouped.insert(pid);
  }

  std::vector<const ProcessStat*> found;
  for (const ProcessStat& process : all) {
    const bool itself = leftover.process.pid != 0 && process.identity == leftover.process;
    const bool same_session = session_is_ours && process.session == leftover.coordinator.pid &&
                              process.identity.ticks >= leftover.coordinator.ticks;
    const bool orphan = leftover.was_ours && !born_with_children_ && process.parent == self &&
                        !is_known_child_(process.identity.pid) &&
                        !is_coordinator_program(process.identity.pid);
    if (itself || same_session || orphan || grouped.contains(process.identity.pid))
      found.push_back(&process);
  }
  std::unordered_set<pid_t> seen;
  for (const ProcessStat* process : found) seen.insert(process->identity.pid);
  const auto add_children = [&](const ProcessStat* process) {
    const auto below = children.find(process->identity.pid);
    if (below == children.end()) return;
    for (const ProcessStat* child : below->second) {
      if (seen.insert(child->identity.pid).second) found.push_back(child);
    }
  };
  for (std::size_t i = 0; i < found.size(); ++i) add_children(found[i]);
  return parents_first(found);
}

}  // namespace thermos
