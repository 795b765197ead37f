#include "reactor/host/probes.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "reactor/launch/run_environment.h"
#include "reactor/os/as_user.h"

namespace thermos {
namespace {

// Adds an IP address. Does nothing if `host` is no IP address.
void add_address(std::vector<SocketAddress>& to, const std::string& host, std::uint16_t port) {
  SocketAddress address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.bytes);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.bytes);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof(sockaddr_in);
  } else if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof(sockaddr_in6);
  } else {
    return;
  }
  to.push_back(address);
}

std::vector<SocketAddress> addresses_of(const HostPort& to) {
  std::vector<SocketAddress> addresses;
  if (to.host == "localhost") {
    add_address(addresses, "127.0.0.1", to.port);
    add_address(addresses, "::1", to.port);
  } else {
    add_address(addresses, to.host, to.port);
  }
  return addresses;
}

SocketAddress unix_address(int path) {
  SocketAddress address;
  auto* named = reinterpret_cast<sockaddr_un*>(&address.bytes);
  named->sun_family = AF_UNIX;
  // Uses the path of the descriptor, so that it is the file that was looked up, and its own path
  // may be longer than sun_path.
  const std::string name = "/proc/self/fd/" + std::to_string(path);
  std::memcpy(named->sun_path, name.c_str(), name.size() + 1);
  address.size = sizeof(sockaddr_un);
  return address;
}

}  // namespace

Probes::Probes(Reactor& reactor, const TaskSetup& setup, Answer answer)
    : reactor_(reactor), setup_(setup), site_(setup.header), answer_(std::move(answer)) {}

void Probes::ask(const Probe& probe) {
  connections_.erase(probe.process);
  const Asking& asking = asking_of(setup_.task->processes[probe.process], probe.purpose);
  const ProbeRequest request{probe, question_of(asking),
                             add_saturated(reactor_.loop().now().boot, asking.timeout)};
  switch (request.question.kind) {
    case QuestionKind::Tcp:
      return ask_tcp(request);
    case QuestionKind::Unix:
      return ask_unix(request);
    case QuestionKind::Http:
      return ask_http(request);
    case QuestionKind::File:
      return ask_file(request);
    case QuestionKind::Log:
      return ask_log(request);
    case QuestionKind::Cmd:
      return ask_command(request);
    case QuestionKind::Notify:
      return;  // the process itself reports that it is ready
  }
}

void Probes::ask_tcp(const ProbeRequest& request) {
  connect(request, addresses_of(*read_host_port(request.question.text)), {});
}

void Probes::ask_http(const ProbeRequest& request) {
  const HttpUrl url = *read_http_url(request.question.text);
  connect(request, addresses_of(url.to),
          "GET " + url.target + " HTTP/1.1\r\nHost: " + url.authority +
              "\r\nUser-Agent: thermos-reactor\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

void Probes::ask_unix(const ProbeRequest& request) {
  const Descriptor path = open_path(request);
  if (path) connect(request, {unix_address(path.get())}, {});
}

void Probes::ask_file(const ProbeRequest& request) {
  if (open_path(request)) say(request, true, {});
}

void Probes::ask_log(const ProbeRequest& request) {
  if (const std::string why = find_user(); !why.empty()) return say(request, false, why);
  auto& log = logs_[request.probe.process];
  if (!log || log->run() != request.probe.run) {
    const ProcessConfig& process = setup_.task->processes[request.probe.process];
    const Logger logger = process.logger.value_or(Logger());
    log = std::make_unique<LogProbe>(setup_.header, *user_, process.name, request.probe.run,
                                     logger.mode == LogMode::Rotate ? logger.rotate.backups : 0,
                                     std::move(*Pattern::compile(request.question.text)));
  }
  const std::string failure = log->look();
  const bool found = log->found();
  if (found) log.reset();
  say(request, found, found ? "" : failure.empty() ? "no line matches" : failure);
}

void Probes::ask_command(const ProbeRequest& request) {
  const ProcessConfig& process = setup_.task->processes[request.probe.process];
  auto& command = commands_[request.probe.process];
  if (command && !command->over()) return say(request, false, "the last command has not ended yet");
  Launch launch;
  launch.process = process.name;
  launch.run = request.probe.run;
  launch.seq = 1;
  if (auto error = site_.fill(*setup_.task, process, launch)) {
    return say(request, false, error->reason);
  }
  launch.cmdline = request.question.text;
  launch.arguments.clear();
  launch.input.clear();
  complete_environment(setup_.header, *setup_.task, {request.probe.process, request.probe.run},
                       launch.environment);
  command = std::make_unique<CommandProbe>(
      reactor_, std::move(launch), request.until,
      [this, request](bool ready, const std::string& text) { say(request, ready, text); });
  if (const std::string why = command->start(); !why.empty()) say(request, false, why);
}

void Probes::connect(const ProbeRequest& request, std::vector<SocketAddress> addresses,
                     std::string bytes) {
  if (addresses.empty()) return say(request, false, "not an IP address");
  if (const std::string why = find_user(); !why.empty()) return say(request, false, why);
  auto& probe = connections_[request.probe.process];
  probe = std::make_unique<ConnectionProbe>(
      reactor_.loop(), reactor_.deadlines(), *user_, std::move(addresses), std::move(bytes),
      [this, request](bool ready, const std::string& text) { say(request, ready, text); });
  probe->start(request.until);
}

void Probes::say(const ProbeRequest& request, bool yes, std::string_view text) {
  ProbeAnswered answer{request.probe.process, request.probe.run, yes, std::string(text),
                       request.probe.purpose};
  if (yes) {
    answer.text = text_of(request.question).append(text.empty() ? "" : ": ").append(text);
  }
  answer_(answer);
}

std::string Probes::find_user() {
  if (user_) return {};
  TaskUser user;
  if (auto error = find_task_user(setup_.header.user, user, setup_.header.uid))
    return error->reason;
  user_ = std::move(user);
  return {};
}

// Returns the path of the probe, relative to the sandbox.
std::string Probes::path_of(const ProbeRequest& request) const {
  const std::string path(request.question.text);
  const std::string& own = setup_.task->processes[request.probe.process].cwd;
  const std::string& cwd = own.empty() ? setup_.task->cwd : own;
  return path.starts_with('/') || cwd.empty() ? path : cwd + "/" + path;
}

Descriptor Probes::open_path(const ProbeRequest& request) {
  if (const std::string why = find_user(); !why.empty()) {
    say(request, false, why);
    return {};
  }
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  // The process's "/" is its sandbox.
  if (setup_.header.chroot) how.resolve = RESOLVE_IN_ROOT;
  const std::string name = path_of(request);
  Descriptor path;
  int error_number = EPERM;
  if (const AsUser as_user(*user_); as_user.holds()) {
    const Descriptor base(::open(setup_.header.sandbox.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    path.reset(
        static_cast<int>(::syscall(SYS_openat2, base.get(), name.c_str(), &how, sizeof how)));
    error_number = errno;
  }
  if (!path) say(request, false, std::strerror(error_number));
  return path;
}

}  // namespace thermos
