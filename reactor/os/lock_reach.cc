#include "reactor/os/lock_reach.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include "reactor/os/files.h"

namespace thermos {
namespace {

bool has_option(std::string_view options, std::string_view wanted) {
  while (!options.empty()) {
    const std::size_t comma = std::min(options.find(','), options.size());
    if (options.substr(0, comma) == wanted) return true;
    options.remove_prefix(std::min(comma + 1, options.size()));
  }
  return false;
}

}  // namespace

LockReach lock_reach_of(std::string_view kind, std::string_view options) {
  // Only one machine at a time may mount one of these, or it lies in the machine's memory. The
  // locks of an overlay, and of directories that a container engine binds, are those of the kernel
  // that all containers share.
  constexpr std::array<std::string_view, 14> kLocal = {"ext2", "ext3",  "ext4",  "xfs",     "btrfs",
                                                       "f2fs", "tmpfs", "ramfs", "overlay", "zfs",
                                                       "vfat", "exfat", "jfs",   "bcachefs"};
  // The locks of these hold on all machines of the cluster.
  constexpr std::array<std::string_view, 4> kCluster = {"ceph", "gpfs", "gfs2", "ocfs2"};
  const auto is_among = [kind](const auto& kinds) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  };
  if (is_among(kLocal)) return LockReach::ThisMachine;
  if (is_among(kCluster)) return LockReach::AllMachines;
  if (kind == "nfs" || kind == "nfs4") {
    // nfs(5): with these options the locks stay in the client.
    const bool local = has_option(options, "nolock") || has_option(options, "local_lock=all") ||
                       has_option(options, "local_lock=posix");
    return local ? LockReach::Unknown : LockReach::AllMachines;
  }
  if (kind == "lustre") {
    // mount.lustre(8): localflock keeps the locks in the client, and noflock has none.
    return has_option(options, "flock") ? LockReach::AllMachines : LockReach::Unknown;
  }
  return LockReach::Unknown;
}

FileSystemReach lock_reach_of(const std::string& path) {
  struct stat status {};
  const auto text = read_file("/proc/self/mountinfo");
  if (!text || ::stat(path.c_str(), &status) != 0) return {};
  const std::string device =
      std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev));
  std::istringstream lines(*text);
  FileSystemReach by_point;
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream front(line);
    std::string skipped;
    std::string its_device;
    std::string point;
    front >> skipped >> skipped >> its_device >> skipped >> point;
    std::istringstream back(line.substr(dash + 3));
    FileSystemReach found;
    std::string options;
    back >> found.kind >> skipped >> options;
    found.reach = lock_reach_of(found.kind, options);
    if (its_device == device) return found;
    // For btrfs and overlay, stat(2) returns other device numbers than mountinfo has. There the
    // longest mount point that leads to the path counts.
    const bool above = point == "/" || path == point || path.rfind(point + "/", 0) == 0;
    if (!above || point.size() < longest) continue;
    longest = point.size();
    by_point = std::move(found);
  }
  return by_point;
}

}  // namespace thermos
