// The socket on which a task's leader takes requests from others, <checkpoints>/<task>/leader. One
// packet a message. The leader answers a request at once ("heard"), and once more when the task has
// ended.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/record/paths.h"
#include "core/record/state.h"
#include "reactor/host/requests.h"
#include "reactor/loop/listener.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class LeaderSocket {
 public:
  struct Handlers {
    std::function<void(const KillRequest&, std::string reason)> on_kill;
    std::function<Status(const OrderRequest&, std::string reason)> on_order;
  };
  // Makes the socket anew. REQUIRES: the caller leads the task.
  static Result<std::unique_ptr<LeaderSocket>> listen(Loop& loop, Deadlines& deadlines,
                                                      const std::string& checkpoint_dir,
                                                      Handlers handlers);
  ~LeaderSocket();
  LeaderSocket(const LeaderSocket&) = delete;
  LeaderSocket& operator=(const LeaderSocket&) = delete;

  // Tells everyone who asked how the task ended.
  void announce(TaskState state);

 private:
  struct Client {
    Descriptor socket;
    std::unique_ptr<Poll> poll;
  };

  LeaderSocket(Loop& loop, Deadlines& deadlines, Descriptor directory, Descriptor socket,
               Handlers handlers);
  void accept(Descriptor socket);
  void read_request(std::list<Client>::iterator client);

  Loop& loop_;
  Descriptor directory_;
  Handlers handlers_;
  std::list<Client> clients_;
  Listener listener_;
};

// The other end. What asking a leader came to.
enum class LeaderReply : std::uint8_t {
  NoLeader,  // nobody listens
  Silent,    // somebody is there and does not answer: stopped, or hung
  Vanished,  // it heard, and died before the task ended
  Ended,     // the task ended; `state` says how
};

// Asks the leader of a task to kill it and waits until the task has ended. Blocks. A leader that
// does not say "heard" within `patience` is Silent.
struct Answer {
  LeaderReply asked = LeaderReply::NoLeader;
  TaskState state = TaskState::Lost;
};
Result<Answer> ask_leader(const std::string& checkpoint_dir, const KillRequest& request,
                          Microseconds patience);

// Gives the leader of a task an order for one process. NoDaemon: nobody leads it; Busy: who leads
// it does not answer within `patience`, or knows no orders; and what the leader has against it.
Status order_leader(const std::string& checkpoint_dir, const OrderRequest& request,
                    Microseconds patience);

}  // namespace thermos
