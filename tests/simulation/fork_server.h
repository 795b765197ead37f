// Simulates the fork server: it takes launches with their stream's lock, answers late, and may die
// at any moment. It carries out what it has received even if the runner is gone.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "machine.h"

namespace thermos::sim {

struct Launch {
  std::uint64_t ticket = 0;
  ProcessIndex process = 0;
  std::uint32_t run = 0;
  std::uint64_t seq = 0;
  Streams::Description stream = 0;  // the server takes it over
  RunScript script;
};

struct Launched {
  enum class Error : std::uint8_t { None, Short, Impossible };
  std::uint64_t ticket = 0;
  std::int32_t pid = 0;  // 0: no coordinator was cloned
  Error error = Error::None;
};

class ForkServer {
 public:
  struct Listener {
    std::function<void()> readable;  // receive() has an answer
    std::function<void()> died;      // it died (SIGCHLD)
  };

  // `parent`: the program whose children its coordinators are.
  ForkServer(Machine& machine, Timeline& timeline, Random& random, Processes::Parent parent,
             Listener listener);
  // Called when the runner is gone.
  ~ForkServer();
  ForkServer(const ForkServer&) = delete;
  ForkServer& operator=(const ForkServer&) = delete;

  // Takes the launch and its descriptor, in any case. If the server is dead, the launch waits in a
  // queue.
  void launch(const Launch& launch);
  std::optional<Launched> receive();
  std::size_t unanswered() const { return sent_.size() + queue_.size(); }
  bool died() const;
  // Starts another server. Returns false if the machine has no room for a process now.
  bool restart();

  // Sends SIGKILL to the server.
  void kill();
  // Sends SIGSTOP, and SIGCONT after `time` or at go_on().
  void stop(Microseconds time);
  void go_on();

 private:
  class Process;
  void start();

  Machine& machine_;
  Timeline& timeline_;
  Random& random_;
  Processes::Parent parent_;
  Listener listener_;
  std::shared_ptr<Process> process_;
  std::set<std::uint64_t> sent_;
  std::deque<Launch> queue_;
};

}  // namespace thermos::sim
