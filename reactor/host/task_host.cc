#include "reactor/host/task_host.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/config/difference.h"
#include "core/config/load.h"
#include "core/config/task_change.h"
#include "core/config/to_json.h"
#include "core/runner/link_event.h"
#include "core/runner/node_claim_rule.h"
#include "core/runner/runs_to_adopt.h"
#include "core/task/check_task.h"
#include "core/task/one_per_node.h"
#include "reactor/host/allocation.h"
#include "reactor/host/open_task.h"
#include "reactor/host/ordered_processes.h"
#include "reactor/os/clocks.h"
#include "reactor/os/counters.h"
#include "reactor/os/files.h"
#include "reactor/store/task_store.h"
#include "reactor/store/unsynced_mark.h"

namespace thermos {
namespace {

Error not_led() {
  return {ErrorCode::System, "this runner has stopped leading the task"};
}

std::string is_ending(const std::string& task_id) {
  return "task " + task_id + " is ending; its configuration stays as it is";
}

}  // namespace

Result<std::unique_ptr<TaskHost>> TaskHost::lead(Reactor& reactor, TaskSetup setup, SyncMode sync,
                                                 TaskObserver& observer, OnEnd on_end) {
  const std::string id = setup.header.task_id;
  const bool known = may_be_task(id) && exists(setup.paths.active_task(id));
  if (auto valid = check_task_id(id); !known && !valid) return valid.error();
  auto graph = check_task(*setup.task, PoolsOf::Daemon);
  if (!graph) return graph.error();
  std::optional<NodeStarter> starter;
  if (setup.task->nodes) {
    auto found = find_nodes(*setup.task->nodes);
    if (!found) return found.error();
    starter = std::move(*found);
  }
  if (is_spread(*setup.task)) {
    TaskConfig spread = *setup.task;
    spread_over(spread, starter ? starter->names : std::vector<std::string>());
    setup.task = std::make_shared<const TaskConfig>(std::move(spread));
    graph = check_task(*setup.task, PoolsOf::Daemon);
    if (!graph) return graph.error();
  }
  std::unique_ptr<TaskHost> host(new TaskHost(reactor, std::move(setup), std::move(*graph), sync,
                                              observer, std::move(on_end)));
  host->starter_ = std::move(starter);
  host->setup_.boot = reactor.boot();
  if (host->setup_.place.hostname.empty()) host->setup_.place = find_place();
  auto opened = open_task(host->setup_, sync, reactor.loop().now().wall);
  if (!opened) return opened.error();
  host->setup_.place.decision = std::move(opened->fence.decision);
  host->setup_.elsewhere = std::move(opened->fence.elsewhere);
  host->setup_.header = std::move(opened->header);
  host->writer_.emplace(std::move(opened->writer));
  host->records_ = opened->records;
  if (opened->replacement) {
    const bool written =
        config::first_difference(*host->setup_.task, opened->replacement->task).empty();
    host->begin_replacing(std::move(*opened->replacement), written);
  }
  if (opened->unplaced) {
    host->placing_.emplace(host->setup_.paths, id, std::move(*opened->unplaced));
    // So that, if we are killed before the file is in place, no records without a task are left.
    host->writer_->hold(true);
  }
  host->take_lead(std::move(opened->history));
  return host;
}

TaskHost::TaskHost(Reactor& reactor, TaskSetup setup, Graph graph, SyncMode sync,
                   TaskObserver& observer, OnEnd on_end)
    : reactor_(reactor),
      setup_(std::move(setup)),
      graph_(std::move(graph)),
      sync_(sync),
      observer_(observer),
      on_end_(std::move(on_end)) {
  equip();
  reactor_.join(this);
}

void TaskHost::equip() {
  groups_.emplace(reactor_, setup_.header.task_id, *setup_.task);
  probes_.emplace(reactor_, setup_, [this](const ProbeAnswered& answer) { dispatch(answer); });
  names_ = NameIndex();
  names_.reserve(setup_.task->processes.size());
  for (ProcessIndex p = 0; p < setup_.task->processes.size(); ++p) {
    names_.add(setup_.task->processes[p].name, p);
  }
}

std::optional<ProcessIndex> TaskHost::find(std::string_view process) const {
  return names_.find(
      process, [this](ProcessIndex p) { return std::string_view(setup_.task->processes[p].name); });
}

TaskHost::~TaskHost() {
  if (timer_) reactor_.deadlines().cancel(*timer_);
  if (redraw_) reactor_.deadlines().cancel(*redraw_);
  if (replace_again_) reactor_.deadlines().cancel(*replace_again_);
  reactor_.inotify().unwatch(watch_);
  reactor_.leave(this);
}

void TaskHost::kill(const KillRequest& request) {
  dispatch(request);
}

void TaskHost::yield(const YieldRequest& request) {
  dispatch(request);
}

Result<std::vector<std::string>> TaskHost::order(const OrderRequest& request,
                                                 const OrderWords& words) {
  auto names = ordered_processes(*runner_, request, words);
  if (!names) return names;
  OrderRequest one = request;
  for (const std::string& name : *names) {
    if (stopped_) break;
    one.process = name;
    dispatch(one);
  }
  if (stopped_) return not_led();
  return names;
}

// ---- a new task ---------------------------------------------------------------------------------

void TaskHost::placed(const Status& named) {
  if (!named) return fail_placing(named.error());
  placing_.reset();
  writer_->hold(false);
  reactor_.mark_dirty(this);
}

void TaskHost::fail_placing(Error error) {
  placing_->drop();
  placing_.reset();
  stopped_ = true;
  pending_.clear();
  appended_.clear();
  if (runner_) runner_->give_up_pools();
  report(std::move(error));
}

// ---- another configuration ----------------------------------------------------------------------

Status TaskHost::replace(TaskConfig task, std::string reason, Replaced done) {
  const std::string& id = setup_.header.task_id;
  if (stopped_) return not_led();
  if (runner_->state() != TaskState::Active) return Error{ErrorCode::Usage, is_ending(id)};
  if (placing_) return Error{ErrorCode::Busy, "task " + id + " is being made; try again"};
  if (replacing_) {
    return Error{ErrorCode::Busy, "the configuration of task " + id +
                                      " is being replaced already; try again when that is done"};
  }
  if (config::first_difference(*setup_.task, task).empty()) {
    done(Done{});
    return Done{};
  }
  const config::TaskChange change = config::change_of(*setup_.task, task);
  PendingReplacement pending{{history().generation() + 1,
                              {},
                              std::move(reason),
                              change.changed,
                              change.added,
                              change.removed},
                             std::move(task)};
  Status written = write_replacement(setup_.paths, id, pending);
  if (!written) return written;
  begin_replacing(std::move(pending), false);
  replaced_ = std::move(done);
  reactor_.mark_dirty(this);
  return Done{};
}

void TaskHost::begin_replacing(PendingReplacement pending, bool task_written) {
  replacing_.emplace(std::move(pending.record), task_written);
  next_task_ = std::move(pending.task);
}

void TaskHost::go_on_replacing() {
  using Act = Replacing::Act;
  const std::string& id = setup_.header.task_id;
  const std::uint32_t generation = replacing_->record().generation;
  for (;;) {
    const Replacing::Facts facts{.leads = !stopped_ || finishing_.has_value(),
                                 .idle = pending_.empty(),
                                 .now = reactor_.loop().now().boot};
    switch (replacing_->next(*runner_, facts)) {
      case Act::Wait:
        return;
      case Act::Stop:
        return stop_what_is_replaced();
      case Act::SyncRecord:
        commit();
        if (!stopped_ && sync_ == SyncMode::Crash) sync_record();
        break;
      case Act::WriteTask:
        write_next_task();
        break;
      case Act::TakeLead:
        lead_with_next_task();
        break;
      case Act::RemoveFile:
        remove_replacement(setup_.paths, id, generation);
        return end_replacing(Done{});
      case Act::CallOff:
        remove_replacement(setup_.paths, id, generation);
        return end_replacing(Error{ErrorCode::Usage, is_ending(id)});
      case Act::Abandon:
        return end_replacing(
            Error{ErrorCode::System, "task " + id +
                                         " is not led any more; its next leader goes on with the "
                                         "replacement of its configuration"});
    }
  }
}

void TaskHost::stop_what_is_replaced() {
  const std::string reason = "its configuration is replaced; " + replacing_->record().reason;
  for (const std::string& name : replacing_->to_stop()) {
    if (stopped_) return;
    dispatch(OrderRequest{name, Verb::Stop, std::nullopt, reason});
  }
}

void TaskHost::write_next_task() {
  // A replacement that an earlier leader left may be of another version of this program.
  auto graph = check_task(*next_task_, PoolsOf::Daemon);
  if (!graph) return stop(graph.error());
  next_graph_ = std::move(*graph);
  const std::string json = config::to_json(*next_task_, 2);
  const Status placed = replace_active_task(setup_.paths, setup_.header.task_id, json);
  replacing_->task_written(placed.ok(), reactor_.loop().now().boot);
  if (placed) return;
  spdlog::warn("{}; the task's configuration is replaced later", placed.error().message);
  replace_again_ = reactor_.deadlines().add(*replacing_->again_at(), [this] {
    replace_again_.reset();
    reactor_.mark_dirty(this);
  });
}

void TaskHost::lead_with_next_task() {
  // What runs keeps its share of the daemon's pools: nobody else's turn comes meanwhile.
  if (setup_.pools != nullptr) setup_.pools->close();
  runner_->give_up_pools();
  // Adds to the children of earlier replacements, which these links did not start.
  for (const Identity& child : links_->our_children()) adopted_children_.push_back(child);
  links_.reset();
  probes_.reset();
  alive_ = std::make_shared<bool>(true);
  if (timer_) reactor_.deadlines().cancel(*timer_);
  timer_.reset();
  History history = runner_->take_history();
  runner_.reset();
  setup_.task = std::make_shared<const TaskConfig>(std::move(*next_task_));
  graph_ = std::move(next_graph_);
  equip();
  go_on(std::move(history), true, replacing_->record());
  if (setup_.pools != nullptr) setup_.pools->open();
}

void TaskHost::end_replacing(const Status& result) {
  const std::string& id = setup_.header.task_id;
  if (result) {
    const Replacement& record = replacing_->record();
    spdlog::info("task {}: its configuration was replaced: {} changed, {} added, {} removed", id,
                 record.changed.size(), record.added.size(), record.removed.size());
  } else {
    spdlog::warn("{}", result.error().message);
  }
  replacing_.reset();
  next_task_.reset();
  if (const auto replaced = std::exchange(replaced_, nullptr)) replaced(result);
}

// ---- taking the lead ----------------------------------------------------------------------------

void TaskHost::take_lead(History history) {
  const std::string directory = setup_.paths.checkpoint_dir(setup_.header.task_id);
  auto watch = reactor_.inotify().watch(
      directory,
      {[this](std::string_view name, std::uint32_t mask) { on_directory_event(name, mask); },
       [this] {
         if (links_) links_->all_changed();
       }});
  if (watch) {
    watch_ = *watch;
    notified_ = watch_ >= 0;
  } else {
    spdlog::warn("{}; RUNNING will be seen late", watch.error().message);
  }
  auto leader = LeaderSocket::listen(
      reactor_.loop(), reactor_.deadlines(), directory,
      {[this](const KillRequest& request) { kill(request); },
       [this](const OrderRequest& request, const std::vector<std::string>& processes) -> Status {
         auto words = OrderWords::read(setup_.task, processes);
         if (!words) return words.error();
         while (!words->done()) words->step();
         auto names = order(request, *words);
         return names ? Status(Done{}) : Status(names.error());
       },
       [this](const control::AskNode& asked, const std::string& by) {
         return call_node(asked.node, asked.gone, by);
       }});
  if (leader) {
    leader_ = std::move(*leader);
  } else {
    spdlog::warn("{}; `thermos kill` will have to take this task over", leader.error().message);
  }
  std::optional<Replacement> replacement;
  if (replacing_ && replacing_->takes_lead_at_once(history)) replacement = replacing_->record();
  go_on(std::move(history), false, std::move(replacement));
}

void TaskHost::go_on(History history, bool leads_already, std::optional<Replacement> replacement) {
  const bool rebooted =
      !history.steps().empty() && history.steps().back().status.boot != reactor_.boot();
  LinkedTask& linked = *this;
  links_ = std::make_unique<CoordinatorLinks>(reactor_, setup_, *groups_, notified_, linked);
  nodes_.reset();
  if (starter_) {
    if (!leads_already) {
      setup_.place.lead = lead_number(history, reactor_.loop().now().wall);
    }
    nodes_ = std::make_unique<TaskNodes>(reactor_, setup_, *starter_, setup_.place.lead, linked,
                                         [this] { return leads(); });
    nodes_begin_ = true;
  }
  runner_ = std::make_unique<Runner>(*setup_.task, graph_, std::move(history),
                                     PoolAccess{setup_.pools, setup_.header.task_id, [this] {
                                                  pool_turn_ = true;
                                                  reactor_.mark_dirty(this);
                                                }});
  const std::vector<ProcessIndex> live = live_on_record(*runner_);
  if (replacement) replacement->at = reactor_.loop().now();
  dispatch(Lead{setup_.header, getpid(), getuid(), reactor_.boot(), std::move(replacement),
                leads_already, setup_.place, setup_.elsewhere,
                starter_ ? starter_->names : std::vector<std::string>(), setup_.hold});
  take_over(live, rebooted);
}

void TaskHost::take_over(const std::vector<ProcessIndex>& live, bool rebooted) {
  if (stopped_) return;
  const std::vector<ProcessIndex> beside = with_stream(maybe_unrecorded(*runner_, live));
  for (const ProcessIndex p : live) {
    if (stopped_) return;
    if (nodes_ && nodes_->has_run(p)) continue;  // the node's server reports on the run
    links_->adopt(p, rebooted);
  }
  for (const ProcessIndex p : beside) {
    if (stopped_) return;
    links_->look_beside(p, rebooted);
  }
  if (stopped_) return;
  clear_groups();  // groups of runs that ended while the task had no leader
  groups_->limit();
}

// Returns those of `processes` that have a stream on this machine, in the order in which the
// streams are read. REQUIRES: `processes` is in the order of the task.
std::vector<ProcessIndex> TaskHost::with_stream(const std::vector<ProcessIndex>& processes) const {
  const std::string& id = setup_.header.task_id;
  std::vector<ProcessIndex> found;
  // Reading a directory of a hundred thousand names takes longer than checking a few names.
  if (processes.size() < setup_.task->processes.size() / 4) {
    for (const ProcessIndex p : processes) {
      if (exists(setup_.paths.coordinator_stream(id, setup_.task->processes[p].name))) {
        found.push_back(p);
      }
    }
  } else {
    for (const std::string& file : list_directory(setup_.paths.checkpoint_dir(id))) {
      const auto p = find(process_of_file(file));
      if (p && std::binary_search(processes.begin(), processes.end(), *p)) found.push_back(*p);
    }
  }
  sort_to_look(found, *setup_.task, graph_);
  return found;
}

// ---- events in, effects out --------------------------------------------------------------------

void TaskHost::dispatch(const Event& event) {
  if (auto handled = handle(event); !handled) stop(handled.error());
}

Status TaskHost::handle(const Event& event) {
  if (stopped_) return Done{};
  reactor_.mark_dirty(this);
  auto effects = runner_->handle(event, reactor_.loop().now());
  if (!effects) return effects.error();
  for (const Effect& effect : *effects) {
    const auto* append = std::get_if<Append>(&effect);
    if (append == nullptr) {
      pending_.push_back(effect);
      continue;
    }
    const std::uint64_t position = observer_.next_position();
    if (auto appended = writer_->append_later(append->record, position); !appended) {
      stop(appended.error());
      return Done{};
    }
    if (position != 0) {
      const Bytes payload = writer_->last_payload();
      appended_.emplace_back(position, std::vector(payload.begin(), payload.end()));
    }
    ++records_;
    must_sync_ = must_sync_ || append->durable;
    observer_.on_record(append->record, runner_->history());
  }
  return Done{};
}

std::vector<GroupSync::File> TaskHost::write_turn() {
  if (std::exchange(pool_turn_, false)) dispatch(PoolTurn{});
  if (stopped_) return {};
  if (placing_) {
    auto files = placing_->files();
    if (files) return std::move(*files);
    fail_placing(files.error());
    return {};
  }
  if (auto written = write_records(); !written) {
    stop(written.error());
    return {};
  }
  if (!must_reach_disk()) return {};
  return {{writer_->fd()}};
}

void TaskHost::turn_synced(std::span<const GroupSync::File> files) {
  if (!placing_) {
    must_sync_ = false;
    const Status synced = mark_unsynced(writer_->path(), writer_->synced(files.front().error));
    if (!synced) stop(synced.error());
    return;
  }
  if (auto renamed = placing_->rename(files); !renamed) {
    fail_placing(renamed.error());
    return;
  }
  reactor_.when_named({setup_.paths.active_dir()},
                      [this, here = std::weak_ptr<bool>(alive_)](const Status& named) {
                        if (!here.expired() && placing_) placed(named);
                      });
}

void TaskHost::end_turn() {
  if (placing_) return;
  commit();
  // The nodes begin only after the leader's number is on record.
  if (std::exchange(nodes_begin_, false) && !stopped_ && !runner_->done()) {
    nodes_->begin(runner_->history());
  }
  if (nodes_) nodes_->flush();
  if (leader_ && !result_) leader_->confirm_orders();
  if (replacing_) go_on_replacing();
  if (!stopped_) compact_if_long();
  if (links_) result_ ? links_->give_up_launches() : links_->review_shortages();
  if (result_) {
    leader_.reset();  // not in stop(), which may be called from a callback of this socket
    // No record reports that the runner has stood down, so the observer is told here.
    if (standing_down_ && runner_) observer_.on_turn(*runner_, reactor_.loop().now());
    // This must be the last statement, because the owner may destroy this host in on_end_().
    const auto result = std::move(*result_);
    result_.reset();
    on_end_(result);
    return;
  }
  if (stopped_ || !runner_) return;
  const Timestamp now = reactor_.loop().now();
  const auto redraw = observer_.on_turn(*runner_, now);
  if (redraw_) reactor_.deadlines().cancel(*redraw_);
  redraw_.reset();
  if (redraw) redraw_ = reactor_.deadlines().add(*redraw, [this] { reactor_.mark_dirty(this); });
}

// Writes all records of the turn with one write(2), which is possible because no effect of them was
// carried out yet.
Status TaskHost::write_records() {
  if (auto written = writer_->flush(); !written) return written;
  for (const auto& [position, payload] : std::exchange(appended_, {})) {
    observer_.on_appended(position, payload);
  }
  return Done{};
}

// The turn's first records are on the disk already. Carrying out effects can append further
// records, such as the end of a launch that fails at once, which are written here.
void TaskHost::commit() {
  while (!stopped_) {
    if (auto written = write_records(); !written) {
      stop(written.error());
      break;
    }
    if (!must_sync_ && pending_.empty()) break;
    if (must_reach_disk()) {
      sync_record();
      if (stopped_) break;
    }
    must_sync_ = false;
    std::vector<Effect> effects;
    effects.swap(pending_);
    for (const Effect& effect : effects) {
      if (!stopped_) release(effect);
    }
  }
}

// With SyncMode::Crash only the task's end is synced, so that a task in tasks/finished always has
// its end on record.
bool TaskHost::must_reach_disk() const {
  return must_sync_ && (sync_ == SyncMode::Power || runner_->done());
}

void TaskHost::sync_record() {
  const Microseconds began = read_clocks().boot;
  const Status synced = mark_unsynced(writer_->path(), writer_->sync());
  if (!synced) return stop(synced.error());
  counters().commits.observe(read_clocks().boot - began);
}

// With SyncMode::Power the records are on the disk already, because no effect is carried out
// before.
bool TaskHost::settle_record() {
  if (stopped_ || sync_ == SyncMode::Power) return !stopped_;
  if (auto written = write_records(); !written) {
    stop(written.error());
  } else {
    sync_record();
  }
  return !stopped_;
}

void TaskHost::compact_if_long() {
  const std::size_t size = writer_->position().offset;
  if (size < compact_at_) return;
  // Compacts the stream if less than a third of its records would stay. If not, checks again when
  // its size has doubled.
  if (runner_->history().records_after(kKeptRuns) * 3 < records_) {
    runner_->drop_old(kKeptRuns);
    auto compacted = compact_stream(writer_->path(), runner_->history(), sync_ == SyncMode::Power);
    if (compacted) {
      writer_ = std::move(*compacted);
      records_ = runner_->history().records_after(kKeptRuns);
    } else {
      spdlog::warn("{}; the stream stays uncompacted", compacted.error().message);
    }
  }
  compact_at_ = std::max(kLongStream, 2 * writer_->position().offset);
}

Status TaskHost::call_node(const std::string& node, bool gone, const std::string& reason) {
  if (stopped_) return not_led();
  if (!nodes_) {
    return Error{ErrorCode::NotFound, "task " + setup_.header.task_id + " has no nodes"};
  }
  Status called = nodes_->call(node, gone, reason);
  return stopped_ ? Status(not_led()) : called;
}

void TaskHost::release(const Effect& effect) {
  if (nodes_ && nodes_->carry_out(effect)) return;
  if (const auto told = link_event_of(effect)) {
    links_->tell(told->process, told->event);
  } else if (const auto* sweep_effect = std::get_if<Sweep>(&effect)) {
    sweep(*sweep_effect);
  } else if (const auto* probe = std::get_if<Probe>(&effect)) {
    probes_->ask(*probe);
  } else if (const auto* timer = std::get_if<SetTimer>(&effect)) {
    set_timer(*timer);
  } else if (const auto* finish = std::get_if<Finish>(&effect)) {
    finishing_ = finish->state;
    if (nodes_) nodes_->finish();
    finish_if_quiet();
  } else if (std::holds_alternative<StandDown>(effect)) {
    standing_down_ = true;
    if (nodes_) nodes_->finish();
    finish_if_quiet();
  }
}

void TaskHost::stop(Error error) {
  if (stopped_) return;
  if (placing_) return fail_placing(std::move(error));
  stopped_ = true;
  pending_.clear();
  // Records that were appended before are true, whatever the error is, so they are written.
  if (writer_) static_cast<void>(write_records());
  if (runner_) runner_->give_up_pools();
  error.message += "; running processes continue";
  // If the stream is corrupt or gone, a new start could not take over.
  if (error.code == ErrorCode::System && !checkpoints_gone_) {
    error.message += ", and a new start takes over from there";
  }
  report(std::move(error));
}

bool TaskHost::leads() {
  if (stopped_ || !writer_) return false;
  if (Status alone = writer_->check_alone(); !alone) stop(alone.error());
  return !stopped_;
}

void TaskHost::stop_without_checkpoints() {
  checkpoints_gone_ = true;
  stop({ErrorCode::System, setup_.paths.checkpoint_dir(setup_.header.task_id) +
                               " is gone: someone removed the task's checkpoints"});
}

void TaskHost::report(Result<TaskState> result) {
  result_ = std::move(result);
  reactor_.mark_dirty(this);
}

void TaskHost::set_timer(const SetTimer& effect) {
  if (timer_) reactor_.deadlines().cancel(*timer_);
  timer_.reset();
  if (!effect.at) return;
  timer_ = reactor_.deadlines().add(*effect.at, [this] {
    timer_.reset();
    if (!notified_) {
      for (const ProcessIndex p : runner_->may_have_said()) links_->changed(p);
    }
    dispatch(TimerDue{});
  });
}

void TaskHost::finish_if_quiet() {
  // Coordinators that have written their last record are about to exit. A finished task waits even
  // for these.
  if ((!finishing_ && !standing_down_) || stopped_ || !links_->quiet()) return;
  if (nodes_ && !nodes_->quiet()) return;
  if (auto written = write_records(); !written) {
    stop(written.error());
    return;
  }
  stopped_ = true;
  clear_groups();
  if (standing_down_) {
    report(runner_->state());
    return;
  }
  const auto moved = rename_to_finished(setup_.paths, setup_.header.task_id);
  if (moved && sync_ == SyncMode::Power) {
    reactor_.when_named(
        {setup_.paths.finished_dir(), setup_.paths.active_dir()},
        [this, state = *finishing_, here = std::weak_ptr<bool>(alive_)](const Status& named) {
          if (!named) spdlog::error("{}", named.error().message);
          if (!here.expired()) end(state);
        });
    return;
  }
  // The record is what counts: the next start reads it and moves the file.
  if (!moved) spdlog::error("{}", moved.error().message);
  end(*finishing_);
}

void TaskHost::end(TaskState state) {
  if (leader_) leader_->announce(state);
  report(state);
}

// ---- coordinators ------------------------------------------------------------------------------

void TaskHost::fork_server_died() {
  if (links_) links_->fork_server_died();
}

bool TaskHost::coordinator_cannot_write(pid_t pid, int error_number) {
  return links_ && links_->cannot_write(pid, error_number);
}

void TaskHost::on_directory_event(std::string_view name, std::uint32_t mask) {
  // The event for the directory's own removal comes late while the directory is open (by the
  // leader's socket). So the removal of the stream counts, too.
  const bool stream_gone = (mask & IN_DELETE) != 0 && name == "runner";
  if ((mask & (IN_DELETE_SELF | IN_IGNORED)) != 0 || stream_gone) {
    stop_without_checkpoints();
    return;
  }
  if (!links_) return;
  if (const auto p = find(process_of_file(name))) links_->changed(*p);
}

void TaskHost::sweep(const Sweep& effect) {
  const Run& run = *past(effect.process).current();
  const bool ours = links_->was_our_child(effect.process) ||
                    std::find(adopted_children_.begin(), adopted_children_.end(),
                              run.coordinator) != adopted_children_.end();
  const Sweeper::Leftover leftover{run.coordinator, run.process, ours,
                                   groups_->path(effect.process, effect.run)};
  spdlog::warn("task {}, process {}, run {}: its coordinator (pid {}) vanished",
               setup_.header.task_id, setup_.task->processes[effect.process].name, effect.run,
               run.coordinator.pid);
  reactor_.sweeper().sweep(leftover, [this, effect, here = std::weak_ptr<bool>(alive_)] {
    if (here.expired()) return;
    groups_->remove(effect.process, effect.run);
    dispatch(Swept{effect.process, effect.run});
  });
}

void TaskHost::clear_groups() const {
  groups_->clear_but(stopped_ ? std::vector<ControlGroups::Name>() : links_->groups());
}

}  // namespace thermos
