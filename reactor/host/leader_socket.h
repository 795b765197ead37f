// The socket on which a task's leader takes requests from others, <checkpoints>/<task>/leader.
// leader_client.h is the other end, capnp/CONTROL.md the protocol.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

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
  // Each request comes with who asked as its reason.
  struct Handlers {
    std::function<void(const KillRequest&)> on_kill;
    std::function<Status(const OrderRequest&)> on_order;
  };
  // Makes the socket anew. It has its name once it listens. REQUIRES: the caller leads the task.
  static Result<std::unique_ptr<LeaderSocket>> listen(Loop& loop, Deadlines& deadlines,
                                                      const std::string& checkpoint_dir,
                                                      Handlers handlers);
  ~LeaderSocket();
  LeaderSocket(const LeaderSocket&) = delete;
  LeaderSocket& operator=(const LeaderSocket&) = delete;

  // Tells everyone who asked for a kill how the task ended.
  void announce(TaskState state);

 private:
  struct Client {
    Descriptor socket;
    std::unique_ptr<Poll> poll;
    std::optional<std::uint64_t> kill;  // the id of its request, if it asked for one
  };

  LeaderSocket(Loop& loop, Deadlines& deadlines, Descriptor directory, Descriptor socket,
               Handlers handlers);
  void accept(Descriptor socket);
  void read_request(std::list<Client>::iterator client);
  // False: it was no request that a leader takes, and the client was told so.
  bool answer(Client& client, Bytes packet);

  Loop& loop_;
  Descriptor directory_;
  Handlers handlers_;
  std::list<Client> clients_;
  Listener listener_;
};

}  // namespace thermos
