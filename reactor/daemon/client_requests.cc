#include "reactor/daemon/client_requests.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <variant>

#include <spdlog/spdlog.h>

#include "reactor/daemon/daemon_metrics.h"
#include "reactor/daemon/pool_texts.h"
#include "reactor/os/counters.h"

namespace thermos {
namespace {

// The labels of the counters: the kinds of requests, in the order of RequestBody, and the errors,
// in the order of ErrorCode. The compiler counts the words: an array of a given size would have
// empty words at its end if too few were written.
constexpr auto kVerbNames =
    std::to_array<std::string_view>({"version", "submit", "kill", "status", "wait", "subscribe",
                                     "list", "order", "drain", "pools", "metrics", "node"});
static_assert(kVerbNames.size() == std::variant_size_v<control::RequestBody>);
constexpr auto kErrorWords =
    std::to_array<std::string_view>({"usage", "bad_config", "not_found", "no_daemon", "busy",
                                     "not_permitted", "corrupt", "system"});
static_assert(kErrorWords.size() == static_cast<std::size_t>(ErrorCode::System) + 1);

std::string_view word_of(ErrorCode code) {
  return kErrorWords[static_cast<std::size_t>(code)];
}

void count(std::string_view verb, std::string_view code) {
  ++counters().requests[{verb, code}];
}

}  // namespace

// ---- small steps -------------------------------------------------------------------------------

bool ClientRequests::step() {
  bool did = step_requests();
  if (!connection_.closing() && step_subscription()) did = true;
  return did;
}

bool ClientRequests::step_requests() {
  if (answer_) {
    if (auto piece = answer_->step()) reply(answered_, std::move(*piece));
    if (answer_ && answer_->complete()) answer_.reset();
    return true;
  }
  auto payload = connection_.next();
  std::optional<Error> wrong;
  if (!payload) {
    wrong = payload.error();
  } else if (!*payload) {
    return false;
  } else if (auto request = control::decode_request(**payload); !request) {
    wrong = request.error();
  } else {
    answer(*request);
    return true;
  }
  count("unknown", word_of(wrong->code));
  reply(0, *wrong);
  connection_.close();
  return true;
}

bool ClientRequests::step_subscription() {
  const std::shared_ptr<Subscription> subscription = subscription_;
  if (subscription == nullptr || subscription->quiet()) return false;
  if (auto told = subscription->step()) reply(subscription->request(), std::move(*told));
  if (subscription->complete()) subscription_.reset();
  return true;
}

bool ClientRequests::quiet() const {
  const bool told = subscription_ == nullptr || (subscription_->begun() && subscription_->quiet());
  return !answer_ && open_ == 0 && told;
}

bool ClientRequests::concerned_by(const std::set<std::uint32_t>& owners) const {
  return subscription_ != nullptr &&
         std::any_of(owners.begin(), owners.end(),
                     [this](std::uint32_t owner) { return subscription_->concerns(owner); });
}

void ClientRequests::give_up() {
  const bool owed =
      subscription_ != nullptr && (!subscription_->quiet() || connection_.unsent() > 0);
  if (owed) ++counters().subscribers_dropped;
  answer_.reset();
  subscription_.reset();
  for (const auto& [number, wait] : waits_) {
    daemon_.requests().wait_no_more(wait.task_id, wait.key);
    if (wait.timer) reactor_.deadlines().cancel(*wait.timer);
  }
  waits_.clear();
}

void ClientRequests::reply(std::uint64_t id, control::ReplyBody body) {
  if (const auto first = unheard_.find(id); first != unheard_.end()) {
    const auto* failure = std::get_if<Error>(&body);
    count(first->second, failure == nullptr ? "ok" : word_of(failure->code));
    unheard_.erase(first);
  }
  connection_.reply(id, std::move(body));
}

void ClientRequests::answer(const control::Request& request) {
  const std::string_view verb = kVerbNames[request.body.index()];
  // The client chooses the ids, so two requests may have the same id. The second one is counted at
  // once.
  if (unheard_.size() >= kMostOpen || !unheard_.emplace(request.id, verb).second) count(verb, "ok");
  if (open_ + waits_.size() >= kMostOpen) {
    reply(request.id, Error{ErrorCode::Busy, "too many requests without an answer yet"});
    return;
  }
  std::visit([&](const auto& ask) { on(request.id, ask); }, request.body);
  // A subscription may never get an event, so it is counted at once.
  const bool follows = std::holds_alternative<control::Subscribe>(request.body);
  if (follows && unheard_.erase(request.id) > 0) count(verb, "ok");
}

// ---- submissions and orders: answered later ----------------------------------------------------

std::function<void(const Status&)> ClientRequests::reply_later(std::uint64_t id,
                                                               control::ReplyBody good) {
  return [id, handle = weak_from_this(), good = std::move(good)](const Status& outcome) {
    const auto alive = handle.lock();
    if (!alive) return;
    --alive->open_;
    alive->reply(id, outcome ? good : control::ReplyBody(outcome.error()));
    // A client that sends no more may have waited for this reply alone, and can then be dropped.
    if (alive->connection_.ended()) alive->on_work_();
  };
}

void ClientRequests::await(std::uint64_t id, const Status& begun) {
  if (!begun) {
    reply(id, begun.error());
  } else {
    ++open_;
  }
}

void ClientRequests::on(std::uint64_t id, const control::Submit& ask) {
  await(id,
        daemon_.requests().submit(ask, caller_, reply_later(id, control::Submitted{ask.task_id})));
}

void ClientRequests::on(std::uint64_t id, const control::AskOrder& ask) {
  auto words = daemon_.requests().words_of(ask, caller_);
  if (!words) {
    reply(id, words.error());
    return;
  }
  answer_ = std::make_unique<OrderAnswer>(
      // Answer_ is our member, so `this` outlives it.
      std::move(*words), [this, id, ask](const OrderWords& found) {
        await(id,
              daemon_.requests().order(ask, caller_, found, reply_later(id, control::Finished{})));
      });
  answered_ = id;
}

void ClientRequests::on(std::uint64_t id, const control::AskNode& /*call*/) {
  reply(id, Error{ErrorCode::Usage,
                  "what is known of a node is for the task's leader: ask it on "
                  "its own socket, as `thermos node` does"});
}

// ---- wait, kill, drain: answered when tasks have ended -----------------------------------------

bool ClientRequests::wait_for_end(std::uint64_t id, const std::string& task_id,
                                  const std::shared_ptr<std::size_t>& left, std::uint64_t& wait) {
  const std::uint64_t number = next_wait_++;
  waits_[number].task_id = task_id;
  auto waited = daemon_.requests().when_ended(
      task_id, caller_, [id, number, left, handle = weak_from_this()](const std::string& state) {
        if (const auto alive = handle.lock()) alive->ended(id, number, state, left);
      });
  wait = 0;
  const auto it = waits_.find(number);
  if (!waited) {
    waits_.erase(number);
    reply(id, waited.error());
    return false;
  }
  if (it == waits_.end()) return true;
  it->second.key = *waited;
  wait = number;
  return true;
}

void ClientRequests::ended(std::uint64_t id, std::uint64_t wait, const std::string& state,
                           const std::shared_ptr<std::size_t>& left) {
  const auto it = waits_.find(wait);
  if (it == waits_.end()) return;
  if (it->second.timer) reactor_.deadlines().cancel(*it->second.timer);
  const std::string task_id = std::move(it->second.task_id);
  waits_.erase(it);
  reply(id, control::Ended{task_id, state});
  if (left && --*left == 0) reply(id, control::Finished{});
}

void ClientRequests::timed_out(std::uint64_t id, std::uint64_t wait) {
  const auto it = waits_.find(wait);
  if (it == waits_.end()) return;
  daemon_.requests().wait_no_more(it->second.task_id, it->second.key);
  waits_.erase(it);
  reply(id, control::Finished{});
}

void ClientRequests::reply_to_each(std::uint64_t id, const std::vector<std::string>& asked) {
  if (asked.empty()) reply(id, control::Finished{});
  auto left = std::make_shared<std::size_t>(asked.size());
  std::uint64_t wait = 0;
  for (const std::string& task_id : asked) {
    if (!wait_for_end(id, task_id, left, wait)) return;
  }
}

void ClientRequests::on(std::uint64_t id, const control::AskWait& ask) {
  std::uint64_t number = 0;
  if (!wait_for_end(id, ask.task_id, nullptr, number)) return;
  if (number == 0 || ask.timeout < 0) return;
  const Microseconds now = reactor_.loop().now().boot;
  if (ask.timeout > std::numeric_limits<Microseconds>::max() - now) return;
  waits_[number].timer =
      reactor_.deadlines().add(now + ask.timeout, [id, number, handle = weak_from_this()] {
        if (const auto alive = handle.lock()) alive->timed_out(id, number);
      });
}

void ClientRequests::on(std::uint64_t id, const control::AskKill& ask) {
  if (ask.patterns.empty()) {
    reply(id, Error{ErrorCode::Usage, "kill: no pattern given"});
    return;
  }
  if (std::find(ask.patterns.begin(), ask.patterns.end(), "") != ask.patterns.end()) {
    reply(id, Error{ErrorCode::Usage, "kill: an empty pattern would mean every task"});
    return;
  }
  auto patterns = daemon_.visible().compile(ask.patterns, caller_);
  if (!patterns) {
    reply(id, patterns.error());
    return;
  }
  answer_ = std::make_unique<KillAnswer>(
      TaskWalk(daemon_.visible(), caller_, std::move(*patterns), true, false),
      // Answer_ is our member, so `this` outlives it.
      [this, id, ask](const std::vector<std::string>& ids) {
        auto asked = daemon_.requests().kill(ask, caller_, ids);
        if (!asked) {
          reply(id, asked.error());
        } else {
          reply_to_each(id, *asked);
        }
      });
  answered_ = id;
}

void ClientRequests::on(std::uint64_t id, const control::AskDrain& ask) {
  auto asked = daemon_.requests().drain(ask, caller_);
  if (!asked) {
    reply(id, asked.error());
  } else {
    spdlog::info("draining, asked by pid {}, uid {}: {} tasks are ended", caller_.pid, caller_.uid,
                 asked->size());
    reply_to_each(id, *asked);
  }
}

// ---- queries: answered at once, or in steps ----------------------------------------------------

void ClientRequests::on(std::uint64_t id, const control::AskVersion& /*ask*/) {
  control::Version version;
  version.program = THERMOS_VERSION;
  version.pid = getpid();
  version.tasks = static_cast<std::uint32_t>(daemon_.visible().active_of(caller_));
  version.root = daemon_.paths().root();
  reply(id, version);
}

void ClientRequests::on(std::uint64_t id, const control::AskPools& /*ask*/) {
  for (const std::string& pool : pool_texts(daemon_.pools(), daemon_.visible(), caller_)) {
    reply(id, control::PoolText{pool});
  }
  reply(id, control::Finished{});
}

// The metrics count the tasks of all users, though they name no user.
void ClientRequests::on(std::uint64_t id, const control::AskMetrics& /*ask*/) {
  if (!caller_.is_root() && caller_.uid != geteuid()) {
    reply(id, Error{ErrorCode::NotPermitted, "only root may see the metrics of this daemon"});
    return;
  }
  reply(id, control::MetricsReply{daemon_metrics(counters())});
}

void ClientRequests::on(std::uint64_t id, const control::AskList& ask) {
  on_list(id, ask, false);
}

void ClientRequests::on(std::uint64_t id, const control::AskStatus& ask) {
  on_list(id, ask, true);
}

void ClientRequests::on_list(std::uint64_t id, const control::TaskQuery& ask, bool status) {
  VisibleTasks& tasks = daemon_.visible();
  auto patterns = tasks.compile(ask.patterns, caller_);
  if (!patterns) {
    reply(id, patterns.error());
    return;
  }
  answer_ = std::make_unique<TaskAnswer>(
      tasks, TaskWalk(tasks, caller_, std::move(*patterns), ask.active, ask.finished), status);
  answered_ = id;
}

void ClientRequests::on(std::uint64_t id, const control::Subscribe& ask) {
  auto patterns = daemon_.visible().compile(ask.patterns, caller_);
  if (!patterns) {
    reply(id, patterns.error());
    return;
  }
  subscription_ = std::make_shared<Subscription>(daemon_.events(), daemon_.visible(), caller_, id,
                                                 ask, std::move(*patterns));
  // Begins after this turn's events were published: every event that has a position is then
  // durable.
  daemon_.events().at_turn_end([handle = weak_from_this(), begun = subscription_] {
    const auto alive = handle.lock();
    if (!alive || alive->subscription_ != begun) return;
    begun->begin();
    alive->on_work_();
  });
}

}  // namespace thermos
