// What systemd and the daemon tell each other. Without systemd all of it does nothing.
#pragma once

#include <cstddef>
#include <string>

#include "reactor/host/reactor.h"
#include "reactor/os/descriptor.h"

namespace thermos {

class ServiceLink {
 public:
  explicit ServiceLink(Reactor& reactor) : reactor_(reactor) {}

  // All is taken over, or the new configuration is in use. From the first call on the watchdog is
  // fed, if systemd asked for that: otherwise no timer is set.
  void ready(std::size_t active_tasks);
  // Between this and ready() `systemctl reload` waits.
  void reloading();
  void stopping();
  void say_active(std::size_t tasks);

 private:
  void feed_watchdog();

  Reactor& reactor_;
  Microseconds watchdog_ = 0;  // between two signs of life; 0: nobody wants any
  bool told_ready_ = false;
};

// The listening socket that systemd kept for us while no daemon ran, if it is the one at `path`:
// who connected in between waits in its queue.
Descriptor kept_listener(const std::string& path);
// Gives systemd a copy of the listening socket to keep.
void keep_listener(int socket);
// Whether systemd takes what keep_listener() gives.
bool service_keeps_listener();

// How log lines are to look on stderr (log_lines.h): for the journal with the level that it
// understands in front, for people with a word.
std::string log_pattern();

}  // namespace thermos
