// Where everything lies under a root. Pure text: nothing here touches the disk.
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

  const std::string& root() const { return root_; }
  std::string active_dir() const { return root_ + "/tasks/active"; }
  std::string finished_dir() const { return root_ + "/tasks/finished"; }
  std::string checkpoints_dir() const { return root_ + "/checkpoints"; }
  std::string active_task(std::string_view task_id) const;
  std::string finished_task(std::string_view task_id) const;
  std::string checkpoint_dir(std::string_view task_id) const;
  std::string runner_stream(std::string_view task_id) const;
  std::string coordinator_stream(std::string_view task_id, std::string_view process) const;
  // The socket on which the task's leader takes requests.
  std::string leader_socket(std::string_view task_id) const;
  // Where `thermos run` without --sandbox keeps its logs, and the daemon its sandboxes.
  std::string default_log_dir(std::string_view task_id) const;
  std::string default_sandbox(std::string_view task_id) const;

 private:
  std::string root_;
};

// <log_dir>/<process>/<run>
std::string run_log_dir(std::string_view log_dir, std::string_view process, std::uint32_t run);

// The file name of a process's stream inside the checkpoint directory, and back: empty when `file`
// is not such a name.
std::string coordinator_file(std::string_view process);
std::string_view process_of_file(std::string_view file);

// A task id is a file name: 1 to 255 bytes, no '/', no leading '.'; and text: UTF-8 without control
// characters.
Status check_task_id(std::string_view task_id);

// Whether a task may be found under that name. Earlier versions took any file name for an id: such
// a task is led to its end, shown and killed like another, but no new one is made.
bool may_be_task(std::string_view name);

}  // namespace thermos
