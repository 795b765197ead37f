#include "reactor/host/reactor.h"

#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "reactor/os/clocks.h"
#include "reactor/os/counters.h"
#include "reactor/os/files.h"
#include "reactor/os/identity.h"

namespace thermos {
namespace {

// The time between two attempts to start another fork server, if the machine has no resources for
// one or it ends at once. No event reports that resources are free again.
constexpr Microseconds kForkServerRetry = kSecond;

// Each running process takes descriptors, and ten thousand processes take more than the usual soft
// limit. The commands must not inherit a raised limit, because programs that walk all descriptors,
// or use select(), rely on the soft limit. So the fork server is started before the limit is
// raised.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// For tests, and for a machine whose inotify can't be trusted. Everything must work without
// inotify.
bool inotify_wanted() {
  return std::getenv("THERMOS_NO_INOTIFY") == nullptr;
}

}  // namespace

Result<std::unique_ptr<Reactor>> Reactor::make() {
  auto boot = read_boot_id();
  if (!boot) return boot.error();
  // If a peer hangs up, write(2) fails, and the program is not killed.
  std::signal(SIGPIPE, SIG_IGN);
  // If a file reaches its size limit, write(2) fails with EFBIG. A coordinator restores the
  // signal's default for its process.
  std::signal(SIGXFSZ, SIG_IGN);
  // The program that started us may have ignored SIGCHLD. The kernel would then reap our children
  // itself, and would not report their ends.
  std::signal(SIGCHLD, SIG_DFL);
  std::unique_ptr<Reactor> reactor(new Reactor(*boot));
  if (auto started = reactor->start_fork_server(); !started) return started.error();
  return reactor;
}

Reactor::Reactor(const BootId& boot)
    : boot_(boot),
      deadlines_(loop_),
      inotify_(loop_, inotify_wanted()),
      launches_(loop_, deadlines_),
      sweeper_(loop_, deadlines_, spares_,
               [this](pid_t pid) {
                 // Otherwise a coordinator that was just cloned would be taken for an orphan.
                 hear_answers();
                 return children_.watches(pid);
               }),
      children_(loop_,
                [this] {
                  if (fork_server_ && fork_server_->expects_answer()) hear_answers();
                }),
      turn_end_(std::make_unique<TurnEnd>(loop_, [this] { end_turn(); })) {}

Reactor::~Reactor() = default;

void Reactor::join(TurnParticipant* participant) {
  participant->place_ = next_place_++;
  participants_.emplace(participant->place_, participant);
}

void Reactor::leave(TurnParticipant* participant) {
  participants_.erase(participant->place_);
  dirty_.erase(participant->place_);
}

Status Reactor::start_fork_server() {
  auto started = ForkServerClient::start();
  raise_descriptor_limit();
  if (!started) return started.error();
  fork_server_ = std::make_unique<ForkServerClient>(std::move(*started));
  fork_server_poll_ =
      std::make_unique<Poll>(loop_, fork_server_->fd(), [this](int) { hear_answers(); });
  write_failure_poll_ = std::make_unique<Poll>(loop_, fork_server_->write_failure_fd(),
                                               [this](int) { take_write_failures(); });
  children_.watch(fork_server_->pid(), [this](int) { fork_server_gone(); });
  return Done{};
}

void Reactor::use_control_groups() {
  wants_groups_ = true;
  shelter_fork_server();
}

void Reactor::shelter_fork_server() {
  scope_start_.reset();  // the scope was being started for the previous fork server
  // If there was no scope for the previous fork server, there may be one for this.
  if (wants_groups_ && !groups_) groups_ = ControlGroups::find();
  const pid_t pid = fork_server_->pid();
  if (!groups_ || groups_->settle(pid)) {
    fork_server_->go_on();
    return;
  }
  fork_server_->hold();
  auto start = ScopeStart::begin(
      loop_, deadlines_, groups_->scope_for(pid), [this, pid] { return groups_->settle(pid).ok(); },
      [this](const Status& started) { scope_started(started); });
  if (start) {
    scope_start_ = std::move(*start);
  } else {
    scope_started(start.error());
  }
}

void Reactor::scope_started(const Status& started) {
  scope_start_.reset();
  const Status settled = started ? groups_->settle(fork_server_->pid()) : started;
  if (!settled) {
    spdlog::warn("processes get no control groups: {}", settled.error().message);
    groups_.reset();
  }
  fork_server_->go_on();
  hear_answers();  // answers of launches that could not be sent
  if (fork_server_poll_ && fork_server_->wants_write()) {
    fork_server_poll_->watch(UV_READABLE | UV_WRITABLE);
  }
}

void Reactor::fork_server_gone() {
  hear_answers();
  spdlog::warn("the fork server died (pid {}); starting another", fork_server_->pid());
  fork_server_poll_.reset();
  scope_start_.reset();
  // A fork server that ends at its start would probably end again at once.
  if (loop_.now().boot < next_server_) {
    deadlines_.add(next_server_, [this] { restart_fork_server(); });
  } else {
    restart_fork_server();
  }
}

void Reactor::restart_fork_server() {
  next_server_ = loop_.now().boot + kForkServerRetry;
  auto unanswered = fork_server_->restart();
  if (!unanswered) {
    if (!std::exchange(short_of_server_, true)) {
      spdlog::error("{}; trying again until it works", unanswered.error().message);
    }
    deadlines_.add(next_server_, [this] { restart_fork_server(); });
    return;
  }
  for (const std::uint64_t ticket : *unanswered) answers_.erase(ticket);
  short_of_server_ = false;
  fork_server_poll_ =
      std::make_unique<Poll>(loop_, fork_server_->fd(), [this](int) { hear_answers(); });
  // Moves the fork server into its scope first, because coordinators stay in the group in which it
  // makes them. Queued launches wait for this.
  shelter_fork_server();
  fork_server_->on_writable();
  fork_server_poll_->watch(UV_READABLE | (fork_server_->wants_write() ? UV_WRITABLE : 0));
  children_.watch(fork_server_->pid(), [this](int) { fork_server_gone(); });
  for (const auto& [place, participant] : std::map(participants_)) participant->fork_server_died();
  children_.expect_births(fork_server_->unanswered() > 0);
}

Status Reactor::launch(Launch launch, Descriptor stream, RunLogs logs,
                       ForkServerClient::MakeGroup make_group,
                       std::function<void(const Launched&)> answer) {
  const std::uint64_t ticket = next_ticket_++;
  launch.ticket = ticket;
  children_.expect_births(true);
  auto sent =
      fork_server_->launch(launch, std::move(stream), std::move(logs.out), std::move(logs.err),
                           std::move(make_group), std::move(logs.more));
  if (!sent) return sent.error();
  answers_[ticket] = std::move(answer);
  if (fork_server_poll_ && fork_server_->wants_write()) {
    fork_server_poll_->watch(UV_READABLE | UV_WRITABLE);
  }
  return Done{};
}

void Reactor::hear_answers() {
  if (!fork_server_) return;
  const bool wanted_write = fork_server_->wants_write();
  if (wanted_write) fork_server_->on_writable();
  while (const auto launched = fork_server_->receive()) {
    const auto it = answers_.find(launched->ticket);
    if (it != answers_.end()) {
      const auto answer = std::move(it->second);
      answers_.erase(it);
      answer(*launched);
    }
    if (!fork_server_->expects_answer())
      break;  // if the fork server's end comes next, it makes the socket readable again
  }
  if (fork_server_->died()) {
    fork_server_poll_.reset();  // the socket would be readable for ever; SIGCHLD reports the end
  } else if (fork_server_poll_ && wanted_write && !fork_server_->wants_write()) {
    fork_server_poll_->watch(UV_READABLE);
  }
  children_.expect_births(fork_server_->unanswered() > 0);
}

void Reactor::replace_fork_server() {
  // Once the fork server is reaped, its pid may belong to another process.
  if (fork_server_->died() || !children_.watches(fork_server_->pid())) return;
  spdlog::warn("the fork server (pid {}) does not answer; killing it", fork_server_->pid());
  // The fork server is our own child and was not reaped, so its pid is still its own.
  ::kill(fork_server_->pid(), SIGKILL);
}

void Reactor::take_write_failures() {
  while (const auto failure = fork_server_->receive_write_failure()) {
    // The failure may come from a coordinator whose clone the fork server has not reported yet.
    hear_answers();
    for (const auto& [place, participant] : participants_) {
      if (participant->coordinator_cannot_write(failure->pid, failure->error)) break;
    }
  }
}

void Reactor::when_named(std::vector<std::string> directories,
                         std::function<void(const Status&)> done) {
  name_requests_.push_back({std::move(directories), std::move(done)});
}

// Syncs the records of all tasks of the turn together, which takes about as long as for one task.
void Reactor::commit(const std::set<std::uint64_t>& places) {
  // Places, and how many files each has.
  std::vector<std::pair<std::uint64_t, std::size_t>> waiting;
  std::vector<GroupSync::File> files;
  for (const std::uint64_t place : places) {
    const auto it = participants_.find(place);
    if (it == participants_.end()) continue;
    const auto its = it->second->write_turn();
    if (its.empty()) continue;
    waiting.emplace_back(place, its.size());
    files.insert(files.end(), its.begin(), its.end());
  }
  if (files.empty()) return;
  const Microseconds began = read_clocks().boot;
  group_sync_.sync(files);
  counters().commits.observe(read_clocks().boot - began);
  std::span<const GroupSync::File> rest = files;
  for (const auto& [place, count] : waiting) {
    participants_.at(place)->turn_synced(rest.first(count));
    rest = rest.subspan(count);
  }
}

void Reactor::sync_names() {
  const auto requests = std::exchange(name_requests_, {});
  std::map<std::string, Status> names;
  for (const NameRequest& request : requests) {
    for (const std::string& directory : request.directories) names.emplace(directory, Done{});
  }
  sync_directories(names, group_sync_);
  for (const NameRequest& request : requests) {
    Status all = Done{};
    for (const std::string& directory : request.directories) {
      if (all) all = names.at(directory);
    }
    request.done(all);
  }
}

void Reactor::end_turn() {
  // end_turn() can mark a participant dirty again (a launch that fails at once), so this goes on
  // until none is dirty.
  do {
    while (!dirty_.empty()) {
      const auto places = std::exchange(dirty_, {});
      commit(places);
      for (const std::uint64_t place : places) {
        const auto it = participants_.find(place);
        if (it != participants_.end()) it->second->end_turn();
      }
    }
    sync_names();
  } while (launches_.say() || !dirty_.empty() || !name_requests_.empty());
  if (after_turn) after_turn();
  // loop_.turn() is empty if no code read the time in this turn, because nothing happened.
  if (const auto& began = loop_.turn()) counters().turns.observe(read_clocks().boot - began->boot);
  loop_.end_turn();
}

}  // namespace thermos
