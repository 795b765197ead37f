// The paths of all files under a root directory (FORMAT.md lists them). Nothing here accesses the
// disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace thermos {

class Paths {
 public:
  // `root` is absolute.
  explicit Paths(std::string root) : root_(std::move(root)) {}

  // Returns paths under the same root, with the checkpoint directory of a task that the server of
  // `node` keeps.
  Paths on_node(std::string_view node) const;

  const std::string& root() const { return root_; }
  std::string active_dir() const { return root_ + "/tasks/active"; }
  std::string finished_dir() const { return root_ + "/tasks/finished"; }
  std::string checkpoints_dir() const { return root_ + "/checkpoints"; }
  std::string active_task(std::string_view task_id) const;
  std::string finished_task(std::string_view task_id) const;
  std::string checkpoint_dir(std::string_view task_id) const;
  std::string runner_stream(std::string_view task_id) const;
  std::string coordinator_stream(std::string_view task_id, std::string_view process) const;
  // The file of the configuration that is to replace the task's, as number `generation`.
  std::string replacement(std::string_view task_id, std::uint32_t generation) const;
  // The socket on which the task's leader accepts requests.
  std::string leader_socket(std::string_view task_id) const;
  // The log directory of `thermos run` without --sandbox, and the daemon's default sandbox.
  std::string default_log_dir(std::string_view task_id) const;
  std::string default_sandbox(std::string_view task_id) const;

 private:
  std::string root_;
  std::string below_;  // of a task's checkpoint directory: "/nodes/NAME", or empty
};

// Returns <log_dir>/<process>/<run>.
std::string run_log_dir(std::string_view log_dir, std::string_view process, std::uint32_t run);

// The file name of a process's stream in the checkpoint directory, and the process to which such a
// file name belongs; process_of_file() returns "" for any other name.
std::string coordinator_file(std::string_view process);
std::string_view process_of_file(std::string_view file);

// The name, in the checkpoint directory, of the file with the configuration that is to replace the
// task's.
std::string replacement_file(std::uint32_t generation);

// Checks a new task's id: a file name (1 to 255 bytes, no '/', no leading '.') of UTF-8 without
// control characters. Fails with Usage.
Status check_task_id(std::string_view task_id);

// Whether an existing task may have this id. Earlier versions accepted any file name; such tasks
// are still run, shown and killed, but check_task_id() refuses the id for a new task.
bool may_be_task(std::string_view name);

}  // namespace thermos
