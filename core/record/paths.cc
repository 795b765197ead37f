#include "core/record/paths.h"

#include "core/base/text.h"
#include "core/base/utf8.h"

namespace thermos {
namespace {

constexpr std::string_view kCoordinatorPrefix = "coordinator.";
constexpr std::size_t kMaxFileName = 255;

std::string join(std::string_view a, std::string_view b) {
  std::string path;
  path.reserve(a.size() + b.size() + 1);
  path.append(a).append("/").append(b);
  return path;
}

}  // namespace

Paths Paths::on_node(std::string_view node) const {
  Paths paths(root_);
  paths.below_ = join("/nodes", node);
  return paths;
}

std::string Paths::active_task(std::string_view task_id) const {
  return join(active_dir(), task_id);
}
std::string Paths::finished_task(std::string_view task_id) const {
  return join(finished_dir(), task_id);
}
std::string Paths::checkpoint_dir(std::string_view task_id) const {
  return join(checkpoints_dir(), task_id) + below_;
}
std::string Paths::runner_stream(std::string_view task_id) const {
  return join(checkpoint_dir(task_id), "runner");
}
std::string Paths::coordinator_stream(std::string_view task_id, std::string_view process) const {
  return join(checkpoint_dir(task_id), coordinator_file(process));
}
std::string Paths::replacement(std::string_view task_id, std::uint32_t generation) const {
  return join(checkpoint_dir(task_id), replacement_file(generation));
}
std::string Paths::leader_socket(std::string_view task_id) const {
  return join(checkpoint_dir(task_id), "leader");
}
std::string Paths::default_log_dir(std::string_view task_id) const {
  return join(root_ + "/logs", task_id);
}
std::string Paths::default_sandbox(std::string_view task_id) const {
  return join(root_ + "/sandboxes", task_id);
}

std::string run_log_dir(std::string_view log_dir, std::string_view process, std::uint32_t run) {
  return join(join(log_dir, process), std::to_string(run));
}

std::string replacement_file(std::uint32_t generation) {
  return "replacement." + std::to_string(generation);
}

std::string coordinator_file(std::string_view process) {
  return std::string(kCoordinatorPrefix).append(process);
}

std::string_view process_of_file(std::string_view file) {
  if (!file.starts_with(kCoordinatorPrefix)) return {};
  return file.substr(kCoordinatorPrefix.size());
}

Status check_task_id(std::string_view task_id) {
  if (may_be_task(task_id) && !holds_control(task_id) && is_utf8(task_id)) return Done{};
  return Error{ErrorCode::Usage,
               "a task id is a file name: 1 to 255 bytes of UTF-8, no '/', no leading '.', no "
               "control characters"};
}

bool may_be_task(std::string_view name) {
  return !name.empty() && name.size() <= kMaxFileName && name.front() != '.' &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

}  // namespace thermos
