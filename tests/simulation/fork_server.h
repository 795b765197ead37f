// The fork server as a runner sees it: launches go in with their stream's lock, answers come out,
// late; and it dies at any moment. What it has received it carries out even when the runner is
// gone.
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
  Streams::Description stream = 0;  // becomes the server's
  RunScript script;
};

struct Launched {
  enum class Error : std::uint8_t { None, Short, Impossible };
  std::uint64_t ticket = 0;
  std::int32_t pid = 0;  // 0: there is none
  Error error = Error::None;
};

class ForkServer {
 public:
  struct Listener {
    std::function<void()> readable;  // receive() has something
    std::function<void()> died;      // SIGCHLD
  };

  // `parent`: whose children its coordinators are.
  ForkServer(Machine& machine, Timeline& timeline, Random& random, Processes::Parent parent,
             Listener listener);
  // The runner is gone.
  ~ForkServer();
  ForkServer(const ForkServer&) = delete;
  ForkServer& operator=(const ForkServer&) = delete;

  // Takes the launch, and its descriptor, in any case. While the server is dead it waits here.
  void launch(const Launch& launch);
  std::optional<Launched> receive();
  std::size_t unanswered() const { return sent_.size() + queue_.size(); }
  bool died() const;
  // Starts another. False: there is no room for one just now.
  bool restart();

  // Signals that anybody may send it.
  void kill();
  // SIGSTOP, and SIGCONT after that time, or sooner.
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
