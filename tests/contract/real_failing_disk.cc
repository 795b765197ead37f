// A disk that is a file on a small tmpfs: when that is full, what the kernel wrote to memory does
// not get to it any more, and it finds out at the sync.
#include <sys/mount.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "program.h"
#include "reactor/store/stream_reader.h"
#include "reactor/store/stream_writer.h"
#include "reactor/store/unsynced_mark.h"
#include "side.h"
#include "small_disk.h"
#include "task_run.h"

namespace thermos::contract {
namespace {

class RealFailingDisk : public FailingDisk {
 public:
  RealFailingDisk() {
    if (!below_.mounted()) return;
    std::filesystem::create_directory(mount_point());
    // A journal that can't be written would make the file system read-only.
    mounted_ = runs({"truncate", "-s", "16m", image()}) &&
               runs({"/sbin/mkfs.ext4", "-q", "-b", "4096", "-O", "^has_journal", image()}) &&
               mount();
    if (mounted_) writer_.emplace(must(StreamWriter::open(path())));
  }
  ~RealFailingDisk() override {
    writer_.reset();
    if (mounted_) ::umount2(mount_point().c_str(), MNT_DETACH);
  }

  std::string unavailable() const override {
    return mounted_ ? "" : "a file system in a file needs root and a loop device";
  }
  bool append(const Record& record) override { return writer_->append(record).ok(); }
  bool sync() override { return mark_unsynced(path(), writer_->sync()).ok(); }
  void fail() override { below_.fill(); }
  void repair() override { below_.free(); }
  std::int32_t recover() override {
    writer_.reset();
    StreamWriter writer = must(StreamWriter::open(path()));
    const RunnerStream stream = must(read_runner_stream(path()));
    if (std::filesystem::exists(unsynced_mark_of(path()))) {
      writer_.emplace(must(write_unsynced_again(path(), stream.history)));
    } else {
      must(writer.resume_at(stream.position, stream.end));
      writer_.emplace(std::move(writer));
    }
    return stream.history.steps().back().status.runner_pid;
  }
  // What the kernel takes for clean is not written when the file system is unmounted, and is read
  // from the disk when it is mounted again.
  std::int32_t recover_after_power_cut() override {
    writer_.reset();
    if (::umount(mount_point().c_str()) != 0 || !mount()) {
      throw std::runtime_error("cannot mount it again");
    }
    return recover();
  }

 private:
  static bool runs(const std::vector<std::string>& words) {
    return testing::run_program({.words = words}).status == 0;
  }
  bool mount() const { return runs({"mount", "-o", "loop", image(), mount_point()}); }
  std::string image() const { return below_.path() + "/image"; }
  std::string mount_point() const { return site_.path() + "/mounted"; }
  std::string path() const { return mount_point() + "/runner"; }

  real::Site site_;
  real::SmallDisk below_{site_, "size=3m"};
  bool mounted_ = false;
  std::optional<StreamWriter> writer_;
};

}  // namespace

std::unique_ptr<FailingDisk> real_failing_disk(std::uint64_t /*seed*/) {
  return std::make_unique<RealFailingDisk>();
}

}  // namespace thermos::contract
