#include "reactor/serve/node_claim.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>

#include "reactor/os/errors.h"
#include "reactor/os/identity.h"
#include "reactor/os/lock_holder.h"

namespace thermos {
namespace {

// What the file holds: "LEAD PID TICKS BOOT-HIGH BOOT-LOW".
struct Holder {
  std::uint64_t lead = 0;
  Identity server;
  BootId boot;
};

std::optional<Holder> read_holder(int fd) {
  std::array<char, 256> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size() - 1, 0);
  if (size <= 0) return std::nullopt;
  Holder holder;
  // NOLINTNEXTLINE(cert-err34-c): a number that is out of range is that of no server
  const int fields = std::sscanf(
      text.data(), "%" SCNu64 " %" SCNd32 " %" SCNu64 " %" SCNx64 " %" SCNx64, &holder.lead,
      &holder.server.pid, &holder.server.ticks, &holder.boot.high, &holder.boot.low);
  return fields == 5 ? std::optional(holder) : std::nullopt;
}

bool write_holder(int fd, const Holder& holder) {
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

// Who holds the lock as the kernel says, or else as the file says: the holder may be in another pid
// namespace, or have written nothing yet.
void ask_to_give_up(const std::string& path, const std::optional<Holder>& holder,
                    const BootId& boot) {
  std::optional<Identity> server = lock_holder(path);
  if (!server && holder && holder->boot == boot) server = holder->server;
  if (!server) return;
  send_signal(*server, SIGHUP);
  send_signal(*server, SIGCONT);
}

}  // namespace

Result<NodeClaim> NodeClaim::take(const std::string& directory, std::uint64_t lead,
                                  const BootId& boot) {
  const std::string path = directory + "/server";
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return system_error("cannot open " + path, errno);
  int locked = ::flock(file.get(), LOCK_EX | LOCK_NB);
  if (locked != 0 && errno == EWOULDBLOCK) {
    const std::optional<Holder> holder = read_holder(file.get());
    if (holder && holder->lead > lead) return superseded(path);
    ask_to_give_up(path, holder, boot);
    do {
      locked = ::flock(file.get(), LOCK_EX);
    } while (locked != 0 && errno == EINTR);
  }
  if (locked != 0) return system_error("cannot lock " + path, errno);
  const std::optional<Holder> before = read_holder(file.get());
  if (before && before->lead > lead) return superseded(path);
  const auto self = read_stat(::getpid());
  const Holder ours{lead, self ? self->identity : Identity{::getpid(), 0}, boot};
  if (!write_holder(file.get(), ours)) return system_error("cannot write " + path, errno);
  return NodeClaim(std::move(file));
}

}  // namespace thermos
