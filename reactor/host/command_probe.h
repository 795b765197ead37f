// Runs one command to ask whether a process is ready: as a run of its own by the fork server, with
// a coordinator that ends all that it starts, and with its records in memory.
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
  // `text`: why it is not ready.
  using Answer = std::function<void(bool ready, const std::string& text)>;

  // `launch` has all that does not concern the records. `answer` is called once, later, by `until`
  // (boot time) at the latest; then the command is killed. Destroying this takes the question back
  // and kills it, too. `reactor` outlives this.
  CommandProbe(Reactor& reactor, Launch launch, Microseconds until, Answer answer);
  ~CommandProbe();
  CommandProbe(const CommandProbe&) = delete;
  CommandProbe& operator=(const CommandProbe&) = delete;

  // Returns why it can't be run; "" if it is on its way.
  std::string start();
  // Whether nothing of it is left, or nothing will be heard of it: its launch was lost with the
  // fork server.
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
  pid_t coordinator_ = 0;  // 0: not known yet, or reaped
  bool killed_ = false;
  bool answered_ = false;
  bool over_ = true;
  std::weak_ptr<bool> awaited_;  // lives as long as the fork server's answer may come
  // Callbacks that can outlive this hold a weak pointer to it.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace thermos
