// Talks to systemd about readiness, status, the watchdog and the kept listening socket. Without
// systemd all calls do nothing.
#pragma once

#include <cstddef>
#include <string>

#include "reactor/host/reactor.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class ServiceLink {
 public:
  explicit ServiceLink(Reactor& reactor) : reactor_(reactor) {}

  // Reports that all tasks are taken over, or that the new configuration is in use (READY=1). From
  // the first call on, feeds the watchdog if systemd wants one; otherwise sets no timer.
  void ready(std::size_t active_tasks);
  // Reports a reload (RELOADING=1): `systemctl reload` waits until ready().
  void reloading();
  void stopping();
  void say_active(std::size_t tasks);

 private:
  void feed_watchdog();

  Reactor& reactor_;
  Microseconds watchdog_ = 0;  // time between two WATCHDOG=1; 0: systemd wants none
  bool told_ready_ = false;
};

// Returns the listening socket that systemd kept while no daemon ran, if it is the one at `path`;
// otherwise an empty descriptor. Clients that connected meanwhile wait in its queue.
Descriptor kept_listener(const std::string& path);
// Gives systemd a copy of the listening socket to keep (FDSTORE=1).
void keep_listener(int socket);
// Whether a service manager runs that takes the socket from keep_listener().
bool service_keeps_listener();

// Returns the spdlog pattern of log lines on stderr (log_lines.h): with a syslog level prefix if
// stderr is the journal, else with the level's name.
std::string log_pattern();

}  // namespace thermos
