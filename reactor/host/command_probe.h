// Runs one command to find out whether a process is ready or healthy. The fork server starts it as
// a run of its own. Its coordinator ends everything that the command starts, and writes its records
// to memory.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "capnp/launch.h"
#include "reactor/host/reactor.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class CommandProbe {
 public:
  // `text` tells why the process is not ready.
  using Answer = std::function<void(bool ready, const std::string& text)>;

  // `launch` is complete but for the fields about the records. `answer` is called once, after
  // start() has returned, and at the latest at `until` (boot time). The command is killed at that
  // time. Destroying this object kills the command, too, and `answer` is then not called any more.
  // `reactor` outlives this.
  CommandProbe(Reactor& reactor, Launch launch, Microseconds until, Answer answer);
  ~CommandProbe();
  CommandProbe(const CommandProbe&) = delete;
  CommandProbe& operator=(const CommandProbe&) = delete;

  // Starts the command. Returns why it can't be run, or "" if it is being started.
  std::string start();
  // Whether the command has ended, or its launch was lost when the fork server died.
  bool over() const { return over_ || (coordinator_ == 0 && awaited_.expired()); }

 private:
  void launched(const Launched& answer);
  void ended();
  void say(bool ready, const std::string& text);
  std::string last_line() const;

  Reactor& reactor_;
  Launch launch_;
  Microseconds until_;
  Answer answer_;
  Descriptor stream_;
  Descriptor output_;
  std::optional<Deadlines::Key> deadline_;
  pid_t coordinator_ = 0;  // 0: unknown yet, or reaped
  bool killed_ = false;
  bool answered_ = false;
  bool over_ = true;
  std::weak_ptr<bool> awaited_;  // expires when the fork server's answer can't come any more
  // Callbacks that can outlive this hold a weak pointer to it.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos
