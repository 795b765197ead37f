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
#include "core/runner/claim.h"
#include "core/runner/link_event.h"
#include "core/runner/runs_at_resume.h"
#include "core/task/check_task.h"
#include "core/task/spread.h"
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

// Between two tries to write a configuration for which the disk had no room. No event tells that
// there is room again.
constexpr Microseconds kReplaceAgain = 5 * kSecond;

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
  host->replacement_ = std::move(opened->replacement);
  if (opened->unplaced) {
    host->placing_.emplace(host->setup_.paths, id, std::move(*opened->unplaced));
    host->writer_->hold(true);  // who is killed before leaves no records without a task
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
  if (replacement_) {
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
  replacement_ = std::move(pending);
  replaced_ = std::move(done);
  reactor_.mark_dirty(this);
  return Done{};
}

void TaskHost::go_on_replacing() {
  if (runner_->yields()) return;  // the next leader goes on with that, too
  const std::string& id = setup_.header.task_id;
  const std::uint32_t generation = replacement_->record.generation;
  if (stopped_ && !finishing_) {
    end_replacing(Error{ErrorCode::System,
                        "task " + id + " is not led any more; who goes on with it replaces its " +
                            "configuration"});
  } else if (runner_->state() != TaskState::Active) {
    remove_replacement(setup_.paths, id, generation);
    end_replacing(Error{ErrorCode::Usage, is_ending(id)});
  } else if (!replace_again_ && stop_what_is_replaced() && put_in_place()) {
    commit();
    if (!stopped_ && sync_ == SyncMode::Crash) sync_record();
    if (stopped_) return;  // the record may not be on the disk: the file stays
    remove_replacement(setup_.paths, id, generation);
    end_replacing(Done{});
  }
}

// Returns whether nothing of them is under way any more.
bool TaskHost::stop_what_is_replaced() {
  const Replacement& record = replacement_->record;
  bool over = true;
  for (const auto* names : {&record.changed, &record.removed}) {
    for (const std::string& name : *names) {
      const auto known = find(name);
      if (!known) continue;
      const ProcessIndex p = *known;
      if (!(past(p).held && (!past(p).live() || past(p).ending)) &&
          runner_->may_order(name, Verb::Stop)) {
        dispatch(OrderRequest{name, Verb::Stop, std::nullopt,
                              "its configuration is replaced; " + record.reason});
      }
      if (stopped_) return false;
      over = over && !runner_->under_way(p);
    }
  }
  return over && pending_.empty();
}

// In this order: if we die between the two, who goes on reads the new configuration and the file
// of the replacement, and knows what has changed.
bool TaskHost::put_in_place() {
  if (auto written = write_records(); !written) {
    stop(written.error());
    return false;
  }
  const std::string json = config::to_json(replacement_->task, 2);
  if (auto placed = replace_active_task(setup_.paths, setup_.header.task_id, json); !placed) {
    spdlog::warn("{}; the task's configuration is replaced later", placed.error().message);
    replace_again_ = reactor_.deadlines().add(reactor_.loop().now().boot + kReplaceAgain, [this] {
      replace_again_.reset();
      reactor_.mark_dirty(this);
    });
    return false;
  }
  auto graph = check_task(replacement_->task, PoolsOf::Daemon);
  if (!graph) {
    stop(graph.error());
    return false;
  }
  // What runs keeps its share of the daemon's pools: nobody else's turn comes meanwhile.
  if (setup_.pools != nullptr) setup_.pools->close();
  runner_->give_up_pools();
  // Beside those of earlier replacements, whose links did not start them.
  for (const Identity& child : links_->our_children()) adopted_children_.push_back(child);
  links_.reset();
  probes_.reset();
  alive_ = std::make_shared<bool>(true);
  if (timer_) reactor_.deadlines().cancel(*timer_);
  timer_.reset();
  History history = runner_->take_history();
  runner_.reset();
  setup_.task = std::make_shared<const TaskConfig>(std::move(replacement_->task));
  graph_ = std::move(*graph);
  equip();
  Replacement record = replacement_->record;
  record.at = reactor_.loop().now();
  go_on(std::move(history), std::move(record));
  if (setup_.pools != nullptr) setup_.pools->open();
  return !stopped_;
}

void TaskHost::end_replacing(const Status& result) {
  const std::string& id = setup_.header.task_id;
  if (result) {
    const Replacement& record = replacement_->record;
    spdlog::info("task {}: its configuration was replaced: {} changed, {} added, {} removed", id,
                 record.changed.size(), record.added.size(), record.removed.size());
  } else {
    spdlog::warn("{}", result.error().message);
  }
  replacement_.reset();
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
  go_on(std::move(history), std::nullopt);
}

void TaskHost::go_on(History history, std::optional<Replacement> replacement) {
  const bool rebooted =
      !history.steps().empty() && history.steps().back().status.boot != reactor_.boot();
  LinkedTask& linked = *this;
  links_ = std::make_unique<CoordinatorLinks>(reactor_, setup_, *groups_, notified_, linked);
  nodes_.reset();
  if (starter_) {
    if (!replacement) {
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
  dispatch(Lead{setup_.header, getpid(), getuid(), reactor_.boot(), std::move(replacement),
                setup_.place, setup_.elsewhere,
                starter_ ? starter_->names : std::vector<std::string>(), setup_.hold});
  take_over(live, rebooted);
}

void TaskHost::take_over(const std::vector<ProcessIndex>& live, bool rebooted) {
  if (stopped_) return;
  const std::vector<ProcessIndex> beside = with_stream(maybe_unrecorded(*runner_, live));
  for (const ProcessIndex p : live) {
    if (stopped_) return;
    if (nodes_ && nodes_->has_run(p)) continue;  // the node's server tells of it
    links_->adopt(p, rebooted);
  }
  for (const ProcessIndex p : beside) {
    if (stopped_) return;
    links_->look_beside(p, rebooted);
  }
  if (stopped_) return;
  clear_groups();  // of runs that ended while nobody led
  groups_->limit();
}

// Those of `processes`, which is in the order of the task, that have a stream here, in the order in
// which the streams are looked at.
std::vector<ProcessIndex> TaskHost::with_stream(const std::vector<ProcessIndex>& processes) const {
  const std::string& id = setup_.header.task_id;
  std::vector<ProcessIndex> found;
  // A directory of a hundred thousand names takes longer to read than a few names to look at.
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
  // Not before their leader's number is on record.
  if (std::exchange(nodes_begin_, false) && !stopped_ && !runner_->done()) {
    nodes_->begin(runner_->history());
  }
  if (nodes_) nodes_->flush();
  if (leader_ && !result_) leader_->confirm_orders();
  if (replacement_) go_on_replacing();
  if (!stopped_) compact_if_long();
  if (links_) result_ ? links_->give_up_launches() : links_->review_shortages();
  if (result_) {
    leader_.reset();  // not where it stopped: that may have been in a callback of this very socket
    // No record says that it has stood down.
    if (standing_down_ && runner_) observer_.on_turn(*runner_, reactor_.loop().now());
    // Last: the owner may destroy this host in it.
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

// By one write: nothing has acted yet on what the turn brought.
Status TaskHost::write_records() {
  if (auto written = writer_->flush(); !written) return written;
  for (const auto& [position, payload] : std::exchange(appended_, {})) {
    observer_.on_appended(position, payload);
  }
  return Done{};
}

// What the turn brought is on the disk already. What acting on it brings, such as the end of a
// launch that fails at once, is not.
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

// With SyncMode::Crash, the end alone: who finds the task among those that have ended, finds it.
bool TaskHost::must_reach_disk() const {
  return must_sync_ && (sync_ == SyncMode::Power || runner_->done());
}

void TaskHost::sync_record() {
  const Microseconds began = read_clocks().boot;
  const Status synced = mark_unsynced(writer_->path(), writer_->sync());
  if (!synced) return stop(synced.error());
  counters().commits.observe(read_clocks().boot - began);
}

// With SyncMode::Power it is there already: nothing is released before.
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
  // Worth it when less than a third would stay. If not, not before it has doubled.
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
  // What it read before is true, whatever stops it now.
  if (writer_) static_cast<void>(write_records());
  if (runner_) runner_->give_up_pools();
  error.message += "; running processes continue";
  // From what is corrupt, or gone, no new start could go on.
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
  // Coordinators that said their last word are about to exit; a finished task leaves not even them.
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
  // The record is what counts; the next start sees it and moves the file.
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
  // The directory's own end comes late, as long as somebody (the leader's socket) has it open.
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
