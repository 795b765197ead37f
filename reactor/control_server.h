// The daemon's control socket: who connects, what they ask, and what they are told. A client that
// does not read never slows the loop: its queue is bounded, then it is dropped.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "capnp/control.h"
#include "reactor/control_framing.h"
#include "reactor/daemon.h"
#include "reactor/deadlines.h"
#include "reactor/descriptor.h"
#include "reactor/loop.h"

namespace thermos {

class ControlServer {
 public:
  struct Limits {
    std::size_t connections = 1024;
    std::size_t queued_bytes = std::size_t{16} << 20;  // a client's replies that it did not read
  };

  // Listens on `socket_path`, made anew: 0660, and root's socket belongs to the group thermos where
  // there is one. Busy when someone listens there. `kept` is a socket that listens there already,
  // kept over a restart: then nothing is made.
  static Result<std::unique_ptr<ControlServer>> listen(Reactor& reactor, Daemon& daemon,
                                                       const std::string& socket_path,
                                                       Limits limits, Descriptor kept = {});
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  int listener() const { return socket_.get(); }
  // The path stays when this goes: someone else keeps the socket alive.
  void leave_path() { path_.clear(); }

 private:
  struct Client {
    Descriptor socket;
    Caller caller;
    IncomingStream in;
    OutgoingStream out;
    std::unique_ptr<Poll> poll;
    bool writing = false;
    bool closing = false;  // nothing more is read; goes when all is written
    // A subscription: what it wants, and what it has.
    bool subscribed = false;
    std::uint64_t request = 0;
    std::uint64_t position = 0;
    std::vector<std::string> patterns;
  };
  using Handle = std::weak_ptr<Client>;

  ControlServer(Reactor& reactor, Daemon& daemon, Descriptor socket, std::string path,
                Limits limits);
  void accept_some();
  void on_ready(const std::shared_ptr<Client>& client, int events);
  void read_requests(const std::shared_ptr<Client>& client);
  void answer(const std::shared_ptr<Client>& client, const control::Request& request);
  void reply(Client& client, std::uint64_t id, control::ReplyBody body);
  void flush(Client& client);
  void drop(const std::shared_ptr<Client>& client);

  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::AskVersion& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::Submit& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::AskKill& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::AskStatus& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::AskList& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::AskWait& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::Subscribe& ask);
  void publish(const control::Event& event);

  Reactor& reactor_;
  Daemon& daemon_;
  Descriptor socket_;
  std::string path_;
  Limits limits_;
  std::list<std::shared_ptr<Client>> clients_;
  std::unique_ptr<Poll> poll_;
};

}  // namespace thermos
