#include "reactor/node/node_claim.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>

#include "core/runner/node_claim_rule.h"
#include "reactor/os/errors.h"
#include "reactor/os/identity.h"
#include "reactor/os/lock_holder.h"
#include "reactor/os/pidfd.h"

namespace thermos {
namespace {

// The pauses between two looks at the lock. A server that blocked in flock(2) would not see that
// another server got the lock before it, and nobody would tell that server to give it up.
constexpr long kFirstPause = 1'000'000;
constexpr long kLastPause = 500'000'000;

// The file holds "LEAD PID TICKS BOOT-HIGH BOOT-LOW".
std::optional<NodeHolder> read_holder(int fd) {
  std::array<char, 256> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size() - 1, 0);
  if (size <= 0) return std::nullopt;
  NodeHolder holder;
  // NOLINTNEXTLINE(cert-err34-c): a number that is out of range belongs to no server
  const int fields = std::sscanf(
      text.data(), "%" SCNu64 " %" SCNd32 " %" SCNu64 " %" SCNx64 " %" SCNx64, &holder.lead,
      &holder.server.pid, &holder.server.ticks, &holder.boot.high, &holder.boot.low);
  return fields == 5 ? std::optional(holder) : std::nullopt;
}

bool write_holder(int fd, const NodeHolder& holder) {
  std::array<char, 256> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%" PRIu64 " %" PRId32 " %" PRIu64 " %" PRIx64 " %" PRIx64 "\n",
      holder.lead, holder.server.pid, holder.server.ticks, holder.boot.high, holder.boot.low);
  return ::ftruncate(fd, 0) == 0 &&
         ::pwrite(fd, text.data(), static_cast<std::size_t>(size), 0) == static_cast<ssize_t>(size);
}

Error superseded(const std::string& path) {
  return {ErrorCode::Busy, "a later leader of the task has this node, by " + path};
}

void hang_up(const Identity& server) {
  send_signal(server, SIGHUP);
  send_signal(server, SIGCONT);
}

}  // namespace

Result<NodeClaim> NodeClaim::take(const std::string& directory, std::uint64_t lead,
                                  const BootId& boot) {
  const std::string path = directory + "/server";
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return system_error("cannot open " + path, errno);
  const auto self = read_stat(::getpid());
  const NodeHolder ours{lead, self ? self->identity : Identity{::getpid(), 0}, boot};
  std::optional<Identity> told;
  for (timespec pause{0, kFirstPause};; pause.tv_nsec = std::min(2 * pause.tv_nsec, kLastPause)) {
    const int locked = ::flock(file.get(), LOCK_EX | LOCK_NB);
    if (locked != 0 && errno != EWOULDBLOCK && errno != EINTR)
      return system_error("cannot lock " + path, errno);
    const ClaimVerdict verdict = judge_claim(ours, locked != 0, read_holder(file.get()),
                                             locked != 0 ? lock_holder(path) : std::nullopt);
    if (verdict.step == ClaimVerdict::Step::Refuse) return superseded(path);
    if (verdict.step == ClaimVerdict::Step::Take) break;
    // Each server is told once. A second SIGHUP would kill a server that is ending, and an engine
    // may then end what that server started.
    if (verdict.hang_up && verdict.hang_up != told) hang_up(*verdict.hang_up);
    if (verdict.hang_up) told = verdict.hang_up;
    ::nanosleep(&pause, nullptr);
  }
  if (!write_holder(file.get(), ours)) return system_error("cannot write " + path, errno);
  return NodeClaim(std::move(file));
}

}  // namespace thermos
