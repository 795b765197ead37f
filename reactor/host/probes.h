// Asks the processes of a task whether they are ready, or healthy, as their `ready` and `healthy`
// say. Every question is an event of the loop: a socket that connects, a path that is looked for.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/runner/effects.h"
#include "core/runner/events.h"
#include "core/task/question.h"
#include "reactor/host/command_probe.h"
#include "reactor/host/connection_probe.h"
#include "reactor/host/log_probe.h"
#include "reactor/host/reactor.h"
#include "reactor/host/task_setup.h"
#include "reactor/launch/launch_site.h"
#include "reactor/os/task_user.h"

namespace thermos {

class Probes {
 public:
  using Answer = std::function<void(const ProbeAnswered&)>;

  // `reactor` and `setup` outlive this. `answer` is called for each question, from ask() or later.
  Probes(Reactor& reactor, const TaskSetup& setup, Answer answer);

  // Asks once. A question to the same process that has not been answered is taken back: its answer
  // does not come. REQUIRES: the process has what is asked.
  void ask(const Probe& probe);

 private:
  struct ProbeRequest {
    Probe probe;
    Question question;
    Microseconds until = 0;  // boot time
  };
  void ask_file(const ProbeRequest& request);
  void ask_unix(const ProbeRequest& request);
  void ask_tcp(const ProbeRequest& request);
  void ask_http(const ProbeRequest& request);
  void ask_log(const ProbeRequest& request);
  void ask_command(const ProbeRequest& request);
  void connect(const ProbeRequest& request, std::vector<SocketAddress> addresses,
               std::string bytes);
  void say(const ProbeRequest& request, bool yes, std::string_view text);

  // Looks the task's user up; what it may not see is not there. Returns why that is not known.
  std::string find_user();
  std::string path_of(const ProbeRequest& request) const;
  // Opens what is at the path of the question, as the process sees it (O_PATH). Empty: it is not
  // ready, and that was said.
  Descriptor open_path(const ProbeRequest& request);

  Reactor& reactor_;
  const TaskSetup& setup_;
  LaunchSite site_;
  Answer answer_;
  std::optional<TaskUser> user_;
  std::unordered_map<ProcessIndex, std::unique_ptr<ConnectionProbe>> connections_;
  std::unordered_map<ProcessIndex, std::unique_ptr<LogProbe>> logs_;
  std::unordered_map<ProcessIndex, std::unique_ptr<CommandProbe>> commands_;
};

}  // namespace thermos
