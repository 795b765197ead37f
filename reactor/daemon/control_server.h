// The daemon's control socket: who connects, what they ask, and what they are told. No client slows
// another: each is read, worked for and answered in small steps by turns (fair_turns.h), and no
// further than it reads what it is told.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "capnp/control.h"
#include "reactor/control/control_framing.h"
#include "reactor/daemon/daemon.h"
#include "reactor/daemon/fair_turns.h"
#include "reactor/daemon/long_answers.h"
#include "reactor/daemon/settings.h"
#include "reactor/daemon/subscription.h"
#include "reactor/loop/deadlines.h"
#include "reactor/loop/listener.h"
#include "reactor/loop/loop.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class ControlServer {
 public:
  // Of one client, requests whose answer is still to come.
  static constexpr std::size_t kMostOpen = 1000;

  // Listens on `socket_path`, made anew: 0660, and root's socket belongs to the group thermos where
  // there is one. Busy when someone listens there. `kept` is a socket that listens there already,
  // kept over a restart: then nothing is made.
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
    Descriptor socket;
    Caller caller;
    IncomingStream in;
    OutgoingStream out;
    std::unique_ptr<Poll> poll;
    int watched = UV_READABLE;
    std::shared_ptr<Seat> seat;
    bool hungry = true;    // what it has sent so far is read
    bool ends = false;     // it sends no more; goes when it is answered
    bool closing = false;  // nothing more is read; goes when all is written
    // The request that is being answered, and the next one waits for that.
    std::unique_ptr<LongAnswer> answer;
    std::uint64_t answered = 0;
    std::shared_ptr<Subscription> subscription;
    // What it waits for.
    struct Wait {
      std::string task_id;
      Daemon::WaitKey key = 0;
      std::optional<Deadlines::Key> timer;
    };
    std::map<std::uint64_t, Wait> waits;
    std::uint64_t next_wait = 1;
    std::size_t open = 0;  // other requests under way
  };
  using Handle = std::weak_ptr<Client>;

  ControlServer(Reactor& reactor, Daemon& daemon, Descriptor socket, std::string path);
  void accept(Descriptor socket);
  bool has_room_for(const Caller& caller) const;
  void on_ready(const std::shared_ptr<Client>& client, int events);
  void read_requests(const std::shared_ptr<Client>& client);
  // It has asked nothing that was not answered, or waits for something to happen.
  static bool is_content(const Client& client);
  bool is_full(const Client& client) const;
  // What its turn is for. True: there is more to do.
  bool work(const std::shared_ptr<Client>& client, const Slice& slice);
  bool step(const std::shared_ptr<Client>& client);
  bool step_requests(const std::shared_ptr<Client>& client);
  bool step_subscription(Client& client);
  void answer(const std::shared_ptr<Client>& client, const control::Request& request);
  void reply(Client& client, std::uint64_t id, control::ReplyBody body);
  void flush(Client& client);
  void watch(Client& client) const;
  bool wait_for_end(const std::shared_ptr<Client>& client, std::uint64_t id,
                    const std::string& task_id, const std::shared_ptr<std::size_t>& left,
                    std::uint64_t& wait);
  void reply_to_each(const std::shared_ptr<Client>& client, std::uint64_t id,
                     const std::vector<std::string>& asked);
  void drop(const std::shared_ptr<Client>& client);
  // What clients needed goes back to the machine when they need it no more, and nobody waits.
  void give_back_memory();

  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::AskVersion& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::Submit& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::AskKill& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::AskStatus& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::AskList& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::AskWait& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::Subscribe& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::AskOrder& ask);
  void on(const std::shared_ptr<Client>& client, std::uint64_t id, const control::AskDrain& ask);
  void on_list(const std::shared_ptr<Client>& client, std::uint64_t id,
               const control::TaskQuery& ask, bool status);

  Reactor& reactor_;
  Daemon& daemon_;
  std::string path_;
  std::map<std::uint32_t, std::size_t> connected_;  // a user
  std::list<std::shared_ptr<Client>> clients_;
  FairTurns turns_;
  std::size_t used_ = 0;  // bytes that went through buffers since memory was given back
  const Client* worked_for_ = nullptr;  // what it is told goes out when that is done
  Listener listener_;
};

}  // namespace thermos
