#include "reactor/fsck/fsck_repair.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "reactor/os/errors.h"
#include "reactor/os/files.h"
#include "reactor/store/task_store.h"

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

Result<std::string> move_task(const Paths& paths, const std::string& task_id) {
  if (auto moved = move_to_finished(paths, task_id, true); !moved) return moved.error();
  return std::string("moved it to tasks/finished");
}

// Removes the stream last: its lock keeps others out until its name is gone.
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
      return move_task(paths, task_id);
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
