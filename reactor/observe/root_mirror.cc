#include "reactor/observe/root_mirror.h"

#include <spdlog/spdlog.h>
#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <utility>

#include "reactor/observe/task_row.h"
#include "reactor/os/clocks.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"
#include "reactor/store/recorded_task.h"

namespace thermos::observe {
namespace {

// The time limit of reading in one turn of the loop, so that others do not wait longer.
constexpr Microseconds kReadingTurn = 4000;
// The limit of records in one event. A stream that grows fast gives several events.
constexpr std::size_t kMostRecords = 200;

}  // namespace

// The records of an active task, or of a finished task while it is read.
struct RootMirror::Followed {
  Followed(const Paths& paths, const std::string& id)
      : reading(
            paths, id, [this] { begin(); }, [this](const Record& record) { return take(record); }) {
  }

  void begin() {
    // The stream was replaced. Most of its records were published before, but it is unknown which
    // of them are new.
    if (news && history.header()) anew = true;
    whole = false;
    history = History();
    records.clear();
  }

  Status take(const Record& record) {
    const auto applied = history.apply(record);
    if (!applied) return applied.error();
    if (news && !anew && *applied == History::Outcome::Applied) {
      records.push_back(record_json(record));
    }
    return Done{};
  }

  RecordReading reading;
  History history;
  bool whole = false;         // the stream was read to its end without an error
  bool news = false;          // its records become events
  bool anew = false;          // the stream was read from its beginning again
  std::vector<Json> records;  // records that are not published yet
  // The number of processes in the configuration; below it, the generation and the directory for
  // which they were counted.
  std::optional<std::size_t> processes;
  std::uint32_t generation = 0;
  TaskDirectory counted_in = TaskDirectory::Active;
  int watch = -1;
};

RootMirror::RootMirror(Loop& loop, Inotify& inotify, const Paths& paths, EventRing& events)
    : loop_(loop), inotify_(inotify), paths_(paths), events_(events), busy_(loop, [this] {
        work();
      }) {}

RootMirror::~RootMirror() {
  for (const auto& [directory, watch] : name_watches_) inotify_.unwatch(watch);
  for (const auto& [id, task] : tasks_) {
    if (task.followed) inotify_.unwatch(task.followed->watch);
  }
}

Status RootMirror::start() {
  // Watches before it reads the list, so that a task that appears in between is seen twice rather
  // than never.
  watch_names();
  if (Status read = rescan(); !read) return read;
  if (queue_.empty()) loaded_ = true;
  return Done{};
}

// ---- the names of tasks ------------------------------------------------------------------------

Status RootMirror::watch_directory(const std::string& directory) {
  if (name_watches_.contains(directory)) return Done{};
  const auto on_event = [this, directory](std::string_view name, std::uint32_t mask) {
    names_changed(directory, name, mask);
  };
  const auto on_overflow = [this] {
    if (Status read = rescan(); !read) spdlog::warn("{}", read.error().message);
  };
  const Result<int> watch = inotify_.watch(directory, {on_event, on_overflow}, Inotify::kNames);
  if (!watch) return watch.error();
  name_watches_[directory] = *watch;
  return Done{};
}

// Watches `wanted`, or the nearest existing directory above it, in which the next directory on the
// path will appear. If that directory appeared before the watch was set, no event reports it, so
// the loop goes on with it.
void RootMirror::watch_way_to(const std::string& wanted) {
  std::string directory = wanted;
  while (!directory.empty()) {
    if (const Status watched = watch_directory(directory); !watched) {
      if (watched.error().code != ErrorCode::NotFound) return;  // for example, no permission
      directory.resize(directory.rfind('/'));
      continue;
    }
    if (directory == wanted) return;
    const std::string next = wanted.substr(0, wanted.find('/', directory.size() + 1));
    if (!is_directory(next)) return;
    directory = next;
  }
}

void RootMirror::watch_names() {
  if (!inotify_.enabled()) return;
  watch_way_to(paths_.active_dir());
  watch_way_to(paths_.finished_dir());
  watch_way_to(paths_.checkpoints_dir());
}

void RootMirror::names_changed(const std::string& directory, std::string_view name,
                               std::uint32_t mask) {
  if (name.empty()) {
    if ((mask & (IN_DELETE_SELF | IN_IGNORED)) == 0) return;
    const auto gone = name_watches_.find(directory);
    if (gone == name_watches_.end()) return;
    inotify_.unwatch(gone->second);
    name_watches_.erase(gone);
    return watch_and_rescan();
  }
  if (directory == paths_.active_dir() || directory == paths_.finished_dir()) {
    if (may_be_task(name)) consider(std::string(name));
    return;
  }
  if (directory == paths_.checkpoints_dir()) {
    // The checkpoint directory of a task whose file was seen before it.
    const auto task = tasks_.find(name);
    if (task != tasks_.end() && unwatched_.contains(task->first)) queue(task->first);
    return;
  }
  // A directory on the path to one of these.
  watch_and_rescan();
}

void RootMirror::watch_and_rescan() {
  const auto before = name_watches_;
  watch_names();
  if (name_watches_ == before) return;
  if (Status read = rescan(); !read) spdlog::warn("{}", read.error().message);
}

Status RootMirror::rescan() {
  const Result<std::vector<TaskEntry>> tasks = list_tasks(paths_);
  if (!tasks) return tasks.error();
  std::set<std::string> there;
  for (const TaskEntry& entry : *tasks) {
    there.insert(entry.id);
    consider(entry.id);
    const auto known = tasks_.find(entry.id);
    // Its stream may have grown without an event.
    if (known != tasks_.end() && known->second.directory == TaskDirectory::Active) queue(entry.id);
  }
  std::vector<std::string> gone;
  for (const auto& [id, task] : tasks_) {
    if (!there.contains(id)) gone.push_back(id);
  }
  for (const std::string& id : gone) consider(id);
  return Done{};
}

void RootMirror::consider(const std::string& id) {
  const bool active = exists(paths_.active_task(id));
  if (!active && !exists(paths_.finished_task(id))) return forget(id);
  const TaskDirectory directory = active ? TaskDirectory::Active : TaskDirectory::Finished;
  const auto [at, added] = tasks_.try_emplace(id);
  Task& task = at->second;
  if (added) task.fresh = loaded_;
  if (!added && task.directory == directory) return;
  task.directory = directory;
  queue(id);
}

void RootMirror::forget(const std::string& id) {
  const auto at = tasks_.find(id);
  if (at == tasks_.end()) return;
  const bool told = at->second.known;
  if (at->second.followed) inotify_.unwatch(at->second.followed->watch);
  tasks_.erase(at);
  unwatched_.erase(id);
  rows_.reset();
  if (told) events_.add("removed", json_line({{"task_id", id}}));
}

// ---- their records -----------------------------------------------------------------------------

void RootMirror::watch_task(const std::string& id, Task& task) {
  if (task.followed->watch >= 0) return;
  const auto look = [this, id] { queue(id); };
  const auto on_event = [this, id, look](std::string_view name, std::uint32_t mask) {
    const bool removed = name.empty() && (mask & (IN_DELETE_SELF | IN_IGNORED)) != 0;
    const auto at = tasks_.find(id);
    if (removed && at != tasks_.end() && at->second.followed) {
      inotify_.unwatch(std::exchange(at->second.followed->watch, -1));
    }
    if (removed || paths_.runner_stream(id).ends_with("/" + std::string(name))) look();
  };
  const Result<int> watch = inotify_.watch(paths_.checkpoint_dir(id), {on_event, look},
                                           Inotify::kContents | Inotify::kNames);
  if (watch && *watch >= 0) {
    task.followed->watch = *watch;
    unwatched_.erase(id);
    return;
  }
  unwatched_.insert(id);
  if (!watch) spdlog::info("{}", watch.error().message);
}

void RootMirror::queue(const std::string& id) {
  const auto at = tasks_.find(id);
  if (at == tasks_.end() || std::exchange(at->second.queued, true)) return;
  queue_.push_back(id);
  busy_.on();
}

void RootMirror::work() {
  const Microseconds begun = read_clocks().boot;
  while (!queue_.empty() && read_clocks().boot - begun < kReadingTurn) {
    const std::string id = std::move(queue_.front());
    queue_.pop_front();
    const auto at = tasks_.find(id);
    if (at == tasks_.end()) continue;
    at->second.queued = false;
    look_at(id, at->second);
  }
  if (!queue_.empty()) return;
  busy_.off();
  loaded_ = true;
  for (const auto& call : std::exchange(waiting_, {})) call();
}

void RootMirror::look_at(const std::string& id, Task& task) {
  if (!task.followed) {
    task.followed = std::make_unique<Followed>(paths_, id);
    task.followed->news = task.fresh;
  }
  if (task.directory == TaskDirectory::Active) watch_task(id, task);
  const Result<bool> end = task.followed->reading.step();
  if (!end) return fail_pass(id, task, end.error());
  if (!*end) {
    if (task.followed->records.size() >= kMostRecords && task.known) tell(id, task);
    return queue(id);
  }
  const bool ended = task.directory == TaskDirectory::Finished;
  if (ended && !task.followed->history.header()) {
    return fail_pass(id, task, system_error(paths_.runner_stream(id), ENOENT));
  }
  finish_pass(id, task);
}

void RootMirror::finish_pass(const std::string& id, Task& task) {
  Followed& followed = *task.followed;
  const History& history = followed.history;
  followed.whole = true;
  const bool recount = !followed.processes || followed.generation != history.generation() ||
                       followed.counted_in != task.directory;
  if (recount) {
    const auto config = read_recorded_config(paths_, id, task.directory);
    if (config) followed.processes = config->processes.size();
    followed.generation = history.generation();
    followed.counted_in = task.directory;
  }
  std::string text = json_line(task_row({id, task.directory}, history, followed.processes));
  const bool same = task.known && *task.row.text == text;
  if (!same || !followed.records.empty() || followed.anew) {
    task.row = {id, task.directory, history.state() == TaskState::Failed,
                history.header() ? history.header()->launch_time : 0,
                std::make_shared<const std::string>(std::move(text))};
    tell(id, task);
  }
  if (task.directory == TaskDirectory::Active) {
    followed.news = true;
    return;
  }
  // A finished task never changes again.
  inotify_.unwatch(followed.watch);
  unwatched_.erase(id);
  task.followed.reset();
}

void RootMirror::fail_pass(const std::string& id, Task& task, const Error& error) {
  Followed& followed = *task.followed;
  followed.whole = false;
  std::string text = json_line(task_row({id, task.directory}, error.message));
  if (!task.known || *task.row.text != text) {
    task.row = {id, task.directory, true, task.row.launched,
                std::make_shared<const std::string>(std::move(text))};
    tell(id, task);
  }
  if (task.directory == TaskDirectory::Active) return;
  // The file of a task that has just appeared may have been put there before its records.
  if (task.fresh && error.code == ErrorCode::NotFound) return watch_task(id, task);
  inotify_.unwatch(followed.watch);
  unwatched_.erase(id);
  task.followed.reset();
}

// Publishes the news of the task as events. A task that was there when the root was first read
// causes no event at its first reading.
void RootMirror::tell(const std::string& id, Task& task) {
  const bool first = !std::exchange(task.known, true);
  rows_.reset();
  Followed& followed = *task.followed;
  const std::vector<Json> records = std::exchange(followed.records, {});
  const bool anew = std::exchange(followed.anew, false);
  if (first && !task.fresh) return;
  std::size_t from = 0;
  do {
    const std::size_t until = std::min(from + kMostRecords, records.size());
    Json json = Json::object();
    json["task_id"] = id;
    if (anew) json["anew"] = true;
    Json list = Json::array();
    for (; from < until; ++from) list.push_back(records[from]);
    json["records"] = std::move(list);
    // The row is text already.
    std::string text = json_line(json);
    text.pop_back();
    text.append(",\"task\":").append(task.row.text ? *task.row.text : "null").append("}");
    events_.add("task", text);
  } while (from < records.size());
}

// ---- what others ask for -----------------------------------------------------------------------

bool RootMirror::names_watched() const {
  const auto known = [this](const std::string& directory) {
    return name_watches_.contains(directory) || !exists(directory);
  };
  return inotify_.enabled() && known(paths_.active_dir()) && known(paths_.finished_dir());
}

void RootMirror::when_ready(std::function<void()> call) {
  if (loaded_ && !names_watched()) {
    watch_names();
    if (Status read = rescan(); !read) spdlog::warn("{}", read.error().message);
  } else if (loaded_) {
    for (const std::string& id : std::set(unwatched_)) queue(id);
  }
  const bool all_watched = unwatched_.empty() && inotify_.enabled();
  if (loaded_ && (all_watched || queue_.empty())) return call();
  waiting_.push_back(std::move(call));
}

RootMirror::Rows RootMirror::rows() {
  if (rows_) return rows_;
  std::vector<Row> rows;
  rows.reserve(tasks_.size());
  for (const auto& [id, task] : tasks_) {
    if (task.known) rows.push_back(task.row);
  }
  const auto key = [](const Row& row) {
    return std::tuple(row.directory == TaskDirectory::Finished, -row.launched);
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const Row& a, const Row& b) { return key(a) < key(b); });
  rows_ = std::make_shared<const std::vector<Row>>(std::move(rows));
  return rows_;
}

std::optional<TaskEntry> RootMirror::find(const std::string& task_id) const {
  const auto at = tasks_.find(task_id);
  if (at == tasks_.end()) return std::nullopt;
  return TaskEntry{task_id, at->second.directory};
}

const History* RootMirror::history(const std::string& task_id) const {
  const auto at = tasks_.find(task_id);
  if (at == tasks_.end() || !at->second.followed) return nullptr;
  const Followed& followed = *at->second.followed;
  return followed.whole ? &followed.history : nullptr;
}

}  // namespace thermos::observe
