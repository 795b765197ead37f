// Hands one run to the fork server: its stream, its logs, its control group and its message.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "core/runner/runner.h"
#include "reactor/host/reactor.h"
#include "reactor/host/task_groups.h"
#include "reactor/host/task_setup.h"
#include "reactor/launch/launch_site.h"
#include "reactor/store/stream_writer.h"

namespace thermos {

class RunLaunch {
 public:
  // All outlive this. `setup.header` says where the task runs.
  RunLaunch(Reactor& reactor, const TaskSetup& setup, const TaskGroups& groups)
      : reactor_(reactor), setup_(setup), groups_(groups), site_(setup.header) {}

  // What is known of the process's stream before the launch, and after it.
  struct Stream {
    StreamWriter writer;      // locked
    StreamPosition position;  // read as far as this: what is behind it is a torn tail
    bool begun_anew = false;  // out: another file stands under the name, of a summary alone
  };

  // Hands the run to the fork server. `answer` comes later, and never if the fork server dies. An
  // error means that it was not handed over, and that the lock is free. `first_failed`: the
  // process's first run that failed, whose output is kept.
  std::optional<LaunchError> send(const StartProcess& start, Stream& stream,
                                  std::optional<std::uint32_t> first_failed,
                                  std::function<void(const Launched&)> answer);

 private:
  // All of a long stream is in the runner's own, and synced there before this launch was released:
  // so it can begin anew.
  void shorten(const StartProcess& start, Stream& stream) const;

  Reactor& reactor_;
  const TaskSetup& setup_;
  const TaskGroups& groups_;
  LaunchSite site_;
};

}  // namespace thermos
