// A file system that turns read-only under a running task, as ext4 does when it meets an error on
// its disk (errors=remount-ro): with files open for writing, of which no write succeeds any more.
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "ledger.h"
#include "task_run.h"

namespace thermos::real {
namespace {

// An ext4 in a file, on a loop device, in a mount namespace of this process, with the site's root.
class FailingDisk {
 public:
  explicit FailingDisk(Site& site) : image_(site.path() + "/image"), path_(site.path() + "/disk") {
    std::ofstream(image_).flush();
    ::mkdir(path_.c_str(), 0755);
    mounted_ = ::geteuid() == 0 && ::truncate(image_.c_str(), 8 << 20) == 0 &&
               ::unshare(CLONE_NEWNS) == 0 &&
               ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               done({"/sbin/mkfs.ext4", "-q", image_}) && mount() && exists(trigger());
    site.set_root(path_ + "/root");
  }
  ~FailingDisk() { ::umount2(path_.c_str(), MNT_DETACH); }
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;

  bool mounted() const { return mounted_; }
  void fail() const { std::ofstream(trigger()) << "1"; }
  // As its owner would; fails while anyone has a file open there.
  bool repair() {
    // e2fsck says by 1 that it mended something.
    return ::umount(path_.c_str()) == 0 &&
           done({"/bin/sh", "-c", "/sbin/e2fsck -fy " + image_ + "; [ $? -le 1 ]"}) && mount();
  }

 private:
  bool done(const Words& words) { return Command(words, image_ + ".said", {}).wait().code == 0; }
  bool mount() { return done({"/bin/mount", "-o", "loop,errors=remount-ro", image_, path_}); }
  std::string trigger() const {
    std::ifstream mounts("/proc/self/mounts");
    std::string device;
    std::string at;
    for (std::string rest; mounts >> device >> at && std::getline(mounts, rest);) {
      if (at == path_)
        return "/sys/fs/ext4/" + device.substr(device.rfind('/') + 1) + "/trigger_fs_error";
    }
    return "/nowhere";
  }

  std::string image_;
  std::string path_;
  bool mounted_ = false;
};

// What is over, as far as anybody could write it down, is not run again.
TEST(ReadOnly, AfterItARunningTaskSaysSoAndALaterStartFinishesIt) {
  Site site;
  FailingDisk disk(site);
  if (!disk.mounted()) GTEST_SKIP() << "no ext4 on a loop device that can be made to fail";
  const Json graph =
      task({process("before", "echo before >> ledger"),
            process("main", "echo main >> ledger; until [ -e go ]; do read -t 0.02 < <(:); done",
                    {{"min_duration", 0}}),
            process("after", "echo after >> ledger"),
            process("last", "echo last >> ledger", {{"final", true}})},
           {{"before", "main", "after"}});
  const std::string config = site.write_config(graph);
  const std::string said = site.path() + "/first";
  Words words = site.run_words(config, "t");
  words.insert(words.begin(), THERMOS_BIN "/thermos");
  words.insert(words.begin() + 2, {"--root", site.root()});
  Command first(words, said, {});
  const Json run = site.run_in_state("main", "RUNNING");
  ASSERT_FALSE(run.is_null());
  Watched coordinator(run["coordinator_pid"].get<pid_t>());
  disk.fail();
  std::ofstream(site.in_sandbox("go")).flush();
  ASSERT_TRUE(wait_for_text(said + ".err", "Read-only file system"));
  // Either of them may wait for a better time, for which there must be nobody here.
  if (!first.ends_within(2'000)) {
    first.destroy();
  } else {
    const Ended ended = first.wait();
    EXPECT_EQ(ended.code, 71) << ended.err;
    EXPECT_NE(ended.err.find(site.root()), std::string::npos) << ended.err;
  }
  static_cast<void>(coordinator.signal(SIGKILL));
  EXPECT_TRUE(nothing_outlives());
  ASSERT_TRUE(disk.repair()) << read_file(site.path() + "/image.said.out");
  expect_success(site.start_run(config).wait());
  const Json status = site.status();
  EXPECT_EQ(status["state"], "SUCCESS");
  std::map<std::string, int> ledger = count_lines(site.in_sandbox("ledger"));
  for (const std::string& name : names_in(graph)) {
    EXPECT_EQ(runs(status, name).back()["state"], "SUCCESS") << name;
    // A file system that breaks off loses what was not synced, as a machine without power does:
    // the one that ran may run again, as the same run even.
    EXPECT_LE(ledger[name], name == "main" ? 2 : 1) << name;
    EXPECT_GE(ledger[name], 1) << name;
  }
  EXPECT_EQ(site.thermos({"fsck"}).code, 0);
}

}  // namespace
}  // namespace thermos::real
