#include "reactor/daemon/hosted_task.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace thermos {

HostedTask::HostedTask(Reactor& reactor, EventFeed& events, std::string task_id,
                       std::uint32_t owner, bool went_on)
    : reactor_(reactor),
      events_(events),
      id_(std::move(task_id)),
      owner_(owner),
      went_on_(went_on) {}

Status HostedTask::lead(const TaskSetup& setup, SyncMode sync, TaskHost::OnEnd on_end) {
  auto led = TaskHost::lead(reactor_, setup, sync, *this, std::move(on_end));
  if (!led) return led.error();
  host_ = std::move(*led);
  return Done{};
}

// ---- records and turns -------------------------------------------------------------------------

void HostedTask::on_record(const Record& record, const History& /*history*/) {
  const auto* status = std::get_if<ProcessStatus>(&record);
  if (status == nullptr || !is_terminal(status->state)) return;
  if (waits_.empty()) return;
  const std::pair ended{std::string(status->process), status->run};
  for (OrderWait& wait : waits_) wait.runs.erase(ended);
}

std::uint64_t HostedTask::next_position() {
  return events_.next_position(reactor_.loop().now());
}

void HostedTask::on_appended(std::uint64_t position, Bytes payload) {
  if (first_position_ == 0) first_position_ = position;
  events_.add({{position, id_, {payload.begin(), payload.end()}}, owner_});
}

std::optional<Microseconds> HostedTask::on_turn(Runner& /*runner*/, Timestamp /*now*/) {
  notify_durable();
  return std::nullopt;
}

// ---- waiting callbacks -------------------------------------------------------------------------

Status HostedTask::order(const OrderRequest& request, const OrderWords& words, Told done) {
  const auto given = host_->order(request, words);
  if (!given) return given.error();
  OrderWait wait{{}, std::move(done)};
  for (const std::string& process : *given) {
    if (const auto run = run_ended_by(process, request.verb)) wait.runs.emplace(process, *run);
  }
  waits_.push_back(std::move(wait));
  reactor_.mark_dirty(host_.get());
  return Done{};
}

std::optional<std::uint32_t> HostedTask::run_ended_by(const std::string& name, Verb verb) const {
  const auto slot = history().find(name);
  if (!slot || verb == Verb::Start) return std::nullopt;
  const ProcessHistory& process = history().process(*slot);
  // Cancelling a launch does not end its run, which stays WAITING.
  const bool began = process.live() && process.current()->state != ProcessState::Waiting;
  if (!process.ending || !began) return std::nullopt;
  return process.ending->run;
}

void HostedTask::when_made(Told made) {
  if (is_made_) {
    events_.at_turn_end([made = std::move(made)] { made(Done{}); });
  } else {
    made_.push_back(std::move(made));
  }
}

void HostedTask::notify_durable() {
  is_made_ = true;
  for (const Told& made : std::exchange(made_, {})) made(Done{});
  if (waits_.empty()) return;
  const auto over = std::stable_partition(waits_.begin(), waits_.end(),
                                          [](const OrderWait& wait) { return !wait.runs.empty(); });
  std::vector<OrderWait> told(std::make_move_iterator(over), std::make_move_iterator(waits_.end()));
  waits_.erase(over, waits_.end());
  for (const OrderWait& wait : told) wait.done(Done{});
}

void HostedTask::notify_closed(const Status& why) {
  // The record that could not be written may be the task's first one. So callbacks that wait for
  // the task's creation get the error.
  for (const Told& made : std::exchange(made_, {})) made(why);
  if (why) notify_durable();
  for (const OrderWait& wait : std::exchange(waits_, {})) wait.done(why);
}

}  // namespace thermos
