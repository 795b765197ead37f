// Asks systemd to start a scope for a process, as the daemon does: start_scope NAME PID
#include <systemd/sd-bus.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  sd_bus* bus = nullptr;
  sd_bus_error error = SD_BUS_ERROR_NULL;
  const auto pid = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  // systemd's private socket, because a box has no bus.
  int result = sd_bus_new(&bus);
  if (result >= 0) result = sd_bus_set_address(bus, "unix:path=/run/systemd/private");
  if (result >= 0) result = sd_bus_start(bus);
  if (result >= 0) {
    result = sd_bus_call_method(bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                "org.freedesktop.systemd1.Manager", "StartTransientUnit", &error,
                                nullptr, "ssa(sv)a(sa(sv))", argv[1], "fail", 3, "PIDs", "au", 1,
                                pid, "Slice", "s", "system.slice", "Delegate", "b", 1, 0);
  }
  if (result < 0) {
    std::fprintf(stderr, "no scope: %s\n", error.message != nullptr ? error.message : "no answer");
  }
  sd_bus_error_free(&error);
  sd_bus_flush_close_unref(bus);
  return result < 0 ? 1 : 0;
}
