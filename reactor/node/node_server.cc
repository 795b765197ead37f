#include "reactor/node/node_server.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <spdlog/spdlog.h>

#include "capnp/codec.h"
#include "capnp/nodes.h"
#include "core/config/load.h"
#include "reactor/host/reactor.h"
#include "reactor/node/node_claim.h"
#include "reactor/node/node_host.h"
#include "reactor/os/errors.h"
#include "reactor/os/files.h"
#include "reactor/os/task_user.h"
#include "reactor/pipe/frame_pipe.h"

namespace thermos {
namespace {

std::string own_hostname() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "";
}

// Returns the processors that an engine bound us to, which may be less than the machine has, and
// the memory of the machine.
Room own_room() {
  Room room;
  cpu_set_t cpus;
  if (::sched_getaffinity(0, sizeof cpus, &cpus) == 0) {
    room.cpu = std::int64_t{1000} * CPU_COUNT(&cpus);
  } else {
    room.cpu = std::int64_t{1000} * ::sysconf(_SC_NPROCESSORS_ONLN);
  }
  struct sysinfo machine {};
  if (::sysinfo(&machine) == 0) {
    room.ram = static_cast<std::int64_t>(machine.totalram) * machine.mem_unit;
  }
  return room;
}

class NodeServer {
 public:
  explicit NodeServer(Reactor& reactor);
  // Serves until the leader is gone or needs this node no more, or another server asks for it.
  void run();

 private:
  Status take(Bytes payload);
  Status take_first(nodes::ToNode message);
  Status begin();
  void node_is_ours();
  void say(const nodes::FromNode& message);
  void refuse(const Error& error);
  void over(std::string_view why);

  Reactor& reactor_;
  std::optional<nodes::Hello> hello_;
  std::string configuration_;
  // Set by begin().
  std::optional<TaskSetup> setup_;
  TaskUser user_;
  std::optional<NodeClaim> claim_;
  std::vector<nodes::ToNode> early_;  // came before the node was ours
  std::unique_ptr<NodeHost> host_;    // when it is
  std::unique_ptr<FramePipe> pipe_;
  bool over_ = false;
};

NodeServer::NodeServer(Reactor& reactor) : reactor_(reactor) {
  pipe_ = std::make_unique<FramePipe>(
      reactor_.loop(), Descriptor(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)),
      Descriptor(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)),
      FramePipe::Hooks{[this](Bytes payload) { return take(payload); },
                       [this](const std::string& why) { over(why); },
                       {},
                       [this] {
                         if (host_) host_->room();
                       }});
  // Only the pipe may use these two descriptors, and no process may inherit them.
  const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ::dup2(null.get(), STDIN_FILENO);
  ::dup2(null.get(), STDOUT_FILENO);
}

void NodeServer::run() {
  const SignalWatch hangup(reactor_.loop(), SIGHUP,
                           [this] { over("another server was started for this node"); });
  while (!over_) reactor_.loop().run();
  host_.reset();
  pipe_.reset();
  claim_.reset();  // after the other two, because from here on another server may launch
}

void NodeServer::over(std::string_view why) {
  spdlog::debug("the server ends: {}", why);
  over_ = true;
  reactor_.loop().stop();
}

void NodeServer::say(const nodes::FromNode& message) {
  pipe_->send([&](std::uint32_t& chain, std::vector<std::byte>& out) {
    return nodes::append_frame(message, reactor_.loop().now(), chain, out);
  });
  pipe_->flush();
}

void NodeServer::refuse(const Error& error) {
  say(nodes::Refused{error.message, error.code == ErrorCode::Busy});
  over(error.message);
}

Status NodeServer::take(Bytes payload) {
  auto message = nodes::decode_to_node(payload);
  if (!message) return message.error();
  if (host_) return host_->take(std::move(*message));
  if (!claim_) return take_first(std::move(*message));
  early_.push_back(std::move(*message));
  return Done{};
}

Status NodeServer::take_first(nodes::ToNode message) {
  if (auto* hello = std::get_if<nodes::Hello>(&message); hello != nullptr && !hello_) {
    if (hello->protocol != nodes::kProtocol) {
      refuse({ErrorCode::Usage, "the leader speaks protocol " + std::to_string(hello->protocol) +
                                    ", and this server " + std::to_string(nodes::kProtocol) +
                                    ": install the same thermos on both"});
      return Done{};
    }
    hello_ = std::move(*hello);
  } else if (const auto* part = std::get_if<nodes::Configuration>(&message); part && hello_) {
    configuration_ += part->part;
  } else {
    return Error{ErrorCode::Corrupt, "a message before the task is known"};
  }
  if (configuration_.size() < hello_->configuration_bytes) return Done{};
  if (auto begun = begin(); !begun) refuse(begun.error());
  return Done{};
}

Status NodeServer::begin() {
  const auto header = decode(hello_->header);
  if (!header) return header.error();
  const auto* where = std::get_if<RunnerHeader>(&*header);
  if (where == nullptr) return Error{ErrorCode::Corrupt, "a hello without the task's header"};
  auto task = config::load_bound(configuration_, "the task's configuration");
  if (!task) return task.error();
  if (auto valid = check_task_id(where->task_id); !valid) return valid;
  // A node with a disk of its own has no sandbox yet.
  const bool sandbox_is_missing = !exists(where->sandbox);
  TaskUser user;
  if (sandbox_is_missing || carries_files(*task)) {
    if (auto error = find_task_user(where->user, user, where->uid)) {
      return Error{ErrorCode::System, error->reason};
    }
  }
  TaskSetup setup{Paths(hello_->root).on_node(hello_->node),
                  std::make_shared<const TaskConfig>(std::move(*task)), *where};
  setup.node = hello_->node;
  setup.boot = reactor_.boot();
  const std::string directory = setup.paths.checkpoint_dir(where->task_id);
  if (auto made = make_directories(directory, 0700); !made) return made;
  if (sandbox_is_missing) {
    if (auto made = make_directories(where->sandbox, 0700); !made) return made;
    if (user.change && ::chown(where->sandbox.c_str(), user.uid, user.gid) != 0) {
      return system_error("cannot give " + where->sandbox + " to " + user.name, errno);
    }
  }
  setup_.emplace(std::move(setup));
  user_ = std::move(user);
  claim_.emplace(reactor_.loop(), reactor_.deadlines(), directory, hello_->lead, reactor_.boot(),
                 [this](const Status& taken) {
                   if (taken) {
                     node_is_ours();
                   } else {
                     refuse(taken.error());
                   }
                 });
  claim_->begin();
  return Done{};
}

void NodeServer::node_is_ours() {
  host_ = std::make_unique<NodeHost>(reactor_, *pipe_, std::move(*setup_), std::move(user_),
                                     [this] { over("the task wants no more of this node"); });
  say(nodes::Welcome{nodes::kProtocol, reactor_.boot(), own_hostname(), ::getpid(), own_room()});
  for (nodes::ToNode& message : std::exchange(early_, {})) {
    if (auto taken = host_->take(std::move(message)); !taken) return over(taken.error().message);
  }
}

}  // namespace

int serve_node() {
  {
    auto reactor = Reactor::make();
    if (!reactor) {
      spdlog::error("{}", reactor.error().message);
      return 1;
    }
    NodeServer(**reactor).run();
    // From here on SIGHUP would end us, and an engine may then end everything that it started here.
    std::signal(SIGHUP, SIG_IGN);
  }
  // The fork server has gone with the reactor. The children that are left are coordinators, and
  // orphans of coordinators that died.
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
  return 0;
}

}  // namespace thermos
