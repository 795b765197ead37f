#include "coordinator/fork_server.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <optional>
#include <span>

#include "capnp/launch.h"
#include "coordinator/kernel.h"
#include "coordinator/line_buffer.h"
#include "coordinator/run_supervisor.h"

namespace thermos::coordinator {
namespace {

constexpr std::size_t kStackBytes = std::size_t{32} * 1024;
// A string in a message's list takes at least 16 bytes, a group id 4.
constexpr std::size_t kMaxTexts = kMaxLaunchBytes / 16 + 1;
constexpr std::size_t kMaxGroups = kMaxLaunchBytes / 4;
constexpr std::size_t kDescriptorsSeen = 16;

// Everything that is written for a launch and not needed once the shell runs. It has a mapping of
// its own, which a coordinator unmaps. Otherwise, when the server writes here for the next launch,
// copy-on-write would leave the old page as a private page of the last coordinator.
struct Workspace {
  alignas(16) std::array<std::byte, kStackBytes> stack;
  alignas(8) std::array<std::byte, kMaxLaunchBytes> message;
  std::array<const char*, kMaxTexts> environment;
  std::array<const char*, kMaxTexts> arguments;
  std::array<std::uint32_t, kMaxGroups> groups;
  std::array<SecretView, kMaxLaunchSecrets> secrets;
};

struct Packet {
  std::size_t size = 0;
  bool whole = false;
  bool right_count(const LaunchView& launch) const {
    const std::size_t least = launch.descriptors();
    return descriptor_count == least || descriptor_count == least + 1;  // with the group
  }
  std::size_t descriptor_count = 0;
  std::array<int, kDescriptorsSeen> descriptors{};

  void close_descriptors() const {
    for (std::size_t i = 0; i < descriptor_count; ++i) ::close(descriptors[i]);
  }
};

// Receives one message. Returns nothing when the other end is closed or the socket is broken.
std::optional<Packet> receive(int socket, std::span<std::byte> room) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptorsSeen * sizeof(int))> control;
  iovec part{room.data(), room.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && (errno == EINTR || errno == ENOMEM || errno == ENOBUFS));
  if (size <= 0) return std::nullopt;
  Packet packet;
  packet.size = static_cast<std::size_t>(size);
  packet.whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    packet.descriptor_count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    std::memcpy(packet.descriptors.data(), CMSG_DATA(c), packet.descriptor_count * sizeof(int));
  }
  return packet;
}

// Sends an answer. Returns false if the reactor will never get it. The reactor would wait for it
// for ever, so the server must end then: its end makes the reactor find out what became of its
// launches.
bool answer(int socket, const Launched& launched) {
  alignas(8) std::array<std::byte, kLaunchedBytes> room;
  const std::size_t size = encode(launched, room);
  ssize_t sent = 0;
  do {
    sent = ::send(socket, room.data(), size, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(size);
}

RunSupervisor::Descriptors descriptors_of(const LaunchView& launch, const Packet& packet) {
  const auto& given = packet.descriptors;
  RunSupervisor::Descriptors all;
  all.stream = given[0];
  all.out = given[1];
  all.err = given[2];
  std::size_t next = 3;
  if (launch.rotate_size != 0) all.directory = given[next++];
  if (launch.console) {
    all.consoles = {given[next], given[next + 1]};
    next += 2;
  }
  if (next < packet.descriptor_count) all.group = given[next];
  return all;
}

[[noreturn]] void coordinate(pid_t reactor, int write_failures, const LaunchView& launch,
                             const Packet& packet, Workspace* workspace) {
  ::setsid();
  if (launch.ends_with_us) {
    // Our parent is the reactor. If it died before this call, no signal comes.
    ::prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
    if (::getppid() != reactor) ::kill(::getpid(), SIGUSR1);
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  ::prctl(PR_SET_NAME, "coordinator", 0, 0, 0);
  // If stderr is a terminal, a coordinator must not keep it open for as long as the process runs.
  ::dup2(STDIN_FILENO, STDERR_FILENO);

  SpawnRequest request;
  request.launch = &launch;
  RunSupervisor::Descriptors descriptors = descriptors_of(launch, packet);
  descriptors.write_failures = write_failures;
  RunSupervisor supervisor(request, descriptors, STDIN_FILENO, workspace->stack);
  if (supervisor.begin()) {
    ::munmap(workspace, sizeof *workspace);
    supervisor.finish();
  }
  ::_exit(0);
}

}  // namespace

int serve_launches(int socket, int write_failures) {
  void* memory = ::mmap(nullptr, sizeof(Workspace), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    LineBuffer().add("thermos-coordinator: no memory for the launch buffer").print();
    return 1;
  }
  // A huge page would be copied as a whole when its first byte is written after a clone.
  ::madvise(memory, sizeof(Workspace), MADV_NOHUGEPAGE);
  auto* workspace = new (memory) Workspace;  // default-initialised: it writes nothing
  // Read only here: when the reactor is dead, launches may still be queued, and another process is
  // our parent then.
  const pid_t reactor = ::getppid();

  for (;;) {
    const std::optional<Packet> packet = receive(socket, workspace->message);
    if (!packet) return 0;

    LaunchView launch;
    const bool readable = decode_launch(
        std::span<const std::byte>(workspace->message).first(packet->size), launch,
        {workspace->environment, workspace->arguments, workspace->groups, workspace->secrets});
    if (!readable || !packet->whole || !packet->right_count(launch)) {
      packet->close_descriptors();
      if (readable) {
        if (!answer(socket, {launch.ticket, 0, EBADMSG})) return 1;
      } else {
        LineBuffer().add("thermos-coordinator: ignored a message that is not a launch").print();
      }
      continue;
    }

    // fork() is not used: its child would be ours and not the reactor's, and run atfork handlers.
    const long pid = ::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, 0L);
    if (pid == 0) {
      ::close(socket);
      coordinate(reactor, write_failures, launch, *packet, workspace);
    }
    const int error_number = pid < 0 ? errno : 0;
    // The descriptors are closed before the answer, so that the stream's lock is free when the
    // reactor reads of a failed launch.
    packet->close_descriptors();
    if (!answer(socket,
                {launch.ticket, pid < 0 ? 0 : static_cast<std::int32_t>(pid), error_number})) {
      return 1;
    }
  }
}

}  // namespace thermos::coordinator
