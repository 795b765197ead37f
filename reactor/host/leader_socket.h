// The socket on which a task's leader takes requests: <checkpoints>/<task>/leader. leader_client.h
// is the client; capnp/CONTROL.md describes the protocol.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capnp/control.h"
#include "core/base/result.h"
#include "core/record/state.h"
#include "core/runner/requests.h"
#include "reactor/loop/listener.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class LeaderSocket {
 public:
  // Called for each request whose sender is still there. Its `reason` names who asked.
  struct Handlers {
    std::function<void(const KillRequest&)> on_kill;
    // The second: AskOrder::processes. Whoever asked is answered by confirm_orders().
    std::function<Status(const OrderRequest&, const std::vector<std::string>&)> on_order;
    // The second: who asked. Answered by confirm_orders(), too.
    std::function<Status(const control::AskNode&, const std::string&)> on_node;
  };
  // Creates the socket, in place of an earlier leader's. It gets its name once it listens. Fails
  // with System. REQUIRES: the caller leads the task.
  static Result<std::unique_ptr<LeaderSocket>> listen(Loop& loop, Deadlines& deadlines,
                                                      const std::string& checkpoint_dir,
                                                      Handlers handlers);
  // Removes the socket's name.
  ~LeaderSocket();
  LeaderSocket(const LeaderSocket&) = delete;
  LeaderSocket& operator=(const LeaderSocket&) = delete;

  // Answers the orders that were taken since: they are on record. An order that was confirmed
  // before could be lost with a leader that is killed.
  void confirm_orders();
  // Sends the final state to every client that asked for a kill.
  void announce(TaskState state);

 private:
  struct Client {
    Descriptor socket;
    std::unique_ptr<Poll> poll;         // none: it says no more, and is to be answered
    std::optional<std::uint64_t> kill;  // the id of its request, if it asked for one
    std::vector<std::uint64_t> orders;  // the ids of those that are not confirmed
  };

  LeaderSocket(Loop& loop, Deadlines& deadlines, Descriptor directory, Descriptor socket,
               Handlers handlers);
  void accept(Descriptor socket);
  void read_request(std::list<Client>::iterator client);
  // Answers one packet. Returns false if it was no request for a leader; the client has been told.
  bool answer(Client& client, Bytes packet);

  Loop& loop_;
  Descriptor directory_;
  Handlers handlers_;
  std::list<Client> clients_;
  Listener listener_;
};

}  // namespace thermos
