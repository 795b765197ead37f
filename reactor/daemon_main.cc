// The program `thermos-reactor`: the daemon.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>

#include "reactor/commands/exit_status.h"
#include "reactor/commands/options.h"
#include "reactor/commands/output.h"
#include "reactor/control_client.h"
#include "reactor/control_server.h"
#include "reactor/daemon.h"

namespace thermos {
namespace {

struct Options {
  std::string root;
  std::string socket = default_socket();
  std::string sync = "power";
  std::string log_level = "info";
};

// systemd reads a level from "<N>" at the start of a line; a person does not want to see it.
void set_up_log(const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>("thermos-reactor",
                                                 std::make_shared<spdlog::sinks::stderr_sink_st>());
  logger->set_pattern("thermos-reactor: %l: %v");
  spdlog::set_default_logger(std::move(logger));
  spdlog::set_level(spdlog::level::from_str(level));
}

void say_status(const Daemon& daemon) {
  sd_notifyf(0, "STATUS=%zu active tasks", daemon.active());
}

// Half of the time that systemd gives: a loop that turns says so in time.
void feed_watchdog(Reactor& reactor, Microseconds every) {
  sd_notify(0, "WATCHDOG=1");
  reactor.deadlines().add(reactor.loop().now().boot + every,
                          [&reactor, every] { feed_watchdog(reactor, every); });
}

Status serve(const Options& options) {
  CommonOptions common;
  common.root = options.root;
  auto reactor = Reactor::make();
  if (!reactor) return reactor.error();
  Daemon daemon(**reactor, common.paths(),
                options.sync == "crash" ? SyncMode::Crash : SyncMode::Power, {});
  auto server = ControlServer::listen(**reactor, daemon, options.socket, {});
  if (!server) return server.error();
  daemon.on_change = [&daemon] { say_status(daemon); };
  daemon.resume_all();

  Loop& loop = (*reactor)->loop();
  bool stopping = false;
  const auto stop = [&] {
    stopping = true;
    loop.stop();
  };
  const SignalWatch terminate(loop, SIGTERM, stop);
  const SignalWatch interrupt(loop, SIGINT, stop);
  std::uint64_t watchdog = 0;
  if (sd_watchdog_enabled(0, &watchdog) > 0) {
    feed_watchdog(**reactor, static_cast<Microseconds>(watchdog / 2));
  }
  spdlog::info("{} active tasks in {}; listening at {}", daemon.active(), common.paths().root(),
               options.socket);
  sd_notify(0, "READY=1");
  say_status(daemon);
  while (!stopping) loop.run();
  sd_notify(0, "STOPPING=1");
  spdlog::info("stopping; {} tasks go on without us until the next start", daemon.active());
  return Done{};
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Leads tasks: resumes those of its root, and takes new ones on its socket.",
               "thermos-reactor");
  app.add_option("--root", options.root, "Where tasks and checkpoints are kept");
  app.add_option("--socket", options.socket, "The control socket")->capture_default_str();
  app.add_option("--sync", options.sync, "What has ended is on the disk before anything goes on")
      ->check(CLI::IsMember({"power", "crash"}))
      ->capture_default_str();
  app.add_option("--log-level", options.log_level, "trace, debug, info, warn, error or off")
      ->capture_default_str();
  app.set_version_flag("--version", std::string("thermos-reactor ") + THERMOS_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);
    std::fprintf(stderr, "thermos-reactor: %s\n", e.what());
    return kExitUsage;
  }
  set_up_log(options.log_level);
  if (auto served = serve(options); !served) {
    std::fprintf(stderr, "thermos-reactor: %s\n", served.error().message.c_str());
    return exit_status_of(served.error().code);
  }
  return 0;
}

}  // namespace
}  // namespace thermos

int main(int argc, char** argv) {
  try {
    return thermos::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "thermos-reactor: %s\n", e.what());
    return thermos::kExitSystem;
  }
}
