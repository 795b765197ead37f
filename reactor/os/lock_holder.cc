#include "reactor/os/lock_holder.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <cstdio>
#include <memory>

#include "reactor/os/files.h"
#include "reactor/os/identity.h"

namespace thermos {
namespace {

std::string command_of(pid_t pid) {
  auto text = read_file("/proc/" + std::to_string(pid) + "/cmdline");
  if (!text) return {};
  for (char& c : *text) {
    if (c == '\0') c = ' ';
  }
  while (!text->empty() && text->back() == ' ') text->pop_back();
  constexpr std::size_t kLongest = 80;
  if (text->size() > kLongest) text->replace(kLongest, std::string::npos, "...");
  return *text;
}

}  // namespace

std::optional<Identity> lock_holder(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  const std::unique_ptr<FILE, int (*)(FILE*)> locks(std::fopen("/proc/locks", "re"), std::fclose);
  if (!locks) return std::nullopt;
  std::array<char, 256> line{};
  while (std::fgets(line.data(), line.size(), locks.get()) != nullptr) {
    // 1: FLOCK  ADVISORY  WRITE 708 00:1f:24 0 EOF
    int pid = 0;
    unsigned major_number = 0;
    unsigned minor_number = 0;
    unsigned long long inode = 0;
    if (std::sscanf(line.data(),  // NOLINT(cert-err34-c): the kernel wrote it
                    "%*d: FLOCK ADVISORY WRITE %d %x:%x:%llu", &pid, &major_number, &minor_number,
                    &inode) != 4) {
      continue;
    }
    if (inode != info.st_ino || major_number != major(info.st_dev) ||
        minor_number != minor(info.st_dev)) {
      continue;
    }
    const auto holder = read_stat(pid);
    if (holder && holder->state != 'Z') return holder->identity;
  }
  return std::nullopt;
}

std::string name_lock_holder(const std::string& path) {
  const auto holder = lock_holder(path);
  if (!holder) return {};
  const std::string command = command_of(holder->pid);
  return "pid " + std::to_string(holder->pid) + (command.empty() ? "" : " (" + command + ")");
}

}  // namespace thermos
