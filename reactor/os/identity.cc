#include "reactor/os/identity.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "reactor/os/descriptor.h"
#include "reactor/os/errors.h"

namespace thermos {
namespace {

// Returns nothing on a failure, with errno, or for an empty file, with errno 0.
std::optional<std::string> read_small_file(const std::string& path) {
  errno = 0;
  int opened = -1;
  do {
    opened = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  } while (opened < 0 && errno == EINTR);
  const Descriptor fd(opened);
  if (!fd) return std::nullopt;
  std::array<char, 1024> buffer{};
  ssize_t got = -1;
  do {
    got = read(fd.get(), buffer.data(), buffer.size());
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return std::nullopt;
  return std::string(buffer.data(), static_cast<std::size_t>(got));
}

// Identifies a pid namespace by the start ticks of its first process, which do not change when a
// clock is set, and by its inode. The inode tells apart namespaces that were created within the
// same tick (a hundredth of a second).
std::optional<BootId> read_namespace_id() {
  struct stat names {};
  const auto first = read_stat(1);
  if (!first || ::stat("/proc/self/ns/pid", &names) != 0) return std::nullopt;
  return BootId{static_cast<std::uint64_t>(names.st_ino), first->identity.ticks};
}

}  // namespace

std::optional<ProcessStat> read_stat(pid_t pid) {
  const auto text = read_small_file("/proc/" + std::to_string(pid) + "/stat");
  if (!text) return std::nullopt;
  // The name in parentheses may contain spaces and parentheses, so fields count from the last ')'.
  const auto close = text->rfind(')');
  if (close == std::string::npos) return std::nullopt;
  ProcessStat stat;
  unsigned long long ticks = 0;
  if (std::sscanf(text->c_str() + close + 1,  // NOLINT(cert-err34-c): the kernel wrote it
                  " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                  &stat.state, &stat.parent, &stat.group, &stat.session, &ticks) != 5) {
    return std::nullopt;
  }
  stat.identity = {pid, ticks};
  return stat;
}

std::optional<std::vector<ProcessStat>> list_processes() {
  std::vector<ProcessStat> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir("/proc"), closedir);
  if (!dir) return std::nullopt;
  while (const dirent* entry = readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    if (auto stat = read_stat(pid)) {
      all.push_back(*stat);
    } else if (may_pass(errno)) {
      return std::nullopt;
    }
  }
  return all;
}

std::string program_of(pid_t pid) {
  std::array<char, 4096> room{};
  const std::string link = "/proc/" + std::to_string(pid) + "/exe";
  const ssize_t size = readlink(link.c_str(), room.data(), room.size());
  if (size <= 0) return {};
  const std::string_view path(room.data(), static_cast<std::size_t>(size));
  return std::string(path.substr(path.rfind('/') + 1));
}

Result<BootId> read_boot_id() {
  const std::string path = "/proc/sys/kernel/random/boot_id";
  const auto text = read_small_file(path);
  if (!text && errno == ENOENT) {
    if (const auto names = read_namespace_id()) return *names;
    errno = ENOENT;
  }
  if (!text && errno != 0) {
    return system_error(ErrorCode::System, path + ": cannot read the boot id", errno);
  }
  std::string digits;
  for (const char c : text.value_or("")) {
    if (std::isxdigit(static_cast<unsigned char>(c)) != 0) digits.push_back(c);
  }
  if (digits.size() != 32) {
    return Error{ErrorCode::System, path + ": not a boot id; is /proc mounted?"};
  }
  BootId boot;
  std::from_chars(digits.data(), digits.data() + 16, boot.high, 16);
  std::from_chars(digits.data() + 16, digits.data() + 32, boot.low, 16);
  return boot;
}

}  // namespace thermos
