// The daemon's control socket: it accepts clients and shares the loop among them. Each client is
// read, served and answered in small steps by turns (fair_turns.h), so no client slows another. A
// client that does not read its replies is not served further.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/result.h"
#include "reactor/daemon/caller.h"
#include "reactor/daemon/client_connection.h"
#include "reactor/daemon/client_requests.h"
#include "reactor/daemon/daemon.h"
#include "reactor/daemon/fair_turns.h"
#include "reactor/host/reactor.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/listener.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class ControlServer {
 public:
  // Listens on `socket_path`. Creates the socket with listen_at() and fails as that does. If `kept`
  // is given, it is a socket that already listens there (kept over a restart), and is used instead.
  static Result<std::unique_ptr<ControlServer>> listen(Reactor& reactor, Daemon& daemon,
                                                       const std::string& socket_path,
                                                       Descriptor kept = {});
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  int listener() const { return listener_.fd(); }
  // Makes the destructor leave the path in place, because the service manager keeps the socket
  // open.
  void leave_path() { path_.clear(); }
  // Calls `done` when every client has taken its queued replies, inside this call if all have.
  // Calls it after some seconds in any case, because a client may never read.
  void when_all_sent(std::function<void()> done);

 private:
  struct Client {
    Client(Descriptor socket, std::size_t& used) : connection(std::move(socket), used) {}
    Caller caller;
    ClientConnection connection;
    std::shared_ptr<ClientRequests> requests;
    std::shared_ptr<Seat> seat;
  };

  ControlServer(Reactor& reactor, Daemon& daemon, Descriptor socket, std::string path);
  void accept(Descriptor socket);
  void admit(const std::shared_ptr<Client>& client);
  bool has_room_for(const Caller& caller) const;
  void on_ready(const std::shared_ptr<Client>& client, int events);
  void read_requests(const std::shared_ptr<Client>& client);
  bool is_full(const Client& client) const;
  // The client's turn. Returns true if there is more to do.
  bool work(const std::shared_ptr<Client>& client, const Slice& slice);
  bool step(Client& client) const;
  void drop(const std::shared_ptr<Client>& client);
  void look_whether_all_is_sent();
  // Returns freed memory to the kernel (malloc_trim) after much was used and when no client waits.
  void give_back_memory();

  Reactor& reactor_;
  Daemon& daemon_;
  std::string path_;
  // The device and inode of the file at the path; nothing if they are unknown.
  std::optional<std::pair<dev_t, ino_t>> file_;
  // Bytes that passed through buffers since give_back_memory() last gave memory back.
  std::size_t used_ = 0;
  std::map<std::uint32_t, std::size_t> connected_;  // connections by user
  std::list<std::shared_ptr<Client>> clients_;
  FairTurns turns_;
  std::function<void()> on_all_sent_;
  std::optional<Deadlines::Key> sent_limit_;
  Listener listener_;
};

}  // namespace thermos
