// Probes whether the processes of a task are ready or healthy, as their `ready` and `healthy`
// define it. Every probe is done by events of the loop, such as a socket that connects.
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
#include "core/task/probe_question.h"
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

  // `reactor` and `setup` outlive this. `answer` is called for each probe, inside ask() or later.
  Probes(Reactor& reactor, const TaskSetup& setup, Answer answer);

  // Probes once. If an earlier connection to the same process was not answered yet, it is dropped
  // without an answer. REQUIRES: the process's configuration has the `ready` or `healthy` that
  // `probe` is for.
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

  // Looks the task's user up, with whose rights the probes access files and sockets. Returns "" or
  // why the user can't be found.
  std::string find_user();
  std::string path_of(const ProbeRequest& request) const;
  // Opens the path of the probe, as the process sees it (O_PATH). If it can't be opened, answers
  // "not ready" and returns an empty descriptor.
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
