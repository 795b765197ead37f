#include "reactor/host/run_launch.h"

#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "capnp/launch.h"
#include "reactor/launch/run_environment.h"
#include "reactor/os/errors.h"
#include "reactor/store/compaction.h"

namespace thermos {

std::optional<LaunchError> RunLaunch::send(const StartProcess& start, Stream& stream,
                                           std::optional<std::uint32_t> first_failed,
                                           std::function<void(const Launched&)> answer) {
  const ProcessConfig& process = setup_.task->processes[start.process];
  if (stream.writer.size() == stream.position.offset) {
    stream.writer.resume_at_end(stream.position);
  } else if (auto ready = stream.writer.resume_at(stream.position, StreamEnd::Torn); !ready) {
    return LaunchError{true, ready.error().message, shortage_of(ready.error().cause),
                       ready.error().cause};
  }
  std::uint64_t epoch = 0;
  if (stream.writer.size() == 0) {
    const auto begun = stream.writer.begin_later();
    if (!begun) return LaunchError{true, begun.error().message, Shortage::None, 0};
    epoch = *begun;
  }
  if (stream.writer.position().offset > kLongCoordinatorStream) {
    if (!settle_record_()) return LaunchError{true, "the task is led no more", Shortage::None, 0};
    shorten(start, stream);
  }
  stream.position = stream.writer.position();

  Launch launch;
  launch.process = process.name;
  launch.seq = start.seq;
  launch.run = start.run;
  launch.chain = epoch == 0 ? stream.position.chain : chain_start(epoch);
  launch.epoch = epoch;
  launch.boot = reactor_.boot();
  launch.success_codes.assign(process.success_codes.begin(), process.success_codes.end());
  launch.stop_signal = process.stop_signal.number;
  RunLogs logs;
  auto error = site_.fill(*setup_.task, process, launch);
  complete_environment(setup_.header, *setup_.task, start, launch.environment);
  if (!setup_.node.empty()) launch.environment.push_back("THERMOS_NODE=" + setup_.node);
  if (may_notify(process)) {
    launch.notify = true;
    launch.watchdog = process.watchdog.value_or(0);
    launch.watchdog_waits = process.ready && process.ready->notify;
    launch.kill_wait = stop_wait_of(*setup_.task, start.process);
    add_notify_variables(process, launch.environment);
  }
  if (!error) error = site_.open_logs(process, start.run, launch, logs);
  if (!error) site_.drop_logs(process.name, start.run, first_failed);
  if (error) return error;

  auto sent = reactor_.launch(std::move(launch), stream.writer.release(), std::move(logs),
                              groups_.maker(start.process, start.run), std::move(answer));
  if (sent) return std::nullopt;
  return LaunchError{sent.error().code == ErrorCode::System, sent.error().message,
                     shortage_of(sent.error().cause), sent.error().cause};
}

void RunLaunch::shorten(const StartProcess& start, Stream& stream) const {
  ProcessSummary summary;
  summary.process = setup_.task->processes[start.process].name;
  summary.next_seq = start.seq;
  summary.next_run = start.run;
  auto anew = restart_stream(stream.writer.path(), summary);
  if (anew) {
    stream.writer = std::move(*anew);
    stream.begun_anew = true;
  } else {
    spdlog::warn("{}; the stream stays uncompacted", anew.error().message);
  }
}

}  // namespace thermos
