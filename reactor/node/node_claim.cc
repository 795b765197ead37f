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
#include <optional>
#include <string>
#include <utility>

#include "core/runner/node_claim_rule.h"
#include "reactor/os/errors.h"
#include "reactor/os/identity.h"
#include "reactor/os/lock_holder.h"
#include "reactor/os/pidfd.h"

namespace thermos {
namespace {

// The pauses between two looks at the lock: no event reports that it is free. A server that blocked
// in flock(2) would not see that another server got the lock before it, and nobody would tell that
// server to give it up.
constexpr Microseconds kFirstPause = kSecond / 1000;
constexpr Microseconds kLastPause = kSecond / 2;

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

NodeClaim::NodeClaim(Loop& loop, Deadlines& deadlines, std::string directory, std::uint64_t lead,
                     const BootId& boot, std::function<void(const Status&)> taken)
    : loop_(loop),
      deadlines_(deadlines),
      path_(std::move(directory) + "/server"),
      taken_(std::move(taken)),
      pause_(kFirstPause) {
  const auto self = read_stat(::getpid());
  ours_ = {lead, self ? self->identity : Identity{::getpid(), 0}, boot};
}

NodeClaim::~NodeClaim() {
  if (timer_) deadlines_.cancel(*timer_);
}

void NodeClaim::begin() {
  file_.reset(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file_) return taken_(system_error("cannot open " + path_, errno));
  ask();
}

void NodeClaim::ask() {
  timer_.reset();
  const auto ours = ask_once();
  if (!ours) return taken_(ours.error());
  if (*ours) return taken_(Done{});
  timer_ = deadlines_.add(loop_.now().boot + pause_, [this] { ask(); });
  pause_ = std::min(2 * pause_, kLastPause);
}

Result<bool> NodeClaim::ask_once() {
  const int locked = ::flock(file_.get(), LOCK_EX | LOCK_NB);
  if (locked != 0 && errno != EWOULDBLOCK && errno != EINTR) {
    return system_error("cannot lock " + path_, errno);
  }
  const ClaimVerdict verdict = judge_claim(ours_, locked != 0, read_holder(file_.get()),
                                           locked != 0 ? lock_holder(path_) : std::nullopt);
  switch (verdict.step) {
    case ClaimVerdict::Step::Refuse:
      return superseded(path_);
    case ClaimVerdict::Step::Take:
      if (!write_holder(file_.get(), ours_)) return system_error("cannot write " + path_, errno);
      return true;
    case ClaimVerdict::Step::Wait:
      break;
  }
  // Each server is told once. A second SIGHUP would kill a server that is ending, and an engine may
  // then end what that server started.
  if (verdict.hang_up && verdict.hang_up != told_) hang_up(*verdict.hang_up);
  if (verdict.hang_up) told_ = verdict.hang_up;
  return false;
}

}  // namespace thermos
