#include "reactor/node/node_cleaning.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/base/times.h"
#include "reactor/os/files.h"
#include "reactor/os/pidfd.h"
#include "reactor/store/stream_lock.h"
#include "reactor/store/stream_reader.h"

namespace thermos {
namespace {

// The pauses between two looks at a lock whose holder has written no record: a server that gave the
// node up is launching it. Its first record is an event, and so is its end. But the kernel reports
// the last close before it releases the lock, and inotify may be missing.
constexpr Microseconds kFirstDelay = kSecond / 1000;
constexpr Microseconds kLastDelay = kSecond;

// Adds a record of a coordinator's stream to `latest`, which holds the latest run alone.
Status add_to(History& latest, const RunnerHeader& header, const Record& record) {
  const auto* status = std::get_if<ProcessStatus>(&record);
  if (status == nullptr) return Done{};
  const auto apply = [&latest](const Record& one) -> Status {
    const auto applied = latest.apply(one);
    return applied ? Status(Done{}) : applied.error();
  };
  if (status->state == ProcessState::Forked) {
    latest = History();
    if (auto applied = apply(header); !applied) return applied;
    if (auto begun = give_before_fork(*status, apply); !begun) return begun;
  }
  return apply(*status);
}

// The run that a history of one process holds; nullptr for none.
const Run* run_in(const History& latest) {
  return latest.processes().empty() ? nullptr : latest.process(0).current();
}

}  // namespace

// A coordinator that was told to end everything.
struct NodeCleaning::Told {
  Descriptor pidfd;
  std::unique_ptr<Poll> poll;
};

// A stream whose lock is held by an unknown coordinator.
struct NodeCleaning::Delay {
  Microseconds next = kFirstDelay;
  Deadlines::Key timer;
};

NodeCleaning::NodeCleaning(Reactor& reactor, const TaskSetup& setup, std::function<void()> done)
    : reactor_(reactor), setup_(setup), done_(std::move(done)) {}

NodeCleaning::~NodeCleaning() = default;

void NodeCleaning::begin() {
  const std::string directory = setup_.paths.checkpoint_dir(setup_.header.task_id);
  std::vector<std::string> paths;
  for (const std::string& file : list_directory(directory)) {
    if (!process_of_file(file).empty()) paths.push_back(directory + "/" + file);
  }
  open_ = paths.size() + 1;
  for (const std::string& path : paths) look(path);
  one_over();
}

void NodeCleaning::changed(std::string_view file) {
  const std::string path =
      setup_.paths.checkpoint_dir(setup_.header.task_id) + "/" + std::string(file);
  if (delays_.contains(path)) look_now(path);
}

void NodeCleaning::all_changed() {
  std::vector<std::string> paths;
  for (const auto& [path, delay] : delays_) paths.push_back(path);
  for (const std::string& path : paths) look_now(path);
}

void NodeCleaning::look(const std::string& path) {
  // The lock is looked at before the stream is read: if it is free, it stays free, and the stream
  // is complete.
  const auto locked = stream_is_locked(path);
  History latest;
  if (auto stream = open_stream(path)) {
    StreamPosition position;
    const auto read = read_stream(
        stream->get(), path, position,
        [this, &latest](const Record& record) { return add_to(latest, setup_.header, record); });
    if (!read) spdlog::warn("{}", read.error().message);
  }
  // A coordinator of another boot is gone, and its pid may be another's by now.
  const Run* run = run_in(latest);
  const bool here = run != nullptr && run->boot == reactor_.boot() && run->coordinator.pid != 0;
  if (!here) run = nullptr;
  if (!locked || *locked) return wait(path, run);
  delays_.erase(path);
  if (run == nullptr || is_terminal(run->state)) return over(path);
  sweep(path, *run);
}

void NodeCleaning::wait(const std::string& path, const Run* run) {
  auto pidfd = run != nullptr ? open_pidfd(run->coordinator) : std::nullopt;
  if (!pidfd) return look_later(path);
  delays_.erase(path);
  spdlog::warn("ending what still runs by {} (coordinator {}): it is LOST on record", path,
               run->coordinator.pid);
  send_signal(*pidfd, SIGUSR1);
  send_signal(*pidfd, SIGCONT);
  Told& told = told_[path];
  told.pidfd = std::move(*pidfd);
  told.poll =
      std::make_unique<Poll>(reactor_.loop(), told.pidfd.get(), [this, path](int) { ended(path); });
}

// `path` is passed by value, because the function that holds the caller's text goes with its Poll.
void NodeCleaning::ended(std::string path) {  // NOLINT(performance-unnecessary-value-param)
  told_.erase(path);
  look(path);
}

void NodeCleaning::look_later(const std::string& path) {
  Delay& delay = delays_[path];
  delay.timer = reactor_.deadlines().add(reactor_.loop().now().boot + delay.next,
                                         [this, path, here = std::weak_ptr<bool>(alive_)] {
                                           if (!here.expired()) look(path);
                                         });
  delay.next = std::min(2 * delay.next, kLastDelay);
}

// Looks at the stream because something has happened. If its holder is unknown yet, the pauses
// begin with the shortest again.
void NodeCleaning::look_now(const std::string& path) {
  reactor_.deadlines().cancel(delays_.at(path).timer);
  delays_.erase(path);
  look(path);
}

void NodeCleaning::sweep(const std::string& path, const Run& run) {
  reactor_.sweeper().sweep({run.coordinator, run.process, false, {}},
                           [this, path, here = std::weak_ptr<bool>(alive_)] {
                             if (!here.expired()) over(path);
                           });
}

// Removes the stream. It says something else of its last run than the task's record, which goes on
// with the same numbers, so the next run here must begin a new stream.
void NodeCleaning::over(const std::string& path) {
  ::unlink(path.c_str());
  one_over();
}

void NodeCleaning::one_over() {
  if (--open_ == 0) done_();
}

}  // namespace thermos
