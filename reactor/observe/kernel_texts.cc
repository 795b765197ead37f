#include "reactor/observe/kernel_texts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace thermos::observe {
namespace {

// Removes the front of the text up to the next `end`, and returns it without `end`.
std::string_view next_part(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [at, failure] = std::from_chars(text.data(), end, number);
  return !text.empty() && failure == std::errc() && at == end;
}

// Whether the comma-separated `list` has the entry `one`.
bool lists(std::string_view list, std::string_view one) {
  while (!list.empty()) {
    if (next_part(list, ',') == one) return true;
  }
  return false;
}

// Returns a group's directory below this mount; empty if the mount does not show the group.
std::string directory_of(const GroupMount& mount, const std::string& group) {
  if (mount.root == "/") return mount.point + (group == "/" ? "" : group);
  if (!(group + "/").starts_with(mount.root + "/")) return {};
  return mount.point + group.substr(mount.root.size());
}

}  // namespace

std::optional<ProcessLine> parse_process_line(std::string_view text) {
  // Fields count from the last ')', which ends the name.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos || name_end + 2 > text.size()) return std::nullopt;
  text.remove_prefix(name_end + 2);
  while (text.ends_with('\n')) text.remove_suffix(1);
  // The state is field 3 of proc(5), and the resident pages are field 24.
  constexpr std::size_t kFirst = 3;
  std::array<std::string_view, 22> fields{};
  for (std::string_view& field : fields) field = next_part(text, ' ');
  const auto number = [&fields](std::size_t field, auto& value) {
    return read_number(fields.at(field - kFirst), value);
  };
  ProcessLine line;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  std::int64_t waited_user = 0;
  std::int64_t waited_system = 0;
  std::int64_t pages = 0;
  if (fields[0].size() != 1 || !number(4, line.parent) || !number(14, user) ||
      !number(15, system) || !number(16, waited_user) || !number(17, waited_system) ||
      !number(20, line.threads) || !number(22, line.start) || !number(24, pages)) {
    return std::nullopt;
  }
  line.state = fields[0].front();
  line.own = user + system;
  line.waited = static_cast<std::uint64_t>(std::max<std::int64_t>(0, waited_user)) +
                static_cast<std::uint64_t>(std::max<std::int64_t>(0, waited_system));
  line.pages = static_cast<std::uint64_t>(std::max<std::int64_t>(0, pages));
  return line;
}

std::optional<StorageBytes> parse_process_io(std::string_view text) {
  const auto read = value_of(text, "read_bytes:");
  const auto written = value_of(text, "write_bytes:");
  if (!read || !written) return std::nullopt;
  return StorageBytes{*read, *written};
}

StorageBytes parse_group_io(std::string_view text) {
  StorageBytes sum;
  while (!text.empty()) {
    std::string_view line = next_part(text, '\n');
    next_part(line, ' ');  // the device
    while (!line.empty()) {
      std::string_view word = next_part(line, ' ');
      const bool unified = word.find('=') != std::string_view::npos;
      const std::string_view key = unified ? next_part(word, '=') : word;
      // "rbytes=1" in v2, "Read 1" in v1.
      const std::string_view value = unified ? word : next_part(line, ' ');
      std::uint64_t bytes = 0;
      if (!read_number(value, bytes)) continue;
      if (key == "rbytes" || key == "Read") sum.read += bytes;
      if (key == "wbytes" || key == "Write") sum.written += bytes;
    }
  }
  return sum;
}

std::vector<pid_t> parse_pids(std::string_view text) {
  std::vector<pid_t> pids;
  for (;;) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
    pid_t pid = 0;
    const auto [at, failure] = std::from_chars(text.data(), text.data() + text.size(), pid);
    // 0 stands for a process of another pid namespace.
    if (failure != std::errc() || pid < 0) return pids;
    if (pid > 0) pids.push_back(pid);
    text.remove_prefix(static_cast<std::size_t>(at - text.data()));
  }
}

std::optional<std::uint64_t> value_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = next_part(text, '\n');
    std::uint64_t value = 0;
    if (next_part(line, ' ') == key && read_number(line, value)) return value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::uint64_t number = 0;
  if (!read_number(text, number)) return std::nullopt;
  return number;
}

std::vector<GroupMount> parse_group_mounts(std::string_view mountinfo) {
  std::vector<GroupMount> mounts;
  while (!mountinfo.empty()) {
    std::string_view line = next_part(mountinfo, '\n');
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    std::string_view behind = line.substr(dash + 3);
    const std::string_view type = next_part(behind, ' ');
    next_part(behind, ' ');  // the source
    for (int skipped = 0; skipped < 3; ++skipped) next_part(line, ' ');
    GroupMount mount;
    mount.root = next_part(line, ' ');
    mount.point = next_part(line, ' ');
    if (mount.point.empty()) continue;
    if (type == "cgroup") {
      mount.controllers = behind;
    } else if (type != "cgroup2") {
      continue;
    }
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::optional<std::string> group_in(std::string_view cgroups, std::string_view controller) {
  while (!cgroups.empty()) {
    std::string_view line = next_part(cgroups, '\n');
    next_part(line, ':');  // the hierarchy's number
    const std::string_view controllers = next_part(line, ':');
    if (controller.empty() ? controllers.empty() : lists(controllers, controller)) {
      return std::string(line);
    }
  }
  return std::nullopt;
}

GroupDirectories own_group(const std::vector<GroupMount>& mounts, std::string_view process,
                           std::string_view coordinator) {
  const auto find = [&](std::string_view controller) -> std::string {
    const auto group = group_in(process, controller);
    if (!group || *group == "/" || group == group_in(coordinator, controller)) return {};
    for (const GroupMount& mount : mounts) {
      const bool here =
          controller.empty() ? mount.controllers.empty() : lists(mount.controllers, controller);
      if (!here) continue;
      std::string directory = directory_of(mount, *group);
      if (!directory.empty()) return directory;
    }
    return {};
  };
  return {find(""), find("cpuacct"), find("memory"), find("blkio")};
}

}  // namespace thermos::observe
