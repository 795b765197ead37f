#include "reactor/os/service_scope.h"

#include <systemd/sd-bus.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>

#include "reactor/os/clocks.h"

namespace thermos {
namespace {

constexpr Microseconds kPatience = 5 * kSecond;
constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kInterface = "org.freedesktop.systemd1.Manager";

struct CloseBus {
  void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
};
struct FreeMessage {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Bus = std::unique_ptr<sd_bus, CloseBus>;
using Message = std::unique_ptr<sd_bus_message, FreeMessage>;

Error failed(const std::string& what, int error) {
  return {ErrorCode::System, what + ": " + std::strerror(-error)};
}

// systemd's private socket, which exists also without a bus.
Result<Bus> connect(bool of_user) {
  std::string path = "/run/systemd/private";
  if (of_user) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime == nullptr) return Error{ErrorCode::System, "XDG_RUNTIME_DIR is not set"};
    path = std::string(runtime) + "/systemd/private";
  }
  sd_bus* raw = nullptr;
  if (const int error = sd_bus_new(&raw); error < 0) return failed("no bus connection", error);
  Bus bus(raw);
  int error = sd_bus_set_address(raw, ("unix:path=" + path).c_str());
  if (error >= 0) error = sd_bus_start(raw);
  if (error < 0) return failed("cannot reach systemd at " + path, error);
  return bus;
}

int note_job(sd_bus_message* message, void* data, sd_bus_error* /*error*/) {
  const char* path = nullptr;
  if (sd_bus_message_read(message, "uoss", nullptr, &path, nullptr, nullptr) >= 0) {
    static_cast<std::set<std::string>*>(data)->insert(path);
  }
  return 0;
}

int fill(sd_bus_message* call, const ScopeRequest& request) {
  int error = sd_bus_message_append(call, "ss", request.name.c_str(), "fail");
  if (error >= 0) error = sd_bus_message_open_container(call, 'a', "(sv)");
  if (error >= 0) {
    error = sd_bus_message_append(
        call, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)", "Description", "s", "Processes of thermos-reactor",
        "PIDs", "au", 1, static_cast<std::uint32_t>(request.process), "Slice", "s",
        request.slice.c_str(), "Delegate", "b", 1, "CollectMode", "s", "inactive-or-failed",
        // At shutdown they end like all other units, when no daemon can start them again.
        "KillMode", "s", "process", "TasksMax", "t", ~std::uint64_t{0});
  }
  if (error >= 0) error = sd_bus_message_close_container(call);
  return error < 0 ? error : sd_bus_message_append(call, "a(sa(sv))", 0);
}

}  // namespace

Status start_scope(const ScopeRequest& request) {
  auto bus = connect(request.of_user);
  if (!bus) return bus.error();
  std::set<std::string> done;
  int error = sd_bus_match_signal(bus->get(), nullptr, nullptr, kPath, kInterface, "JobRemoved",
                                  note_job, &done);
  sd_bus_message* raw = nullptr;
  if (error >= 0) {
    error = sd_bus_message_new_method_call(bus->get(), &raw, kService, kPath, kInterface,
                                           "StartTransientUnit");
  }
  const Message call(raw);
  if (error >= 0) error = fill(raw, request);
  if (error < 0) return failed("cannot ask systemd for " + request.name, error);
  sd_bus_error refused = SD_BUS_ERROR_NULL;
  sd_bus_message* raw_reply = nullptr;
  error = sd_bus_call(bus->get(), raw, kPatience, &refused, &raw_reply);
  const Message reply(raw_reply);
  if (error < 0) {
    const std::string why = refused.message != nullptr ? refused.message : std::strerror(-error);
    sd_bus_error_free(&refused);
    return Error{ErrorCode::System, "systemd does not start " + request.name + ": " + why};
  }
  const char* job = nullptr;
  error = sd_bus_message_read(raw_reply, "o", &job);
  if (error < 0) return failed("systemd sent an invalid answer", error);
  const Microseconds until = read_clocks().boot + kPatience;
  while (!done.contains(job)) {
    const Microseconds left = until - read_clocks().boot;
    if (left <= 0)
      return Error{ErrorCode::System, "systemd did not start " + request.name + " in time"};
    error = sd_bus_process(bus->get(), nullptr);
    if (error == 0) error = sd_bus_wait(bus->get(), static_cast<std::uint64_t>(left));
    if (error < 0 && error != -EINTR) return failed("systemd closed the connection", error);
  }
  return Done{};
}

}  // namespace thermos
