#include "reactor/store/task_logs_removal.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "reactor/os/descriptor.h"
#include "reactor/store/run_logs.h"

namespace thermos {
namespace {

std::optional<std::uint32_t> run_of(const std::string& name) {
  std::uint32_t run = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, run);
  return error == std::errc() && stop == end ? std::optional(run) : std::nullopt;
}

}  // namespace

TaskLogsRemoval::TaskLogsRemoval(RunnerHeader header, FileOwner owner)
    : header_(std::move(header)), owner_(std::move(owner)), processes_(names_in("")) {}

// Returns the names of the processes' directories, or of the runs' directories of one process.
std::vector<std::string> TaskLogsRemoval::names_in(const std::string& process) const {
  std::vector<std::string> names;
  Descriptor at;
  if (enter_run_logs(header_, owner_, process, std::nullopt, at)) return names;
  const AsUser self(owner_);
  if (!self.holds()) return names;
  Descriptor fd(::openat(at.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(fd ? ::fdopendir(fd.get()) : nullptr,
                                                      ::closedir);
  if (directory) static_cast<void>(fd.release());
  while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

// Removes the directory of a process if it is empty.
void TaskLogsRemoval::remove_directory_of(const std::string& process) const {
  Descriptor at;
  if (enter_run_logs(header_, owner_, "", std::nullopt, at)) return;
  const AsUser self(owner_);
  if (self.holds()) ::unlinkat(at.get(), process.c_str(), AT_REMOVEDIR);
}

void TaskLogsRemoval::step() {
  if (processes_.empty()) {
    const AsUser self(owner_);
    if (self.holds()) ::rmdir(header_.log_dir.c_str());
    done_ = true;
    return;
  }
  const std::string& process = processes_.back();
  if (!entered_) {
    runs_ = names_in(process);
    entered_ = true;
    return;
  }
  if (!runs_.empty()) {
    if (const auto run = run_of(runs_.back())) drop_run_logs(header_, owner_, process, *run);
    runs_.pop_back();
    return;
  }
  remove_directory_of(process);
  processes_.pop_back();
  entered_ = false;
}

}  // namespace thermos
