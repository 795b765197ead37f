#include "reactor/launch/systemd_scope.h"

#include <poll.h>
#include <systemd/sd-bus.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <utility>

#include "reactor/os/errors.h"

namespace thermos {
namespace {

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
  return system_error(ErrorCode::System, what, -error);
}

// Connects to systemd's private socket, which exists even without a bus.
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

int fill(sd_bus_message* call, const ScopeRequest& request) {
  int error = sd_bus_message_append(call, "ss", request.name.c_str(), "fail");
  if (error >= 0) error = sd_bus_message_open_container(call, 'a', "(sv)");
  if (error >= 0) {
    error = sd_bus_message_append(
        call, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)", "Description", "s", "Processes of thermos-reactor",
        "PIDs", "au", 1, static_cast<std::uint32_t>(request.process), "Slice", "s",
        request.slice.c_str(), "Delegate", "b", 1, "CollectMode", "s", "inactive-or-failed",
        // At shutdown the processes end like all other units, when no daemon can start them again.
        "KillMode", "s", "process", "TasksMax", "t", ~std::uint64_t{0});
  }
  if (error >= 0) error = sd_bus_message_close_container(call);
  return error < 0 ? error : sd_bus_message_append(call, "a(sa(sv))", 0);
}

}  // namespace

// A connection with one call, and its results so far.
struct ScopeStart::Call {
  ScopeRequest request;
  UseExisting use_existing;
  Bus bus;
  // Not empty while systemd still has a scope of this name, from an earlier fork server: its error.
  std::string exists;
  std::string job;             // systemd's name for our job, in its answer
  std::set<std::string> over;  // finished jobs; ours may finish before we know its name
  std::optional<Status> result;

  static int on_job_removed(sd_bus_message* message, void* data, sd_bus_error* error);
  static int on_unit_removed(sd_bus_message* message, void* data, sd_bus_error* error);
  static int on_answer(sd_bus_message* answer, void* data, sd_bus_error* error);
  Status begin();
  int send();
  // Returns nothing while the call is not finished.
  std::optional<Status> process();
};

int ScopeStart::Call::on_job_removed(sd_bus_message* message, void* data, sd_bus_error* /*error*/) {
  const char* path = nullptr;
  if (sd_bus_message_read(message, "uoss", nullptr, &path, nullptr, nullptr) >= 0) {
    static_cast<Call*>(data)->over.insert(path);
  }
  return 0;
}

int ScopeStart::Call::on_unit_removed(sd_bus_message* message, void* data,
                                      sd_bus_error* /*error*/) {
  auto& call = *static_cast<Call*>(data);
  const char* name = nullptr;
  if (sd_bus_message_read(message, "so", &name, nullptr) < 0 || call.exists.empty() ||
      call.request.name != name) {
    return 0;
  }
  call.exists.clear();
  if (const int error = call.send(); error < 0) {
    call.result = failed("cannot ask systemd for " + call.request.name, error);
  }
  return 0;
}

int ScopeStart::Call::on_answer(sd_bus_message* answer, void* data, sd_bus_error* /*error*/) {
  auto& call = *static_cast<Call*>(data);
  const char* job = nullptr;
  if (const sd_bus_error* refused = sd_bus_message_get_error(answer); refused != nullptr) {
    const std::string why = refused->message != nullptr
                                ? refused->message
                                : std::strerror(sd_bus_error_get_errno(refused));
    const std::string all = "systemd does not start " + call.request.name + ": " + why;
    if (sd_bus_error_has_name(refused, "org.freedesktop.systemd1.UnitExists") != 0) {
      call.exists = all;  // until it is removed
      if (call.use_existing()) call.result = Status(Done{});
    } else {
      call.result = Error{ErrorCode::System, all};
    }
  } else if (const int error = sd_bus_message_read(answer, "o", &job); error < 0) {
    call.result = failed("systemd sent an invalid answer", error);
  } else {
    call.job = job;
  }
  return 0;
}

Status ScopeStart::Call::begin() {
  int error = sd_bus_match_signal(bus.get(), nullptr, nullptr, kPath, kInterface, "JobRemoved",
                                  on_job_removed, this);
  if (error >= 0) {
    error = sd_bus_match_signal(bus.get(), nullptr, nullptr, kPath, kInterface, "UnitRemoved",
                                on_unit_removed, this);
  }
  if (error >= 0) error = send();
  if (error < 0) return failed("cannot ask systemd for " + request.name, error);
  return Done{};
}

int ScopeStart::Call::send() {
  sd_bus_message* raw = nullptr;
  int error = sd_bus_message_new_method_call(bus.get(), &raw, kService, kPath, kInterface,
                                             "StartTransientUnit");
  const Message message(raw);
  if (error >= 0) error = fill(raw, request);
  if (error >= 0) {
    error = sd_bus_call_async(bus.get(), nullptr, raw, on_answer, this,
                              0);  // no time limit here: ScopeStart has one
  }
  return error;
}

std::optional<Status> ScopeStart::Call::process() {
  int error = 0;
  do {
    error = sd_bus_process(bus.get(), nullptr);
  } while (error > 0 && !result);
  if (!result && error < 0) result = failed("systemd closed the connection", error);
  if (!result && !job.empty() && over.contains(job)) result = Status(Done{});
  return result;
}

Result<std::unique_ptr<ScopeStart>> ScopeStart::begin(Loop& loop, Deadlines& deadlines,
                                                      const ScopeRequest& request,
                                                      UseExisting use_existing,
                                                      OnStarted on_started, Microseconds patience) {
  auto bus = connect(request.of_user);
  if (!bus) return bus.error();
  auto call = std::make_unique<Call>();
  call->request = request;
  call->use_existing = std::move(use_existing);
  call->bus = std::move(*bus);
  if (auto begun = call->begin(); !begun) return begun.error();
  std::unique_ptr<ScopeStart> start(
      new ScopeStart(loop, deadlines, std::move(call), std::move(on_started)));
  start->patience_ = deadlines.add(loop.now().boot + patience, [start = start.get()] {
    start->patience_.reset();
    const Call& late = *start->call_;
    start->finish(Error{ErrorCode::System, late.exists.empty() ? "systemd did not start " +
                                                                     late.request.name + " in time"
                                                               : late.exists});
  });
  return start;
}

ScopeStart::ScopeStart(Loop& loop, Deadlines& deadlines, std::unique_ptr<Call> call,
                       OnStarted on_started)
    : deadlines_(deadlines),
      on_started_(std::move(on_started)),
      call_(std::move(call)),
      poll_(
          std::make_unique<Poll>(loop, sd_bus_get_fd(call_->bus.get()), [this](int) { go_on(); })) {
  poll_->watch(UV_READABLE | UV_WRITABLE);  // it still has to connect
}

ScopeStart::~ScopeStart() {
  if (patience_) deadlines_.cancel(*patience_);
}

void ScopeStart::go_on() {
  if (const auto result = call_->process()) {
    finish(*result);
    return;
  }
  const int events = sd_bus_get_events(call_->bus.get());
  const bool wants_write = events > 0 && (events & POLLOUT) != 0;
  poll_->watch(UV_READABLE | (wants_write ? UV_WRITABLE : 0));
}

void ScopeStart::finish(const Status& status) {
  poll_.reset();
  if (patience_) deadlines_.cancel(*patience_);
  patience_.reset();
  const OnStarted told = std::move(on_started_);
  told(status);  // last: it may destroy this
}

}  // namespace thermos
