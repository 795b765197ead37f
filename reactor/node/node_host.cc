#include "reactor/node/node_host.h"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "capnp/codec.h"
#include "reactor/os/files.h"
#include "reactor/store/stream_reader.h"

namespace thermos {
namespace {

Error unknown_process(ProcessIndex p) {
  return {ErrorCode::Corrupt, "the task has no process number " + std::to_string(p)};
}

}  // namespace

NodeHost::NodeHost(Reactor& reactor, FramePipe& pipe, TaskSetup setup, FileOwner user,
                   std::function<void()> over)
    : reactor_(reactor),
      pipe_(pipe),
      setup_(std::move(setup)),
      over_(std::move(over)),
      groups_(reactor, setup_.header.task_id, *setup_.task),
      files_(reactor.loop(), reactor.deadlines(),
             {setup_.header.sandbox, std::move(user), setup_.header.task_id + "/" + setup_.node},
             hooks()) {
  reactor_.join(this);
  for (ProcessIndex p = 0; p < setup_.task->processes.size(); ++p) {
    index_.emplace(setup_.task->processes[p].name, p);
  }
  const auto watch = reactor_.inotify().watch(
      setup_.paths.checkpoint_dir(setup_.header.task_id),
      {[this](std::string_view name, std::uint32_t /*mask*/) { on_directory_event(name); },
       [this] {
         links_->all_changed();
         if (cleaning_) cleaning_->all_changed();
       }});
  if (watch) {
    watch_ = *watch;
  } else {
    spdlog::warn("{}; RUNNING will be seen late", watch.error().message);
  }
  LinkedTask& linked = *this;
  links_ = std::make_unique<CoordinatorLinks>(reactor_, setup_, groups_, watch_ >= 0, linked);
  probes_.emplace(reactor_, setup_, [this](const ProbeAnswered& answer) { say(answer); });
}

NodeHost::~NodeHost() {
  reactor_.inotify().unwatch(watch_);
  reactor_.leave(this);
}

void NodeHost::on_directory_event(std::string_view name) {
  const auto it = index_.find(process_of_file(name));
  if (it != index_.end()) links_->changed(it->second);
  // Also of a process that the task has not any more.
  if (cleaning_) cleaning_->changed(name);
}

// ---- from the leader ---------------------------------------------------------------------------

Status NodeHost::take(nodes::ToNode message) {
  if (stopped_) return Done{};
  reactor_.mark_dirty(this);
  if (auto file = nodes::file_message(message)) return files_.take(std::move(*file));
  return std::visit([this](const auto& one) { return on(one); }, message);
}

Status NodeHost::on(const nodes::Hello& /*hello*/) {
  return Error{ErrorCode::Corrupt, "a second hello"};
}

Status NodeHost::on(const nodes::Configuration& /*part*/) {
  return Error{ErrorCode::Corrupt, "more of the configuration than was announced"};
}

Status NodeHost::know(const nodes::KnownRun& run) {
  if (!has(run.process)) return unknown_process(run.process);
  History known;
  RunnerHeader header;
  header.task_id = setup_.header.task_id;
  if (auto applied = known.apply(header); !applied) return applied.error();
  for (const nodes::Payload& payload : run.records) {
    const auto record = decode(payload);
    if (!record) return record.error();
    if (auto applied = known.apply(*record); !applied) return applied.error();
  }
  if (!known.find(setup_.task->processes[run.process].name) ||
      known.process(0).current() == nullptr) {
    return Error{ErrorCode::Corrupt, "a run of " + setup_.task->processes[run.process].name +
                                         " that its records do not tell of"};
  }
  pasts_.insert_or_assign(run.process, std::move(known));
  return Done{};
}

Status NodeHost::on(const nodes::KnownRun& run) {
  if (auto known = know(run); !known) return known;
  files_.remove_leftovers(setup_.task->processes[run.process].needs_files);
  links_->adopt(run.process, false);
  return Done{};
}

Status NodeHost::on(const nodes::Seqs& seqs) {
  if (seqs.first != next_seqs_.size() ||
      seqs.next.size() > setup_.task->processes.size() - next_seqs_.size()) {
    return Error{ErrorCode::Corrupt, "sequence numbers that belong to no processes"};
  }
  next_seqs_.insert(next_seqs_.end(), seqs.next.begin(), seqs.next.end());
  return Done{};
}

Status NodeHost::on(const nodes::Listed& /*listed*/) {
  find_others();
  next_seqs_.clear();
  say(nodes::Told{});
  return Done{};
}

// Looks into the streams of the processes that the leader did not list. A coordinator's stream may
// have records that a power cut, or a disk that failed, took from the leader's stream.
void NodeHost::find_others() {
  for (const std::string& file :
       list_directory(setup_.paths.checkpoint_dir(setup_.header.task_id))) {
    const auto it = index_.find(process_of_file(file));
    if (it == index_.end() || pasts_.contains(it->second) || it->second >= next_seqs_.size()) {
      continue;
    }
    if (stopped_) return;
    look_beside(it->second, next_seqs_[it->second]);
  }
}

// Tells the leader of the runs that it does not know, and adopts the last of them, which may be
// alive.
void NodeHost::look_beside(ProcessIndex p, std::uint64_t next_seq) {
  const std::string& name = setup_.task->processes[p].name;
  const std::string path = setup_.paths.coordinator_stream(setup_.header.task_id, name);
  auto stream = open_stream(path);
  if (!stream) return spdlog::warn("{}", stream.error().message);
  std::vector<nodes::Payload> unknown;
  std::optional<ProcessStatus> last;
  std::size_t before_last = 0;
  StreamPosition position;
  const auto read = read_stream(stream->get(), path, position, [&](const Record& record) -> Status {
    const auto* status = std::get_if<ProcessStatus>(&record);
    if (status == nullptr || status->seq < next_seq) return Done{};
    if (status->state == ProcessState::Forked) {
      last = *status;
      before_last = unknown.size();
    }
    unknown.push_back(nodes::payload_of(record));
    return Done{};
  });
  if (!read) return stop(read.error());
  if (!last) return;
  for (std::size_t i = 0; i < before_last; ++i) say(nodes::NodeRecord{p, unknown[i]});
  nodes::KnownRun run{p, {}};
  last->process = name;  // it was a view into the stream
  auto given = give_before_fork(*last, [&run](const Record& record) -> Status {
    run.records.push_back(nodes::payload_of(record));
    return Done{};
  });
  if (!given) return stop(given.error());
  if (auto adopted = on(run); !adopted) stop(adopted.error());
}

Status NodeHost::on(const nodes::Start& start) {
  if (auto known = know(start.known); !known) return known;
  const ProcessIndex p = start.known.process;
  links_->tell(p, link::Start{{p, past(p).current()->number, start.seq, start.goal}});
  return Done{};
}

Status NodeHost::on(const nodes::Stop& stop) {
  if (!has(stop.process)) return unknown_process(stop.process);
  if (!pasts_.contains(stop.process)) {  // this server never launched a run of it
    say(LaunchCancelled{stop.process, stop.run});
    return Done{};
  }
  links_->tell(stop.process, link::Stop{stop.run, stop.hard, stop.signal});
  if (stop.hard) killed_.insert_or_assign(stop.process, stop.run);
  if (rests_) leave_files_of_killed();
  return Done{};
}

Status NodeHost::on(const Sweep& sweep) {
  if (!has(sweep.process)) return unknown_process(sweep.process);
  const Run* run = past(sweep.process).current();
  if (run == nullptr || run->number != sweep.run) {
    say(Swept{sweep.process, sweep.run});
    return Done{};
  }
  const Sweeper::Leftover leftover{run->coordinator, run->process,
                                   links_->was_our_child(sweep.process),
                                   groups_.path(sweep.process, sweep.run)};
  spdlog::warn("task {}, process {}, run {}: its coordinator (pid {}) vanished",
               setup_.header.task_id, setup_.task->processes[sweep.process].name, sweep.run,
               run->coordinator.pid);
  reactor_.sweeper().sweep(leftover, [this, sweep, here = std::weak_ptr<bool>(alive_)] {
    if (here.expired()) return;
    groups_.remove(sweep.process, sweep.run);
    say(Swept{sweep.process, sweep.run});
  });
  return Done{};
}

Status NodeHost::on(const Look& look) {
  if (!has(look.process)) return unknown_process(look.process);
  links_->changed(look.process);
  return Done{};
}

Status NodeHost::on(const Probe& probe) {
  if (!has(probe.process)) return unknown_process(probe.process);
  const ProcessConfig& process = setup_.task->processes[probe.process];
  const bool asked =
      probe.purpose == Purpose::Ready ? process.ready.has_value() : process.healthy.has_value();
  if (!asked) return Error{ErrorCode::Corrupt, "a probe of " + process.name + ", which has none"};
  probes_->ask(probe);
  return Done{};
}

Status NodeHost::on(const nodes::Clean& /*clean*/) {
  cleaning_ = std::make_unique<NodeCleaning>(reactor_, setup_, [this] { say(nodes::Cleaned{}); });
  cleaning_->begin();
  return Done{};
}

Status NodeHost::on(const nodes::Finish& /*finish*/) {
  finishing_ = true;
  return Done{};
}

// ---- to the leader -----------------------------------------------------------------------------

void NodeHost::say(const nodes::FromNode& message) {
  reactor_.mark_dirty(this);
  pipe_.send([&](std::uint32_t& chain, std::vector<std::byte>& out) {
    return nodes::append_frame(message, reactor_.loop().now(), chain, out);
  });
}

// Tells the leader something about a process. If the success of its run waits, this waits behind
// it.
void NodeHost::say_of(ProcessIndex p, nodes::FromNode message) {
  const auto held = held_.find(p);
  if (held == held_.end()) {
    say(message);
  } else {
    held->second.push_back(std::move(message));
  }
}

FileCarrier::Hooks NodeHost::hooks() {
  FileCarrier::Hooks hooks;
  hooks.say = [this](nodes::FileMessage message) {
    std::visit([this](auto& one) { say(std::move(one)); }, message);
    pipe_.flush();
  };
  hooks.unsent = [this] {
    pipe_.flush();  // if bytes are left, the pipe is full, and calls Hooks::room() later
    return pipe_.unsent();
  };
  hooks.expects = [this](ProcessIndex p, const std::string& path) {
    if (!has(p)) return false;
    const std::vector<std::string>& needed = setup_.task->processes[p].needs_files;
    return std::find(needed.begin(), needed.end(), path) != needed.end();
  };
  hooks.over = [this](const carry::Over& over) { carried(over); };
  hooks.rests = [this](const std::string& why) {
    if (!std::exchange(rests_, true)) spdlog::warn("{}; it is tried again", why);
    leave_files_of_killed();
  };
  return hooks;
}

// Tells the success of runs that were told to die and whose files can't be carried for now. Such a
// run does not wait for its files, because it might wait for ever.
void NodeHost::leave_files_of_killed() {
  for (const auto& [p, run] : killed_) {
    if (!held_.contains(p) || !files_.forget(p, run)) continue;
    spdlog::warn("process {}, run {}: it is killed, and the files that it made stay behind",
                 setup_.task->processes[p].name, run);
    tell_held(p);
  }
}

void NodeHost::tell_held(ProcessIndex p) {
  const auto held = held_.find(p);
  if (held == held_.end()) return;
  for (const nodes::FromNode& message : held->second) say(message);
  held_.erase(held);
  if (held_.empty()) rests_ = false;
}

// Sends a record to the leader. A success waits until the files that the run made are with the
// leader: the processes that need them start at the success, and after a power cut nobody would ask
// for the files again.
void NodeHost::relay(ProcessIndex p, const ProcessStatus& status) {
  const std::vector<std::string>& made = setup_.task->processes[p].makes_files;
  const bool carries = status.state == ProcessState::Success && !made.empty();
  if (carries) held_.try_emplace(p);
  say_of(p, nodes::NodeRecord{p, nodes::payload_of(status)});
  if (carries) files_.carry({p, status.run, made, true});
}

// The files that a run made are with the leader, or can't be brought there. Either way its success
// can be told: a process that needs a missing file fails for that.
void NodeHost::carried(const carry::Over& over) {
  rests_ = false;
  if (over.failure) {
    spdlog::warn("process {}, run {}: a file that it made can't be brought to the leader: {}",
                 setup_.task->processes[over.cargo.process].name, over.cargo.run,
                 over.failure->reason);
  }
  tell_held(over.cargo.process);
}

Status NodeHost::handle(const Event& event) {
  if (const auto* wrote = std::get_if<CoordinatorRecord>(&event)) {
    const auto it = pasts_.find(wrote->process);
    if (it == pasts_.end()) return Done{};
    const auto applied = it->second.apply(wrote->status);
    if (!applied) return applied.error();
    if (*applied == History::Outcome::Applied) relay(wrote->process, wrote->status);
  } else if (const auto* said = std::get_if<CoordinatorReport>(&event)) {
    say_of(said->process, nodes::NodeRecord{said->process, nodes::payload_of(said->report)});
  } else if (const auto* gone = std::get_if<CoordinatorGone>(&event)) {
    say_of(gone->process, *gone);
  } else if (const auto* failed = std::get_if<LaunchFailed>(&event)) {
    say_of(failed->process, *failed);
  } else if (const auto* cancelled = std::get_if<LaunchCancelled>(&event)) {
    say_of(cancelled->process, *cancelled);
  } else if (const auto* shortage = std::get_if<ShortageChanged>(&event)) {
    say(*shortage);
  }
  return Done{};
}

const ProcessHistory& NodeHost::past(ProcessIndex p) const {
  static const ProcessHistory nothing;
  const auto it = pasts_.find(p);
  return it == pasts_.end() ? nothing : it->second.process(0);
}

void NodeHost::stop(Error error) {
  if (stopped_) return;
  stopped_ = true;
  say(nodes::Stopped{std::move(error.message)});
}

void NodeHost::stop_without_checkpoints() {
  stop({ErrorCode::System, setup_.paths.checkpoint_dir(setup_.header.task_id) +
                               " is gone: someone removed the task's checkpoints"});
}

// ---- the turn ----------------------------------------------------------------------------------

void NodeHost::end_turn() {
  if (!stopped_) links_->review_shortages();
  const bool quiet = stopped_ || (finishing_ && links_->quiet());
  if (quiet && !done_) {
    if (!stopped_) say(nodes::Quiet{});
    done_ = true;
  }
  pipe_.flush();
  if (done_ && pipe_.unsent() == 0) over_();
}

void NodeHost::fork_server_died() {
  links_->fork_server_died();
}

bool NodeHost::coordinator_cannot_write(pid_t pid, int error_number) {
  return links_->cannot_write(pid, error_number);
}

}  // namespace thermos
