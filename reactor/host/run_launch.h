// Hands one run to the fork server: its stream, its logs, its control group and its launch message.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "core/runner/runner.h"
#include "reactor/host/reactor.h"
#include "reactor/host/run_control_groups.h"
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

  // The process's stream. send() updates it.
  struct Stream {
    StreamWriter writer;      // locked
    StreamPosition position;  // how far the stream was read; bytes after it are a torn record
    // Set by send(): the file was replaced by one that holds only a summary.
    bool begun_anew = false;
  };

  // Hands the run to the fork server. `answer` is called later, or never if the fork server dies.
  // On an error nothing was handed over, and the lock is free once `stream` is destroyed.
  // `first_failed` is the process's first failed run, whose output is kept when old logs are
  // removed.
  std::optional<LaunchError> send(const StartProcess& start, Stream& stream,
                                  std::optional<std::uint32_t> first_failed,
                                  std::function<void(const Launched&)> answer);

 private:
  // Replaces a long stream by one that holds only a summary. Nothing is lost, because the runner's
  // own stream holds all of the records. settle_record() has synced that stream before: otherwise a
  // power cut could undo those records and leave the short stream.
  void shorten(const StartProcess& start, Stream& stream) const;

  Reactor& reactor_;
  const TaskSetup& setup_;
  const TaskGroups& groups_;
  std::function<bool()> settle_record_;
  LaunchSite site_;
};

}  // namespace thermos
