// What one client has asked the daemon, and how far that is answered: a little at a time, each
// request behind the one before or beside those that wait for something to happen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
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

// Owned by a shared_ptr: what it waits for calls back only while it lives.
class ClientRequests : public std::enable_shared_from_this<ClientRequests> {
 public:
  // Requests of one client whose answer is still to come.
  static constexpr std::size_t kMostOpen = 1000;

  // All by reference outlive this. `on_work` is called when there is something to do again.
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

  // Does a small piece of work; false: there is none until something comes, or goes out.
  bool step();
  // Nothing is being answered or told, apart from what waits for something to happen.
  bool quiet() const;
  // Its subscription has news when tasks of these users have.
  bool concerned_by(const std::set<std::uint32_t>& owners) const;
  // The client is gone: nothing is waited for or answered any more.
  void give_up();

 private:
  // What it waits for.
  struct Wait {
    std::string task_id;
    HostedTasks::WaitKey key = 0;
    std::optional<Deadlines::Key> timer;
  };

  bool step_requests();
  bool step_subscription();
  void answer(const control::Request& request);
  void reply(std::uint64_t id, control::ReplyBody body) { connection_.reply(id, std::move(body)); }
  // Answers one request when its outcome is known: with `good`, or the error.
  std::function<void(const Status&)> reply_later(std::uint64_t id, control::ReplyBody good);
  // How it began: an error is the answer; else the answer is still to come.
  void await(std::uint64_t id, const Status& begun);

  // Answers "ended" for a task, and "done" behind the last of several. False: it can't be waited
  // for, and that was the answer. `wait`: its number among the client's, 0 if it had ended.
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
  void on(std::uint64_t id, const control::AskDrain& ask);
  void on_list(std::uint64_t id, const control::TaskQuery& ask, bool status);

  Reactor& reactor_;
  Daemon& daemon_;
  Caller caller_;
  ClientConnection& connection_;
  std::function<void()> on_work_;
  // The request that is being answered, and the next one waits for that.
  std::unique_ptr<LongAnswer> answer_;
  std::uint64_t answered_ = 0;
  std::shared_ptr<Subscription> subscription_;
  std::map<std::uint64_t, Wait> waits_;
  std::uint64_t next_wait_ = 1;
  std::size_t open_ = 0;  // other requests under way
};

}  // namespace thermos
