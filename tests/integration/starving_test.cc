// The same task at every size of what a machine can be short of.
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <string>

#include "small_disk.h"
#include "starving.h"

namespace thermos::real {
namespace {

TEST(Starving, OfDescriptors) {
  Starving starving("descriptors");
  // The hard limit, since a program may raise the soft one; only a privilege raises that.
  starving.can_be_fed = false;
  std::vector<long> all = range(8, 40);
  for (const long more : {48, 64, 100}) all.push_back(more);
  for (const long size : sizes_of(all, 14)) {
    Site site;
    starving.run(site, size, limited(RLIMIT_NOFILE, static_cast<rlim_t>(size)));
  }
}

TEST(Starving, OfDescriptorsInADaemon) {
  Starving starving("descriptors");
  std::vector<long> all = range(8, 48);
  for (const long more : {64, 100}) all.push_back(more);
  for (const long size : sizes_of(all, 10)) {
    Site site;
    starving.serve(site, size, limited(RLIMIT_NOFILE, static_cast<rlim_t>(size)));
  }
}

// Another user's; root has no such limit.
TEST(Starving, OfProcesses) {
  const passwd* user = ::getpwnam("lp");
  if (::geteuid() != 0 || user == nullptr) {
    GTEST_SKIP() << "needs root, to be a user without other processes";
  }
  Starving starving("processes");
  starving.identity = [uid = user->pw_uid, gid = user->pw_gid] {
    if (::setgroups(0, nullptr) != 0 || ::setgid(gid) != 0 || ::setuid(uid) != 0) ::_exit(127);
  };
  for (const long size : sizes_of(range(1, 24), 9)) {
    Site site;
    site.publish_programs();
    ::chmod(site.sandbox().c_str(), 0777);
    ::mkdir(site.root().c_str(), 0777);
    ::chmod(site.root().c_str(), 0777);
    starving.run(site, size, limited(RLIMIT_NPROC, static_cast<rlim_t>(size), true));
  }
}

TEST(Starving, OfBytesInAFile) {
  Starving starving("bytes in a file");
  for (const long size : sizes_of(range(0, 8192, 32), 16)) {
    Site site;
    starving.run(site, size, limited(RLIMIT_FSIZE, static_cast<rlim_t>(size), true));
  }
}

TEST(Starving, OfBytesInAFileInADaemon) {
  Starving starving("bytes in a file");
  for (const long size : sizes_of(range(0, 8192, 64), 10)) {
    Site site;
    starving.serve(site, size, limited(RLIMIT_FSIZE, static_cast<rlim_t>(size)));
  }
}

// A limit of ours is a person's: their processes meet it as anywhere else.
TEST(Starving, OfBytesInAFileAProcessIsKilledByItAsAnywhere) {
  Site site;
  const Json graph = task({process("main", "exec head -c 200000 /dev/zero > big")});
  Surroundings few;
  few.before_exec = limited(RLIMIT_FSIZE, 100'000);
  const Ended ended = site.thermos(site.run_words(site.write_config(graph), "t"), few);
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_EQ(runs(site.status(), "main").back()["return_code"], -SIGXFSZ) << site.status().dump(1);
}

// A memory control group around the program and all that it starts.
class MemoryGroup {
 public:
  explicit MemoryGroup(long kilobytes) {
    const bool old = exists("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    path_ = std::string(old ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup") + "/thermos-starving-" +
            std::to_string(::getpid());
    limit_ = path_ + (old ? "/memory.limit_in_bytes" : "/memory.max");
    made_ = ::mkdir(path_.c_str(), 0755) == 0 && set(kilobytes * 1024);
  }
  ~MemoryGroup() { ::rmdir(path_.c_str()); }
  MemoryGroup(const MemoryGroup&) = delete;
  MemoryGroup& operator=(const MemoryGroup&) = delete;

  bool made() const { return made_; }
  bool set(long bytes) const {
    std::ofstream file(limit_, std::ios::in);
    return static_cast<bool>((file << bytes).flush());
  }
  std::function<void()> entering() const {
    return [procs = path_ + "/cgroup.procs"] {
      std::ofstream file(procs, std::ios::in);
      if (!(file << "0").flush()) ::_exit(127);
    };
  }

 private:
  std::string path_;
  std::string limit_;
  bool made_ = false;
};

// The kernel kills one of them, whom it likes.
TEST(Starving, OfMemory) {
  Starving starving("kilobytes of memory");
  starving.kernel_kills = true;
  for (const long size : sizes_of(range(128, 4096, 64), 12)) {
    const MemoryGroup group(size);
    if (!group.made()) GTEST_SKIP() << "no memory control group can be made here";
    Site site;
    starving.run(site, size, group.entering(), [&] { group.set(1L << 30); });
  }
}

class Disks : public ::testing::Test {
 protected:
  // The limit is the disk's; there is room when it is lifted.
  static void run_on(Starving& starving, long size, const std::string& options, bool daemon) {
    Site site;
    const SmallDisk disk(site, options);
    if (!disk.mounted()) GTEST_SKIP() << "no small file system";
    const auto lift = [&] {
      EXPECT_TRUE(disk.remount(false, "size=4m,nr_inodes=1000")) << std::strerror(errno);
    };
    if (daemon) {
      starving.serve(site, size, {}, lift);
    } else {
      starving.run(site, size, {}, lift);
    }
  }
  static void run_at_sizes(bool daemon, std::size_t some) {
    Starving starving("kilobytes on a disk");
    for (const long size : sizes_of(range(4, 200, 4), some)) {
      run_on(starving, size, "size=" + std::to_string(size) + "k", daemon);
    }
  }
  static void run_at_inodes(bool daemon, std::size_t some) {
    Starving starving("inodes on a disk");
    for (const long size : sizes_of(range(1, 40), some)) {
      run_on(starving, size, "size=4m,nr_inodes=" + std::to_string(size), daemon);
    }
  }
};

TEST_F(Disks, OfFewBytes) {
  run_at_sizes(false, 12);
}
TEST_F(Disks, OfFewBytesUnderADaemon) {
  run_at_sizes(true, 8);
}
TEST_F(Disks, OfFewInodes) {
  run_at_inodes(false, 12);
}
TEST_F(Disks, OfFewInodesUnderADaemon) {
  run_at_inodes(true, 8);
}

}  // namespace
}  // namespace thermos::real
