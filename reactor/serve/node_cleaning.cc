#include "reactor/serve/node_cleaning.h"

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

// Until a lock is looked at again whose holder is not known: it is being launched, by a server that
// gave the node up. Its first record is an event, and so is its end; but the kernel tells of the
// last close first and lets go of the lock then. There may be no inotify, either.
constexpr Microseconds kFirstDelay = kSecond / 1000;
constexpr Microseconds kLastDelay = kSecond;

}  // namespace

// The latest run in a stream.
struct NodeCleaning::Left {
  Identity coordinator;
  Identity process;
  BootId boot;
  bool over = true;
};

// A coordinator that was told to end everything.
struct NodeCleaning::StopOrder {
  Descriptor pidfd;
  std::unique_ptr<Poll> poll;
};

// A stream whose lock's holder is not known.
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
  // Before the stream is read: a lock that is free then stays free, and what is read is all.
  const auto locked = stream_is_locked(path);
  Left left;
  if (auto stream = open_stream(path)) {
    StreamPosition position;
    const auto read = read_stream(stream->get(), path, position, [&left](const Record& record) {
      const auto* status = std::get_if<ProcessStatus>(&record);
      if (status == nullptr) return Status(Done{});
      left.over = is_terminal(status->state);
      if (status->state == ProcessState::Forked) {
        left.coordinator = status->identity;
        left.boot = status->boot;
        left.process = {};
      } else if (status->state == ProcessState::Running) {
        left.process = status->identity;
      }
      return Status(Done{});
    });
    if (!read) spdlog::warn("{}", read.error().message);
  }
  if (!locked || *locked) return wait(path, left);
  delays_.erase(path);
  const bool here = left.boot == reactor_.boot() && left.coordinator.pid != 0;
  if (left.over || !here) return over(path);
  sweep(path, left);
}

void NodeCleaning::wait(const std::string& path, const Left& left) {
  auto pidfd = left.boot == reactor_.boot() && left.coordinator.pid != 0
                   ? open_pidfd(left.coordinator)
                   : std::nullopt;
  if (!pidfd) return look_later(path);
  delays_.erase(path);
  spdlog::warn("ending what still runs by {} (coordinator {}): it is LOST on record", path,
               left.coordinator.pid);
  send_signal(*pidfd, SIGUSR1);
  send_signal(*pidfd, SIGCONT);
  StopOrder& order = stop_orders_[path];
  order.pidfd = std::move(*pidfd);
  order.poll = std::make_unique<Poll>(reactor_.loop(), order.pidfd.get(),
                                      [this, path](int) { ended(path); });
}

// By value: the function that has the text goes with its Poll.
void NodeCleaning::ended(std::string path) {  // NOLINT(performance-unnecessary-value-param)
  stop_orders_.erase(path);
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

// Something has happened: what is still the same is looked at soon.
void NodeCleaning::look_now(const std::string& path) {
  reactor_.deadlines().cancel(delays_.at(path).timer);
  delays_.erase(path);
  look(path);
}

void NodeCleaning::sweep(const std::string& path, const Left& left) {
  reactor_.sweeper().sweep({left.coordinator, left.process, false, {}},
                           [this, path, here = std::weak_ptr<bool>(alive_)] {
                             if (!here.expired()) over(path);
                           });
}

// What it says of its last run is not what is on the task's record, which goes on with the same
// numbers: the next run here begins a new stream.
void NodeCleaning::over(const std::string& path) {
  ::unlink(path.c_str());
  one_over();
}

void NodeCleaning::one_over() {
  if (--open_ == 0) done_();
}

}  // namespace thermos
