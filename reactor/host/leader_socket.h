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
  // The callbacks for requests. Each is called for each request whose sender is still connected.
  // The request's `reason` names the sender's pid and uid.
  struct Handlers {
    std::function<void(const KillRequest&)> on_kill;
    // The second argument is AskOrder::processes. If the handler succeeds, confirm_orders() sends
    // the answer.
    std::function<Status(const OrderRequest&, const std::vector<std::string>&)> on_order;
    // The second argument names the sender. If the handler succeeds, confirm_orders() sends the
    // answer, too.
    std::function<Status(const control::AskNode&, const std::string&)> on_node;
  };
  // Creates the socket, and replaces that of an earlier leader. The socket gets its name only when
  // it listens, so a client that sees the name can connect. Fails with System. REQUIRES: the caller
  // leads the task.
  static Result<std::unique_ptr<LeaderSocket>> listen(Loop& loop, Deadlines& deadlines,
                                                      const std::string& checkpoint_dir,
                                                      Handlers handlers);
  // Removes the socket's name.
  ~LeaderSocket();
  LeaderSocket(const LeaderSocket&) = delete;
  LeaderSocket& operator=(const LeaderSocket&) = delete;

  // Answers all orders that were taken since the last call. The caller calls it when they are on
  // record: an order that was confirmed earlier could be lost if the leader is killed.
  void confirm_orders();
  // Sends the final state to every client that asked for a kill.
  void announce(TaskState state);

 private:
  struct Client {
    Descriptor socket;
    // nullptr: the client sends no more requests, but waits for answers.
    std::unique_ptr<Poll> poll;
    std::optional<std::uint64_t> kill;  // the id of the client's kill request, if it sent one
    std::vector<std::uint64_t> orders;  // the ids of orders that are not confirmed yet
  };

  LeaderSocket(Loop& loop, Deadlines& deadlines, Descriptor directory, Descriptor socket,
               Handlers handlers);
  void accept(Descriptor socket);
  void read_request(std::list<Client>::iterator client);
  // Answers one packet. Returns false if it was no request for a leader; the client has then been
  // sent the error.
  bool answer(Client& client, Bytes packet);

  Loop& loop_;
  Descriptor directory_;
  Handlers handlers_;
  std::list<Client> clients_;
  Listener listener_;
};

}  // namespace thermos
