#include "reactor/store/unsynced_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <spdlog/spdlog.h>

#include "reactor/os/descriptor.h"
#include "reactor/store/compaction.h"

namespace thermos {

std::string unsynced_mark_of(const std::string& stream) {
  return stream + ".unsynced";
}

Status mark_unsynced(const std::string& stream, Status synced) {
  if (synced) return synced;
  const std::string mark = unsynced_mark_of(stream);
  const Descriptor made(
      ::open(mark.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!made) {
    spdlog::error(
        "cannot make {}: {}; who goes on with the task before the machine is started "
        "anew takes records for durable that are not",
        mark, std::strerror(errno));
  }
  return synced;
}

Result<StreamWriter> write_unsynced_again(const std::string& stream, const History& history) {
  auto rewritten = compact_stream(stream, history, true);
  if (!rewritten) return rewritten;
  if (auto named = rewritten->sync_name(); !named) return named.error();
  ::unlink(unsynced_mark_of(stream).c_str());
  spdlog::warn("{}: a runner before could not sync it, so it was written anew", stream);
  return rewritten;
}

}  // namespace thermos
