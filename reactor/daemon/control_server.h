// The daemon's control socket: who connects, and whose turn it is. No client slows another: each is
// read, worked for and answered in small steps by turns (fair_turns.h), and no further than it
// reads what it is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "reactor/daemon/caller.h"
#include "reactor/daemon/client_connection.h"
#include "reactor/daemon/client_requests.h"
#include "reactor/daemon/daemon.h"
#include "reactor/daemon/fair_turns.h"
#include "reactor/host/reactor.h"
#include "reactor/loop/listener.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class ControlServer {
 public:
  // Listens on `socket_path`, made anew (control_socket.h, with its errors). `kept` is a socket
  // that listens there already, kept over a restart: then nothing is made.
  static Result<std::unique_ptr<ControlServer>> listen(Reactor& reactor, Daemon& daemon,
                                                       const std::string& socket_path,
                                                       Descriptor kept = {});
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  int listener() const { return listener_.fd(); }
  // The path stays when this goes: someone else keeps the socket alive.
  void leave_path() { path_.clear(); }

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
  // What its turn is for. True: there is more to do.
  bool work(const std::shared_ptr<Client>& client, const Slice& slice);
  bool step(Client& client) const;
  void drop(const std::shared_ptr<Client>& client);
  // What clients needed goes back to the machine when they need it no more, and nobody waits.
  void give_back_memory();

  Reactor& reactor_;
  Daemon& daemon_;
  std::string path_;
  std::size_t used_ = 0;  // bytes that went through buffers since memory was given back
  std::map<std::uint32_t, std::size_t> connected_;  // a user
  std::list<std::shared_ptr<Client>> clients_;
  FairTurns turns_;
  Listener listener_;
};

}  // namespace thermos
