#include "small_disk.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <utility>

namespace thermos::real {

SmallDisk::SmallDisk(Site& site, std::string options)
    : path_(site.path() + "/disk"), options_(std::move(options)) {
  ::mkdir(path_.c_str(), 0755);
  mounted_ = ::geteuid() == 0 && ::unshare(CLONE_NEWNS) == 0 &&
             ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
             ::mount("tmpfs", path_.c_str(), "tmpfs", 0, options_.c_str()) == 0;
  site.set_root(path_ + "/root");
}

SmallDisk::~SmallDisk() {
  ::umount2(path_.c_str(), MNT_DETACH);
}

void SmallDisk::fill() const {
  std::ofstream filler(path_ + "/filler", std::ios::binary);
  const std::string block(4096, 'x');
  while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
}

void SmallDisk::free() const {
  ::unlink((path_ + "/filler").c_str());
}

bool SmallDisk::remount(bool read_only, const std::string& options) const {
  return ::mount(nullptr, path_.c_str(), nullptr, read_only ? MS_REMOUNT | MS_RDONLY : MS_REMOUNT,
                 options.c_str()) == 0;
}

}  // namespace thermos::real
