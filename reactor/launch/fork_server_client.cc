#include "reactor/launch/fork_server_client.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "reactor/os/close_together.h"
#include "reactor/os/errors.h"
#include "reactor/os/launch_error.h"
#include "reactor/os/program_beside.h"

namespace thermos {
namespace {

constexpr const char* kProgramName = "thermos-coordinator";
// The descriptor under which the server expects its socket (coordinator/fork_server.h).
constexpr int kServerSocket = 3;
// The descriptor under which the server expects the socket for write failures.
constexpr int kServerWriteFailures = 4;
// An unprivileged user may have only RLIMIT_NOFILE descriptors in messages that were not received
// yet, in all programs together (ETOOMANYREFS, unix(7)). A launch has at least three.
constexpr std::size_t kMaxUnderWay = 64;
// Room for several of the largest messages; the kernel reduces it to its limit (net.core.wmem_max).
constexpr int kSocketBytes = 1024 * 1024;

// Sets the soft limit of descriptors for as long as this lives.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t soft) {
    known_ = ::getrlimit(RLIMIT_NOFILE, &before_) == 0;
    const rlimit now{std::min(soft, before_.rlim_max), before_.rlim_max};
    if (known_) ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~DescriptorLimit() {
    if (known_) ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
  bool known_ = false;
};

}  // namespace

Result<ForkServerClient> ForkServerClient::start(std::string program) {
  if (program.empty()) {
    auto found = program_beside(kProgramName);
    if (!found) return found.error();
    program = std::move(*found);
  }
  ForkServerClient server(std::move(program));
  if (rlimit now{}; ::getrlimit(RLIMIT_NOFILE, &now) == 0) server.descriptors_ = now.rlim_cur;
  if (auto status = server.open_write_failures(); !status) return status.error();
  if (auto status = server.spawn(); !status) return status.error();
  return server;
}

Status ForkServerClient::open_write_failures() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    return system_error("cannot make the coordinators' socket", errno);
  write_failures_.reset(ends[0]);
  const Descriptor low(ends[1]);
  // The copy must not have a number that the server's descriptors get.
  their_write_failures_.reset(::fcntl(low.get(), F_DUPFD_CLOEXEC, kServerWriteFailures + 1));
  if (!their_write_failures_) return system_error("cannot make the coordinators' socket", errno);
  return Done{};
}

std::optional<WriteFailure> ForkServerClient::receive_write_failure() {
  for (;;) {
    alignas(8) std::array<std::byte, 2 * kWriteFailureBytes> room;
    const ssize_t size = ::recv(write_failures_.get(), room.data(), room.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::nullopt;
    const auto failure = decode_write_failure(
        std::span<const std::byte>(room).first(static_cast<std::size_t>(size)));
    if (failure) return *failure;
  }
}

Status ForkServerClient::spawn() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return system_error("cannot make the fork server's socket", errno);
  Descriptor ours(ends[0]);
  const Descriptor theirs(ends[1]);
  ::setsockopt(ours.get(), SOL_SOCKET, SO_SNDBUF, &kSocketBytes, sizeof kSocketBytes);
  // Only our end is non-blocking: the server's calls block.
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);

  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  int error_number =
      ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (error_number == 0) {
    error_number =
        ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  }
  // adddup2 clears O_CLOEXEC even if the descriptor already has that number. It refuses a number
  // above the soft limit.
  if (error_number == 0) {
    error_number = ::posix_spawn_file_actions_adddup2(&files, theirs.get(), kServerSocket);
  }
  if (error_number == 0) {
    error_number = ::posix_spawn_file_actions_adddup2(&files, their_write_failures_.get(),
                                                      kServerWriteFailures);
  }
  // The server starts with all signals blocked and in a session of its own, so that a Ctrl-C for us
  // cannot end it before it does the same itself.
  sigset_t all;
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  std::string name = kProgramName;
  char* const arguments[] = {name.data(), nullptr};
  char* const environment[] = {nullptr};
  pid_t pid = 0;
  if (error_number == 0) {
    // The limit holds only for this call: everything else needs descriptors of our own, however
    // many we have.
    const DescriptorLimit limit(descriptors_);
    error_number =
        ::posix_spawn(&pid, program_.c_str(), &files, &attributes, arguments, environment);
  }
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  if (error_number != 0) return system_error("cannot start " + program_, error_number);

  socket_ = std::move(ours);
  pid_ = pid;
  died_ = false;
  broken_ = false;
  blocked_ = false;
  answers_.clear();
  all_read_ = false;
  return Done{};
}

bool ForkServerClient::has_room() const {
  return !broken_ && !blocked_ && !held_ && sent_.size() < kMaxUnderWay;
}

bool ForkServerClient::wants_write() const {
  return blocked_ && !broken_ && !queue_.empty();
}

Result<ForkServerClient::SendOutcome> ForkServerClient::launch(const Launch& launch,
                                                               Descriptor stream, Descriptor out,
                                                               Descriptor err, MakeGroup make_group,
                                                               std::vector<Descriptor> more) {
  auto message = encode(launch);
  if (!message) return message.error();
  queue_.push_back({launch.ticket,
                    std::move(*message),
                    {std::move(stream), std::move(out), std::move(err)},
                    std::move(more),
                    std::move(make_group),
                    {}});
  const std::size_t refused = refused_.size();
  flush();
  if (!queue_.empty()) return SendOutcome::Queued;
  if (refused_.size() > refused && refused_.back().ticket == launch.ticket) {
    const int error_number = refused_.back().error;
    refused_.pop_back();
    return system_error(may_pass(error_number) ? ErrorCode::System : ErrorCode::Usage,
                        "cannot hand " + launch.process + " to the fork server", error_number);
  }
  return SendOutcome::Sent;
}

int ForkServerClient::send(const Pending& pending) {
  std::array<int, kMaxLaunchDescriptors> descriptors{};
  std::size_t count = 0;
  for (const Descriptor& one : pending.descriptors) descriptors[count++] = one.get();
  for (const Descriptor& one : pending.more) descriptors[count++] = one.get();
  if (pending.group) descriptors[count++] = pending.group.get();
  const std::size_t bytes = count * sizeof(int);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptors)> control{};
  // iovec has no const, but sendmsg() does not write to the bytes.
  iovec part{const_cast<std::byte*>(pending.message.data()), pending.message.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(bytes);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(bytes);
  std::memcpy(CMSG_DATA(header), descriptors.data(), bytes);
  ssize_t size = 0;
  do {
    size = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
  } while (size < 0 && errno == EINTR);
  return size < 0 ? errno : 0;
}

void ForkServerClient::flush() {
  while (!queue_.empty() && has_room()) {
    Pending& next = queue_.front();
    if (const auto make_group = std::exchange(next.make_group, nullptr)) next.group = make_group();
    const int error_number = send(next);
    if (error_number == 0) {
      sent_.insert(next.ticket);
    } else if (error_number == EAGAIN) {
      blocked_ = true;
      return;
    } else if (error_number == EPIPE || error_number == ECONNRESET) {
      // Earlier answers are still in the socket; receive() detects the end.
      broken_ = true;
      return;
    } else if (error_number == ETOOMANYREFS && !sent_.empty()) {
      return;  // an answer makes room
    } else {
      refused_.push_back({next.ticket, 0, error_number});
    }
    // This closes our copies: from here on only the message holds the lock.
    close_together(next.descriptors);
    queue_.pop_front();
  }
}

int ForkServerClient::read_answers() {
  constexpr std::size_t kMost = 16;
  alignas(8) std::array<std::array<std::byte, 2 * kLaunchedBytes>, kMost> rooms;
  std::array<iovec, kMost> parts{};
  std::array<mmsghdr, kMost> messages{};
  const std::size_t wanted = std::clamp<std::size_t>(sent_.size(), 1, kMost);
  for (std::size_t i = 0; i < wanted; ++i) {
    parts[i] = {rooms[i].data(), rooms[i].size()};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int got = ::recvmmsg(socket_.get(), messages.data(), static_cast<unsigned>(wanted),
                             MSG_DONTWAIT, nullptr);
  if (got < 0) return errno;
  const auto count = static_cast<std::size_t>(got);
  all_read_ = count < wanted;
  for (std::size_t i = 0; i < count; ++i) {
    const auto answer =
        decode_launched(std::span<const std::byte>(rooms[i]).first(messages[i].msg_len));
    answers_.push_back(answer ? std::optional(*answer) : std::nullopt);
  }
  return 0;
}

std::optional<Launched> ForkServerClient::receive() {
  if (!refused_.empty()) {
    const Launched refused = refused_.front();
    refused_.pop_front();
    return refused;
  }
  while (!died_) {
    if (answers_.empty()) {
      if (std::exchange(all_read_, false)) return std::nullopt;
      const int error_number = read_answers();
      // The server died with unread launches: ECONNRESET comes once, before the remaining answers.
      if (error_number == EINTR || error_number == ECONNRESET) continue;
      // After a shortage of memory the answer is still there, and the poll reports it again.
      if (error_number == EAGAIN || error_number == ENOMEM || error_number == ENOBUFS) {
        return std::nullopt;
      }
      if (error_number != 0) {
        ::shutdown(socket_.get(), SHUT_RDWR);  // the server's end replaces the answer
        break;
      }
    }
    const std::optional<Launched> answer = answers_.front();
    answers_.pop_front();
    if (!answer || sent_.erase(answer->ticket) == 0) {
      // This is the server's end, or an answer that our server would not send (an unknown ticket).
      // The server is made to end, and is treated as one that died.
      ::shutdown(socket_.get(), SHUT_RDWR);
      break;
    }
    blocked_ = false;  // the server has received a message, so the socket has room
    flush();
    return *answer;
  }
  died_ = true;
  broken_ = true;
  return std::nullopt;
}

void ForkServerClient::go_on() {
  held_ = false;
  flush();
}

void ForkServerClient::on_writable() {
  blocked_ = false;
  flush();
}

Result<std::vector<std::uint64_t>> ForkServerClient::restart() {
  if (auto status = spawn(); !status) return status.error();
  std::vector<std::uint64_t> lost(sent_.begin(), sent_.end());
  sent_.clear();
  return lost;
}

}  // namespace thermos
