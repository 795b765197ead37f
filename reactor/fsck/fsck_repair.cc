#include "reactor/fsck/fsck_repair.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "reactor/os/errors.h"
#include "reactor/os/files.h"
#include "reactor/store/task_store.h"
#include "reactor/store/unsynced_mark.h"

namespace thermos {
namespace {

// Reads the stream under its lock, truncates it and syncs it.
Result<std::string> cut_tail(StreamWriter& writer) {
  StreamPosition position;
  const auto end = read_stream(writer.fd(), writer.path(), position,
                               [](const Record& /*record*/) { return Status(Done{}); });
  if (!end) return end.error();
  if (*end == StreamEnd::Clean) return std::string("it has been completed meanwhile");
  struct stat info {};
  if (fstat(writer.fd(), &info) != 0) return system_error("cannot read its size", errno);
  if (auto cut = writer.resume_at(position, *end); !cut) return cut.error();
  if (auto synced = writer.sync(); !synced) return synced.error();
  return "cut off " + std::to_string(static_cast<std::size_t>(info.st_size) - position.offset) +
         " bytes at offset " + std::to_string(position.offset);
}

Result<std::string> cut_file(const std::string& path, StreamWriter& lead) {
  if (path == lead.path()) return cut_tail(lead);
  auto writer = StreamWriter::open_patiently(path);
  if (!writer) return writer.error();
  return cut_tail(*writer);
}

Result<std::string> remove_file(const std::string& path) {
  if (unlink(path.c_str()) != 0) return system_error("can't remove it", errno);
  return std::string("removed it");
}

// Syncs the stream, or writes it to a new file if an earlier sync of this one failed.
Status settle(StreamWriter& lead) {
  const std::string path = lead.path();
  if (!exists(unsynced_mark_of(path))) return mark_unsynced(path, lead.sync());
  auto stream = read_runner_stream(lead.fd(), path);
  if (!stream) return stream.error();
  auto rewritten = write_unsynced_again(path, stream->history);
  if (!rewritten) return rewritten.error();
  lead = std::move(*rewritten);
  return Done{};
}

// Moves the file of an ended task to tasks/finished. Syncs the stream first, because the runner may
// have died before the task's end was on the disk (--sync crash), and the end must be there before
// the file's new place is. Does not replace a file that somebody put there since the check
// (RENAME_NOREPLACE); a file system that does not support that returns EINVAL.
Result<std::string> move_task(const Paths& paths, const std::string& task_id, StreamWriter& lead) {
  if (auto settled = settle(lead); !settled) return settled.error();
  const std::string from = paths.active_task(task_id);
  const std::string to = paths.finished_task(task_id);
  int error =
      ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
  if (error == EINVAL || error == ENOSYS) error = exists(to) ? EEXIST : 0;
  if (error != 0) return system_error("cannot move " + from + " to " + to, error);
  if (auto moved = move_to_finished(paths, task_id, true); !moved) return moved.error();
  return std::string("moved it to tasks/finished");
}

// Removes the stream last, because its lock keeps others out until its name is gone.
Result<std::string> remove_unborn(const std::string& directory) {
  std::vector<std::string> files = list_directory(directory);
  std::stable_partition(files.begin(), files.end(),
                        [](const std::string& file) { return file != "runner"; });
  for (const std::string& file : files) {
    if (unlink((directory + "/" + file).c_str()) != 0)
      return system_error("can't remove " + file, errno);
  }
  if (rmdir(directory.c_str()) != 0) return system_error("can't remove it", errno);
  return std::string("removed it");
}

Result<std::string> carry_out(const Paths& paths, const std::string& task_id, StreamWriter& lead,
                              const Finding& finding) {
  switch (finding.remedy) {
    case Remedy::CutTail:
      return cut_file(finding.file, lead);
    case Remedy::RemoveFile:
      return remove_file(finding.file);
    case Remedy::MoveToFinished:
      return move_task(paths, task_id, lead);
    case Remedy::RemoveUnborn:
      return remove_unborn(finding.file);
    case Remedy::None:
      break;
  }
  return std::string();
}

}  // namespace

void repair_task(const Paths& paths, const std::string& task_id, StreamWriter& lead,
                 std::vector<Finding>& findings) {
  for (Finding& finding : findings) {
    if (finding.remedy == Remedy::None) continue;
    auto done = carry_out(paths, task_id, lead, finding);
    finding.repaired = done.ok();
    finding.did = done ? std::move(*done) : "not repaired: " + done.error().message;
  }
}

}  // namespace thermos
