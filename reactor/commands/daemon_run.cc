#include "reactor/commands/daemon_run.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <limits>
#include <optional>
#include <utility>

#include "core/config/load.h"
#include "core/config/to_json.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/run_screen.h"
#include "reactor/configuration/configuration.h"
#include "reactor/configuration/odd_references.h"
#include "reactor/configuration/shell_syntax.h"
#include "reactor/configuration/unused_bindings.h"
#include "reactor/lookup/daemon_argument.h"
#include "reactor/os/clocks.h"
#include "reactor/os/descriptor.h"
#include "reactor/os/errors.h"
#include "reactor/os/first_process.h"

namespace thermos {
namespace {

// Receives SIGINT and SIGTERM through a descriptor, so that none is missed between two calls of
// poll().
class Interrupts {
 public:
  Interrupts() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &signals_, &before_);
    fd_.reset(::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK));
    repeat_early_signals();
  }
  ~Interrupts() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  int fd() const { return fd_.get(); }
  // Returns whether there was a signal. Consumes it, so that it does not end the program later.
  bool take() const {
    signalfd_siginfo taken{};
    return ::read(fd_.get(), &taken, sizeof taken) == static_cast<ssize_t>(sizeof taken);
  }

 private:
  sigset_t signals_{};
  sigset_t before_{};
  Descriptor fd_;
};

class ShownTask {
 public:
  ShownTask(ControlClient events, std::string task_id, RunScreen& screen)
      : events_(std::move(events)), task_id_(std::move(task_id)), screen_(screen) {}

  // Returns the state in which the task ended, or nothing if a signal came before.
  Result<std::optional<TaskState>> to_the_end();

 private:
  Status read_on();
  Status take(const control::Event& event);

  ControlClient events_;
  std::string task_id_;
  RunScreen& screen_;
  History history_;
};

Status ShownTask::take(const control::Event& event) {
  if (event.task_id != task_id_) return Done{};
  Status applied = Done{};
  const Status decoded = decode_event(event, [&](const Record& record) {
    const auto outcome = history_.apply(record);
    if (!outcome) {
      applied = outcome.error();
    } else {
      screen_.transcript().on_record(record, history_);
    }
  });
  return decoded ? applied : decoded;
}

Status ShownTask::read_on() {
  for (;;) {
    const auto reply = events_.receive(0);
    if (!reply) return reply.error();
    if (!*reply) return Done{};
    if (const auto* failure = std::get_if<Error>(&(*reply)->body)) return *failure;
    const auto* event = std::get_if<control::Event>(&(*reply)->body);
    if (event == nullptr) continue;
    if (Status taken = take(*event); !taken) return taken;
  }
}

Result<std::optional<TaskState>> ShownTask::to_the_end() {
  const Interrupts interrupts;
  for (;;) {
    if (Status read = read_on(); !read) return read.error();
    const bool done = is_terminal(history_.state());
    const Timestamp now = read_clocks();
    const std::optional<Microseconds> next = screen_.transcript().turn(history_, done, now);
    if (done) return std::optional(history_.state());
    int wait = -1;
    if (next) {
      wait = static_cast<int>(std::clamp<Microseconds>((*next - now.boot + 999) / 1000, 1, 60'000));
    }
    std::array<pollfd, 2> ready = {{{events_.fd(), POLLIN, 0}, {interrupts.fd(), POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), wait) < 0 && errno != EINTR) {
      return system_error("poll", errno);
    }
    if (interrupts.take()) return std::optional<TaskState>();
  }
}

}  // namespace

Result<DaemonTask> read_daemon_task(const std::string& file, const RunOptions& options,
                                    const AncestorOptions& old) {
  auto words = check_run_options(options);
  if (!words) return words.error();
  words->pools = PoolsOf::Daemon;
  const auto text = read_configuration(file, *words);
  if (!text) return text.error();
  auto bound = bind_configuration(*text, *words, read_clocks().wall);
  if (!bound) return bound.error();
  if (!options.chroot) {
    if (Status good = check_shell_syntax(*bound, *text, *words); !good) return good.error();
  }
  warn_of_odd_references(*text);
  warn_of_unused_bindings(*text, *words);
  if (Status applied = apply_options(options, old, bound->task); !applied) return applied.error();
  DaemonTask read;
  control::Submit& submit = read.submit;
  submit.task_id = bound->task_id;
  submit.config = config::to_json(bound->task, -1);
  submit.sandbox = options.sandbox.empty() ? "" : absolute_path(options.sandbox);
  submit.user = bound->user;
  submit.chroot = options.chroot;
  if (options.keep_logs) {
    auto keep = parse_count("--keep-logs", *options.keep_logs);
    if (!keep) return keep.error();
    submit.keep_logs = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(*keep, std::numeric_limits<std::uint32_t>::max()));
  }
  submit.ports = words->ports;
  submit.trace_parent = trace_parent_around();
  read.task = std::move(bound->task);
  return read;
}

Status submit_task(ControlClient& client, const control::Submit& submit) {
  const auto reply = client.ask(submit);
  if (!reply) return reply.error();
  return Done{};
}

Result<ControlClient> subscribe_to(const std::string& socket, const std::string& task_id,
                                   bool from_the_first) {
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  control::Subscribe ask;
  ask.patterns = {task_id};
  ask.since = from_the_first ? 1 : 0;
  ask.follow = true;
  if (auto sent = client->send(std::move(ask)); !sent) return sent.error();
  while (!from_the_first) {
    const auto reply = client->receive();
    if (!reply) return reply.error();
    if (const auto* failure = std::get_if<Error>(&(*reply)->body)) return *failure;
    if (std::holds_alternative<control::Snapshot>((*reply)->body)) break;
  }
  return client;
}

CommandOutcome run_by_daemon(const std::string& file, const RunOptions& options,
                             const AncestorOptions& old, const CommonOptions& common,
                             const std::string& socket) {
  auto read = read_daemon_task(file, options, old);
  if (!read) return read.error();
  auto client = ControlClient::connect(socket);
  if (!client) return client.error();
  if (Status given = submit_task(*client, read->submit); !given) return given.error();
  const std::string& task_id = read->submit.task_id;
  auto events = subscribe_to(socket, task_id, true);
  if (!events) return events.error();
  const Result<Paths> root = asked_paths(socket, common);
  RunScreen screen(read->task, options, common, root ? std::optional(*root) : std::nullopt);
  const auto ended = ShownTask(std::move(*events), task_id, screen).to_the_end();
  if (!ended) {
    screen.leave("the daemon has task " + printable(task_id) + ": see `thermos status`");
    return ended.error();
  }
  if (!*ended) {
    screen.leave("the daemon goes on with " + printable(task_id) + ": `thermos kill` ends it, " +
                 "`thermos wait` waits for it");
    return kExitInterrupted;
  }
  screen.finish();
  return exit_status_of(**ended);
}

}  // namespace thermos
