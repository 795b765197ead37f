// Hands one run to the fork server: its stream, its logs, its control group and its launch message.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "core/runner/runner.h"
#include "reactor/host/reactor.h"
#include "reactor/host/task_groups.h"
#include "reactor/host/task_setup.h"
#include "reactor/launch/launch_site.h"
#include "reactor/store/stream_writer.h"

namespace thermos {

class RunLaunch {
 public:
  // All references outlive this. `setup.header` says where the task runs. `settle_record` is
  // LinkedTask's.
  RunLaunch(Reactor& reactor, const TaskSetup& setup, const TaskGroups& groups,
            std::function<bool()> settle_record)
      : reactor_(reactor),
        setup_(setup),
        groups_(groups),
        settle_record_(std::move(settle_record)),
        site_(setup.header) {}

  // The process's stream, before send() and after it.
  struct Stream {
    StreamWriter writer;      // locked
    StreamPosition position;  // how far it was read; what follows is a torn record
    bool begun_anew = false;  // out: the file was replaced by one that holds a summary alone
  };

  // Hands the run to the fork server. `answer` is called later, or never if the fork server dies.
  // On an error nothing was handed over, and the lock is free once `stream` is destroyed.
  // `first_failed`: the process's first run that failed, whose output is kept.
  std::optional<LaunchError> send(const StartProcess& start, Stream& stream,
                                  std::optional<std::uint32_t> first_failed,
                                  std::function<void(const Launched&)> answer);

 private:
  // Replaces a long stream by an empty one. Nothing is lost: the runner's own stream holds all of
  // its records, on the disk: else a loss of power could take it back and leave the short one.
  void shorten(const StartProcess& start, Stream& stream) const;

  Reactor& reactor_;
  const TaskSetup& setup_;
  const TaskGroups& groups_;
  std::function<bool()> settle_record_;
  LaunchSite site_;
};

}  // namespace thermos
