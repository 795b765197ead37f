#include "reactor/observe/run_reading.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "reactor/os/control_groups.h"
#include "reactor/os/files.h"
#include "reactor/os/identity.h"

namespace thermos::observe {
namespace {

// Each process takes about 20 us.
constexpr std::size_t kProcessesInStep = 64;

std::string proc(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

// Returns the file's contents; empty if it can't be read.
std::string text_of(const std::string& path) {
  auto text = read_file(path);
  return text ? std::move(*text) : std::string();
}

std::optional<ProcessLine> read_process(pid_t pid) {
  return parse_process_line(text_of(proc(pid, "stat")));
}

bool is_there(const Identity& identity) {
  if (identity.pid <= 0) return false;
  const auto line = read_process(identity.pid);
  return line && line->start == identity.ticks;
}

// Whether the kernel has /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN).
bool kernel_names_children() {
  static const bool known = exists("/proc/thread-self/children");
  return known;
}

std::multimap<pid_t, pid_t> all_children() {
  std::multimap<pid_t, pid_t> children;
  for (const ProcessStat& process : list_processes().value_or(std::vector<ProcessStat>())) {
    children.emplace(process.parent, process.identity.pid);
  }
  return children;
}

std::optional<Microseconds> group_cpu(const GroupDirectories& group) {
  if (!group.unified.empty()) {
    const auto used = value_of(text_of(group.unified + "/cpu.stat"), "usage_usec");
    if (used) return static_cast<Microseconds>(*used);
  }
  if (group.cpu.empty()) return std::nullopt;
  const auto nanoseconds = parse_number(text_of(group.cpu + "/cpuacct.usage"));
  if (!nanoseconds) return std::nullopt;
  return static_cast<Microseconds>(*nanoseconds / 1000);
}

// Returns the group's resident memory, counted as for a process: without files that the kernel only
// keeps in its cache.
std::optional<std::uint64_t> group_memory(const GroupDirectories& group) {
  const auto sum = [](const std::string& directory, const char* own,
                      const char* mapped) -> std::optional<std::uint64_t> {
    if (directory.empty()) return std::nullopt;
    const std::string text = text_of(directory + "/memory.stat");
    const auto bytes = value_of(text, own);
    if (!bytes) return std::nullopt;
    return *bytes + value_of(text, mapped).value_or(0);
  };
  const auto unified = sum(group.unified, "anon", "file_mapped");
  return unified ? unified : sum(group.memory, "total_rss", "total_mapped_file");
}

std::optional<StorageBytes> group_storage(const GroupDirectories& group) {
  if (!group.unified.empty() && exists(group.unified + "/io.stat")) {
    return parse_group_io(text_of(group.unified + "/io.stat"));
  }
  const std::string file = group.io + "/blkio.throttle.io_service_bytes_recursive";
  if (group.io.empty() || !exists(file)) return std::nullopt;
  return parse_group_io(text_of(file));
}

}  // namespace

bool RunReading::step() {
  if (!begun_) {
    begun_ = true;
    if (!begin()) return true;
  }
  for (std::size_t read = 0; read < kProcessesInStep; ++read) {
    if (left_.empty() || seen_.size() >= kMostProcesses) {
      end();
      return true;
    }
    const pid_t pid = left_.back();
    left_.pop_back();
    if (seen_.insert(pid).second) add_process(pid);
  }
  return false;
}

bool RunReading::begin() {
  const auto coordinator = read_process(place_.coordinator.pid);
  if (!coordinator || coordinator->start != place_.coordinator.ticks || coordinator->state == 'Z') {
    return false;
  }
  // The CPU time of the run's orphans that the coordinator has waited for.
  ticks_ = coordinator->waited;
  if (is_there(place_.process)) {
    group_ = own_group(parse_group_mounts(text_of("/proc/self/mountinfo")),
                       text_of(proc(place_.process.pid, "cgroup")),
                       text_of(proc(place_.coordinator.pid, "cgroup")));
  }
  if (!group_.members().empty()) {
    left_ = group_members(group_.members());
    listed_ = !left_.empty();
  }
  if (listed_) return true;
  if (!kernel_names_children()) children_ = all_children();
  add_children(place_.coordinator.pid, coordinator->threads);
  return true;
}

void RunReading::add_process(pid_t pid) {
  const auto line = read_process(pid);
  if (!line) return;
  ticks_ += line->own + line->waited;
  if (line->state == 'Z') return;
  pages_ += line->pages;
  ++processes_;
  read_storage(pid);
  if (!listed_) add_children(pid, line->threads);
}

void RunReading::add_children(pid_t pid, std::uint64_t threads) {
  if (children_) {
    const auto [begin, end] = children_->equal_range(pid);
    for (auto child = begin; child != end; ++child) left_.push_back(child->second);
    return;
  }
  const auto add = [&](const std::string& thread) {
    for (const pid_t child : parse_pids(text_of(proc(pid, "task/" + thread + "/children")))) {
      left_.push_back(child);
    }
  };
  if (threads == 1) return add(std::to_string(pid));
  for (const std::string& thread : list_directory(proc(pid, "task"))) add(thread);
}

void RunReading::read_storage(pid_t pid) {
  const auto bytes = parse_process_io(text_of(proc(pid, "io")));
  if (!bytes) return;
  storage_known_ = true;
  storage_.read += bytes->read;
  storage_.written += bytes->written;
}

void RunReading::end() {
  static const long ticks_in_second = ::sysconf(_SC_CLK_TCK);
  static const long page = ::sysconf(_SC_PAGESIZE);
  const auto of_ticks = static_cast<Microseconds>(
      ticks_ * static_cast<std::uint64_t>(kSecond / std::max(1L, ticks_in_second)));
  Sample sample;
  sample.cpu = group_cpu(group_).value_or(of_ticks);
  sample.memory = group_memory(group_).value_or(pages_ * static_cast<std::uint64_t>(page));
  sample.storage = group_storage(group_);
  if (!sample.storage && storage_known_) sample.storage = storage_;
  sample.processes = processes_;
  sample_ = sample;
}

}  // namespace thermos::observe
