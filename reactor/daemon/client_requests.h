// Answers the requests of one client, in small steps, one request after another. A request that
// waits for an event (the end of a task, a record) does not hold up the requests after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "capnp/control.h"
#include "reactor/daemon/caller.h"
#include "reactor/daemon/client_connection.h"
#include "reactor/daemon/daemon.h"
#include "reactor/daemon/long_answers.h"
#include "reactor/daemon/subscription.h"
#include "reactor/host/reactor.h"
#include "reactor/loop/deadlines.h"

namespace thermos {

// Owned by a shared_ptr: callbacks hold a weak_ptr and do nothing once it is destroyed.
class ClientRequests : public std::enable_shared_from_this<ClientRequests> {
 public:
  // The limit of one client's unanswered requests; further ones fail with Busy.
  static constexpr std::size_t kMostOpen = 1000;

  // All references outlive this. Calls `on_work` when step() has work again.
  ClientRequests(Reactor& reactor, Daemon& daemon, const Caller& caller,
                 ClientConnection& connection, std::function<void()> on_work)
      : reactor_(reactor),
        daemon_(daemon),
        caller_(caller),
        connection_(connection),
        on_work_(std::move(on_work)) {}
  ~ClientRequests() { give_up(); }
  ClientRequests(const ClientRequests&) = delete;
  ClientRequests& operator=(const ClientRequests&) = delete;

  // Does a small piece of work. Returns false if there is none until the client sends something or
  // takes its replies.
  bool step();
  // Whether all requests are answered, apart from waits for the ends of tasks and for future
  // events.
  bool quiet() const;
  // Whether the client has a subscription that may concern tasks of these users.
  bool concerned_by(const std::set<std::uint32_t>& owners) const;
  // The client is gone: cancels all waits and answers nothing any more.
  void give_up();

 private:
  // A wait for the end of one task.
  struct Wait {
    std::string task_id;
    HostedTasks::WaitKey key = 0;
    std::optional<Deadlines::Key> timer;
  };

  bool step_requests();
  bool step_subscription();
  void answer(const control::Request& request);
  void reply(std::uint64_t id, control::ReplyBody body);
  // Returns a callback that answers the request: with `good`, or with the error it is given.
  std::function<void(const Status&)> reply_later(std::uint64_t id, control::ReplyBody good);
  // Takes the result of starting a request: an error is answered now; otherwise the callback
  // answers later.
  void await(std::uint64_t id, const Status& begun);

  // Answers "ended" when the task ends, and "done" after the last task if `left` counts several.
  // Returns false if the task can't be waited for; the error has then been sent. Sets `wait` to the
  // wait's number, or to 0 if the task had already ended.
  bool wait_for_end(std::uint64_t id, const std::string& task_id,
                    const std::shared_ptr<std::size_t>& left, std::uint64_t& wait);
  void ended(std::uint64_t id, std::uint64_t wait, const std::string& state,
             const std::shared_ptr<std::size_t>& left);
  void timed_out(std::uint64_t id, std::uint64_t wait);
  void reply_to_each(std::uint64_t id, const std::vector<std::string>& asked);

  void on(std::uint64_t id, const control::AskVersion& ask);
  void on(std::uint64_t id, const control::Submit& ask);
  void on(std::uint64_t id, const control::AskKill& ask);
  void on(std::uint64_t id, const control::AskStatus& ask);
  void on(std::uint64_t id, const control::AskList& ask);
  void on(std::uint64_t id, const control::AskWait& ask);
  void on(std::uint64_t id, const control::Subscribe& ask);
  void on(std::uint64_t id, const control::AskOrder& ask);
  void on(std::uint64_t id, const control::AskNode& call);
  void on(std::uint64_t id, const control::AskDrain& ask);
  void on(std::uint64_t id, const control::AskPools& ask);
  void on(std::uint64_t id, const control::AskMetrics& ask);
  void on_list(std::uint64_t id, const control::TaskQuery& ask, bool status);

  Reactor& reactor_;
  Daemon& daemon_;
  Caller caller_;
  ClientConnection& connection_;
  std::function<void()> on_work_;
  // The request that is being answered; the next one waits for it.
  std::unique_ptr<LongAnswer> answer_;
  std::uint64_t answered_ = 0;
  std::shared_ptr<Subscription> subscription_;
  std::map<std::uint64_t, Wait> waits_;
  std::uint64_t next_wait_ = 1;
  std::size_t open_ = 0;  // submissions and orders that are not answered yet
  // The kinds of the requests that got no reply yet, by request id, for the counters.
  std::unordered_map<std::uint64_t, std::string_view> unheard_;
};

}  // namespace thermos
