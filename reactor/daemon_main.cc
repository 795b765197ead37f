// The program `thermos-reactor`: the daemon.
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include <malloc.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "reactor/cli/exit_status.h"
#include "reactor/cli/options.h"
#include "reactor/cli/output.h"
#include "reactor/control/control_client.h"
#include "reactor/daemon/control_server.h"
#include "reactor/daemon/daemon.h"
#include "reactor/daemon/systemd_notify.h"
#include "reactor/os/first_process.h"
#include "reactor/os/log_lines.h"
#include "reactor/os/standard_descriptors.h"

namespace thermos {
namespace {

struct Options {
  std::string root;
  std::string socket = own_socket();
  std::string config;
  std::string sync;  // empty: not given
  std::optional<std::string> log_level;
  std::vector<std::string> pools;
};

// What holds now: the file, if there is one, and above it the command line.
Result<Settings> settings_of(const Options& options) {
  Settings settings;
  if (!options.config.empty()) {
    auto loaded = load_settings(options.config, std::move(settings));
    if (!loaded) return loaded.error();
    settings = std::move(*loaded);
  }
  if (!options.sync.empty()) {
    settings.sync = options.sync == "crash" ? SyncMode::Crash : SyncMode::Power;
  }
  if (options.log_level) {
    if (Status known = check_log_level(*options.log_level); !known) {
      return Error{ErrorCode::Usage,
                   "--log-level " + *options.log_level + ": " + known.error().message};
    }
    settings.log_level = *options.log_level;
  }
  for (const std::string& pool : options.pools) {
    if (auto added = add_pool(pool, settings); !added) return added.error();
  }
  return settings;
}

void reload(const Options& options, Daemon& daemon) {
  const auto settings = settings_of(options);
  if (!settings) {
    spdlog::error("{}; going on with the settings as they were", settings.error().message);
    return;
  }
  daemon.use(*settings);
  set_log_level(settings->log_level);
  spdlog::info("settings are read again");
}

Status serve(const Options& options, const Settings& settings) {
  CommonOptions common;
  common.root = options.root;
  auto reactor = Reactor::make();
  if (!reactor) return reactor.error();
  (*reactor)->use_control_groups();
  Daemon daemon(**reactor, common.paths(), settings);
  Descriptor kept = kept_listener(options.socket);
  const bool new_socket = !kept;
  auto server = ControlServer::listen(**reactor, daemon, options.socket, std::move(kept));
  if (!server) return server.error();
  if (service_keeps_listener()) {
    if (new_socket) keep_listener((*server)->listener());
    (*server)->leave_path();
  }
  ServiceLink service(**reactor);
  daemon.on_change = [&] { service.say_active(daemon.active()); };
  daemon.resume_all();

  Loop& loop = (*reactor)->loop();
  bool stopping = false;
  const auto stop = [&] {
    stopping = true;
    loop.stop();
  };
  const SignalWatch terminate(loop, SIGTERM, stop);
  const SignalWatch interrupt(loop, SIGINT, stop);
  // Not before those who wait for that have heard of it.
  daemon.requests().on_drained = [&] { (*server)->when_all_sent(stop); };
  const SignalWatch hang_up(loop, SIGHUP, [&] {
    service.reloading();
    reload(options, daemon);
    service.ready(daemon.active());
  });
  spdlog::info("{} active tasks in {}; listening at {}", daemon.active(), common.paths().root(),
               options.socket);
  service.ready(daemon.active());
  repeat_early_signals();
  while (!stopping) loop.run();
  service.stopping();
  spdlog::info("stopping; {} active tasks continue, and the next start resumes them",
               daemon.active());
  return Done{};
}

void say(const std::string& message) {
  std::fprintf(stderr, "thermos-reactor: %s\n", printable(message).c_str());
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Leads tasks: resumes those of its root, and takes new ones on its socket.",
               "thermos-reactor");
  app.add_option("--root", options.root, "Where tasks and checkpoints are kept");
  app.add_option("--socket", options.socket, "The control socket")->capture_default_str();
  app.add_option("--config", options.config,
                 "Settings, as JSON or YAML; read again at SIGHUP. They are sync, log_level, "
                 "keep_logs, tasks_per_user, processes_per_task, connections, "
                 "connections_per_user, queue_bytes, keep_days, keep_tasks, keep_bytes, pools");
  app.add_option("--sync", options.sync,
                 "power (default): an end is on the disk before its dependents start; crash: leave "
                 "flushing to the kernel")
      ->check(CLI::IsMember({"power", "crash"}));
  app.add_option("--log-level", options.log_level,
                 "trace, debug, info (default), warn, error, critical or off");
  app.add_option("--pool", options.pools,
                 "NAME=N: a pool of N units that the processes of all tasks share; may be repeated")
      ->allow_extra_args(false);
  app.set_version_flag("--version", std::string("thermos-reactor ") + THERMOS_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);
    say(e.what());
    return kExitUsage;
  }
  // A later reload is told by its signal and not by where we stand.
  if (!options.config.empty()) options.config = absolute_path(options.config);
  const auto settings = settings_of(options);
  if (!settings) {
    say(settings.error().message);
    return exit_status_of(settings.error().code);
  }
  log_to_stderr("thermos-reactor", log_pattern());
  set_log_level(settings->log_level);
  if (auto served = serve(options, *settings); !served) {
    say(served.error().message);
    return exit_status_of(served.error().code);
  }
  return 0;
}

}  // namespace
}  // namespace thermos

int main(int argc, char** argv) {
  thermos::note_early_signals();
  thermos::name_first_process("thermos-reactor");
  thermos::fill_standard_descriptors();
  // Large blocks go back to the machine when they are freed. By itself the allocator raises this
  // limit to the largest it has seen, which is a client's to choose.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
  try {
    return thermos::run(argc, argv);
  } catch (const std::exception& e) {
    thermos::say(e.what());
    return thermos::kExitSystem;
  }
}
