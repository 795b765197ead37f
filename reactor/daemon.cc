#include "reactor/daemon.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/config/load.h"
#include "reactor/commands/account.h"
#include "reactor/commands/history_json.h"
#include "reactor/commands/task_list.h"
#include "reactor/task_store.h"

namespace thermos {

// One task, and what the daemon wants to know of it.
class Daemon::Hosted : public TaskObserver {
 public:
  Hosted(Daemon& daemon, std::string task_id, std::uint32_t owner)
      : daemon_(daemon), id_(std::move(task_id)), owner_(owner) {}

  void on_record(const Record& /*record*/, const History& /*history*/) override {}
  std::uint64_t next_position() override {
    return daemon_.events_.next_position(daemon_.reactor_.loop().now());
  }
  void on_appended(std::uint64_t position, Bytes payload) override {
    daemon_.events_.add(position, id_, payload);
    daemon_.fresh_.push_back({position, id_, {payload.begin(), payload.end()}});
  }
  std::optional<Microseconds> on_turn(Runner& /*runner*/, Now /*now*/) override {
    say_made();
    return std::nullopt;
  }

  // The turn in which the task was made is committed.
  void say_made() {
    if (const auto made = std::exchange(made_, nullptr)) made();
  }

  const std::string& id() const { return id_; }
  std::uint32_t owner() const { return owner_; }
  void set_host(std::unique_ptr<TaskHost> host) { host_ = std::move(host); }
  void set_made(std::function<void()> made) { made_ = std::move(made); }
  TaskHost& host() { return *host_; }

 private:
  Daemon& daemon_;
  std::string id_;
  std::uint32_t owner_;
  std::function<void()> made_;
  std::unique_ptr<TaskHost> host_;
};

Daemon::Daemon(Reactor& reactor, Paths paths, SyncMode sync, Limits limits)
    : reactor_(reactor), paths_(std::move(paths)), sync_(sync), limits_(limits) {
  reactor_.after_turn = [this] { publish(); };
}

Daemon::~Daemon() {
  reactor_.after_turn = nullptr;
}

// When the turn is over its records last, and only then are they told, of all tasks in one order: a
// client that has seen a position has seen all before it.
void Daemon::publish() {
  over_.clear();
  for (const control::Event& event : std::exchange(fresh_, {})) {
    if (on_event) on_event(event);
  }
}

// ---- leading -----------------------------------------------------------------------------------

Result<Daemon::Hosted*> Daemon::host(const TaskPlace& place, std::uint32_t owner) {
  const std::string id = place.header.task_id;
  auto hosted = std::make_unique<Hosted>(*this, id, owner);
  Hosted* const task = hosted.get();
  auto led = TaskHost::lead(reactor_, place, sync_, *task,
                            [this, task](const Result<TaskState>& result) { ended(task, result); });
  if (!led) return led.error();
  task->set_host(std::move(*led));
  tasks_.emplace(id, std::move(hosted));
  if (on_change) on_change();
  return task;
}

void Daemon::resume_all() {
  std::uint64_t highest = 0;
  const std::vector<std::string> active = list_directory(paths_.active_dir());
  for (const std::string& id : active) {
    events_on_disk(paths_, id, ~std::uint64_t{0}, highest);
  }
  events_.start_after(std::max(
      highest, static_cast<std::uint64_t>(std::max<Microseconds>(reactor_.loop().now().wall, 0))));
  for (const std::string& id : active) {
    const std::string path = paths_.active_task(id);
    auto text = read_file(path);
    auto task = text ? config::load_json(*text, path, {}, {}) : Result<TaskConfig>(text.error());
    if (!task) {
      spdlog::error("task {} is left as it is: {}", id, task.error().message);
      continue;
    }
    TaskPlace place{paths_, std::move(*task), {}};
    place.header.task_id = id;
    if (auto led = host(place, owner_of(id)); !led) {
      spdlog::error("task {} is left as it is: {}", id, led.error().message);
    } else {
      spdlog::info("task {} goes on", id);
    }
  }
  if (const ProcessGroups* groups = reactor_.groups()) {
    groups->clear_all_but({active.begin(), active.end()});
  }
}

void Daemon::ended(Hosted* task, const Result<TaskState>& result) {
  task->say_made();
  const std::string id = task->id();
  if (result) {
    spdlog::info("task {} ended {}", id, name_of(*result));
  } else {
    spdlog::error("task {}: {}", id, result.error().message);
  }
  // Its host is calling us: it may not go before it has returned.
  const auto it = tasks_.find(id);
  over_.push_back(std::move(it->second));
  tasks_.erase(it);
  const std::string state(result ? name_of(*result) : std::string_view("?"));
  const auto [first, last] = waiting_.equal_range(id);
  std::vector<std::function<void(const std::string&)>> calls;
  for (auto waiter = first; waiter != last; ++waiter) calls.push_back(std::move(waiter->second));
  waiting_.erase(first, last);
  for (const auto& call : calls) call(state);
  if (on_change) on_change();
}

// ---- requests ----------------------------------------------------------------------------------

Status Daemon::place_for(const control::Submit& submit, const Caller& caller,
                         TaskPlace& place) const {
  auto task = config::load_json(submit.config, "the task", {}, {});
  if (!task) return task.error();
  place.task = std::move(*task);
  passwd* const self = getpwuid(caller.uid);
  const std::string caller_name = self != nullptr ? self->pw_name : std::to_string(caller.uid);
  const std::string user = submit.user.empty() ? caller_name : submit.user;
  const auto account = find_account(user);
  if (!caller.is_root() && (!account || account->uid != caller.uid)) {
    return Error{ErrorCode::NotPermitted, "only root may run tasks as " + user};
  }
  if (submit.chroot && !caller.is_root()) {
    return Error{ErrorCode::NotPermitted, "only root may ask for --chroot"};
  }
  if (!submit.sandbox.empty() && submit.sandbox.front() != '/') {
    return Error{ErrorCode::Usage, "the sandbox must be an absolute path: " + submit.sandbox};
  }
  RunnerHeader& header = place.header;
  header.task_id = submit.task_id;
  header.user = user;
  header.uid = account ? account->uid : static_cast<std::uint32_t>(-1);
  header.ports = submit.ports;
  header.chroot = submit.chroot;
  header.keep_logs = submit.keep_logs;
  header.sandbox = submit.sandbox.empty() ? paths_.default_sandbox(submit.task_id) : submit.sandbox;
  header.log_dir = header.sandbox + "/.logs";
  return Done{};
}

Status Daemon::submit(const control::Submit& submit, const Caller& caller,
                      std::function<void()> made) {
  if (auto valid = check_task_id(submit.task_id); !valid) return valid;
  if (!caller.is_root()) {
    const auto owned = static_cast<std::size_t>(
        std::count_if(tasks_.begin(), tasks_.end(),
                      [&](const auto& entry) { return entry.second->owner() == caller.uid; }));
    if (owned >= limits_.tasks_per_user) {
      return Error{ErrorCode::Busy,
                   "you have " + std::to_string(owned) + " active tasks, and that is the limit"};
    }
  }
  if (exists(paths_.active_task(submit.task_id)) || exists(paths_.finished_task(submit.task_id))) {
    return Error{ErrorCode::Usage,
                 "task " + submit.task_id + " exists already; give another --task-id"};
  }
  TaskPlace place{paths_, {}, {}};
  if (auto placed = place_for(submit, caller, place); !placed) return placed;
  if (submit.sandbox.empty()) {
    // Ours to make, under a directory that only root can write to.
    const std::string& sandbox = place.header.sandbox;
    if (auto made_all = make_directories(sandbox, 0755); !made_all) return made_all;
    const auto account = find_account(place.header.user);
    if (account && geteuid() == 0 && chown(sandbox.c_str(), account->uid, account->gid) != 0) {
      return Error{ErrorCode::System, sandbox + ": " + std::strerror(errno)};
    }
  }
  auto led = host(place, place.header.uid);
  if (!led) return led.error();
  (*led)->set_made(std::move(made));
  return Done{};
}

Result<std::vector<std::string>> Daemon::kill(const control::AskKill& kill, const Caller& caller) {
  std::vector<std::string> asked;
  bool foreign = false;
  KillRequest request;
  if (kill.wait >= 0) request.wait = kill.wait;
  request.lose = kill.lose;
  for (const auto& [id, task] : tasks_) {
    const auto meant = matches(kill.patterns, id);
    if (!meant) return meant.error();
    if (!*meant) continue;
    if (!may_see(id, caller)) {
      foreign = true;
      continue;
    }
    asked.push_back(id);
  }
  if (asked.empty() && foreign) {
    return Error{ErrorCode::NotPermitted, "that task is another user's"};
  }
  if (asked.empty()) return Error{ErrorCode::NotFound, "no active task of the daemon matches"};
  for (const std::string& id : asked) {
    tasks_.find(id)->second->host().kill(request, "asked by pid " + std::to_string(caller.pid) +
                                                      ", uid " + std::to_string(caller.uid));
  }
  return asked;
}

Status Daemon::when_ended(const std::string& task_id, const Caller& caller,
                          std::function<void(const std::string&)> ended) {
  if (auto valid = check_task_id(task_id); !valid) return valid;
  const bool active = exists(paths_.active_task(task_id));
  if (!active && !exists(paths_.finished_task(task_id))) {
    return Error{ErrorCode::NotFound, "no task " + task_id};
  }
  if (!may_see(task_id, caller)) {
    return Error{ErrorCode::NotPermitted, "task " + task_id + " is another user's"};
  }
  if (tasks_.contains(task_id)) {
    waiting_.emplace(task_id, std::move(ended));
    return Done{};
  }
  auto stream = read_runner_stream(paths_.runner_stream(task_id));
  if (!stream) return stream.error();
  if (!is_terminal(stream->history.state())) {
    return Error{ErrorCode::Busy, "task " + task_id + " is not led by this daemon"};
  }
  ended(std::string(name_of(stream->history.state())));
  return Done{};
}

Result<std::vector<control::TaskEntry>> Daemon::list(const control::TaskQuery& query,
                                                     const Caller& caller) const {
  auto all = list_tasks(paths_);
  if (!all) return all.error();
  auto meant = select_tasks(*all, query.patterns);
  if (!meant) return meant.error();
  std::vector<control::TaskEntry> entries;
  for (const TaskEntry& task : *meant) {
    if (task.shelf == Shelf::Active ? !query.active : !query.finished) continue;
    auto stream = read_runner_stream(paths_.runner_stream(task.id));
    if (!caller.is_root() &&
        (!stream || !stream->history.header() || stream->history.header()->uid != caller.uid)) {
      continue;
    }
    entries.push_back(
        {task.id, stream ? std::string(name_of(stream->history.state())) : std::string("?")});
  }
  return entries;
}

std::string Daemon::status_json(const std::string& task_id) const {
  auto stream = read_runner_stream(paths_.runner_stream(task_id));
  if (stream) return history_json(stream->history).dump();
  Json json;
  json["task_id"] = task_id;
  json["error"] = stream.error().message;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// ---- who may see what --------------------------------------------------------------------------

std::uint32_t Daemon::owner_of(const std::string& task_id) const {
  if (const auto it = tasks_.find(task_id); it != tasks_.end()) return it->second->owner();
  auto stream = read_runner_stream(paths_.runner_stream(task_id));
  if (!stream || !stream->history.header()) return 0;  // nobody's but root's
  return stream->history.header()->uid;
}

bool Daemon::may_see(const std::string& task_id, const Caller& caller) const {
  return caller.is_root() || owner_of(task_id) == caller.uid;
}

std::vector<control::Event> Daemon::events_after(std::uint64_t since, const Caller& caller) const {
  std::vector<control::Event> events;
  std::uint64_t before = ~std::uint64_t{0};
  std::vector<const control::Event*> recent = events_.after(since);
  if (!recent.empty()) before = recent.front()->position;
  if (!events_.reaches_back_to(since)) {
    std::uint64_t highest = 0;
    for (const std::string& directory : {paths_.active_dir(), paths_.finished_dir()}) {
      for (const std::string& id : list_directory(directory)) {
        if (!may_see(id, caller)) continue;
        for (control::Event& event : events_on_disk(paths_, id, since, highest)) {
          if (event.position < before) events.push_back(std::move(event));
        }
      }
    }
    std::sort(events.begin(), events.end(),
              [](const auto& a, const auto& b) { return a.position < b.position; });
  }
  for (const control::Event* event : recent) {
    if (may_see(event->task_id, caller)) events.push_back(*event);
  }
  return events;
}

Result<bool> matches(const std::vector<std::string>& patterns, const std::string& task_id) {
  if (patterns.empty()) return true;
  auto meant = select_tasks({{task_id, Shelf::Active}}, patterns);
  if (!meant) return meant.error();
  return !meant->empty();
}

}  // namespace thermos
