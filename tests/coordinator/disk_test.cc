// A disk that is full: nothing runs unrecorded, no record is lost, and no torn frame stays.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>

#include "coordinator/stream_appender.h"
#include "rig.h"

namespace thermos::coordinator {
namespace {

using rig::Job;
using rig::Server;

// A small file system of its own, with one page of a stream on it and no room for another.
class FullDisk {
 public:
  FullDisk() {
    mounted_ = ::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=64k") == 0;
  }
  ~FullDisk() {
    if (mounted_) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

  bool mounted() const { return mounted_; }
  // A stream of which `left` more bytes fit on the disk. Its path; its size is kPage - left.
  std::string stream_with_room(std::size_t left) {
    std::string path = directory_ / "stream";
    write_zeros(path, kPage - left);
    write_zeros(directory_ / "filler", std::size_t{1} << 20);
    return path;
  }
  void make_room() { ::unlink((directory_ / "filler").c_str()); }

  static constexpr std::size_t kPage = 4096;

 private:
  static void write_zeros(const std::string& path, std::size_t size) {
    const Descriptor file(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    const std::vector<char> zeros(kPage);
    while (size > 0) {
      const ssize_t written = ::write(file.get(), zeros.data(), std::min(size, zeros.size()));
      if (written <= 0) return;
      size -= static_cast<std::size_t>(written);
    }
  }

  rig::Directory directory_;
  bool mounted_ = false;
};

std::size_t frame_size_of(const std::string& process, ProcessState state) {
  ProcessStatus status;
  status.process = process;
  status.state = state;
  alignas(8) std::array<std::byte, kStatusFrameBytes> room;
  std::uint32_t chain = 0;
  return encode_frame(status, chain, room);
}

// What fits of the frame that does not.
constexpr std::size_t kTooSmall = 16;

// Starts `cmdline` on a stream of which only `whole` frames and a bit of the next one fit.
Job start_on(Server& server, FullDisk& disk, const std::string& cmdline, std::size_t whole) {
  Job job;
  job.launch = server.make(cmdline);
  std::size_t room = kTooSmall;
  const ProcessState states[] = {ProcessState::Forked, ProcessState::Running};
  for (std::size_t i = 0; i < whole; ++i) room += frame_size_of(job.launch.process, states[i]);
  const std::string path = disk.stream_with_room(room);
  auto handover = server.open(job, path, FullDisk::kPage - room);
  server.send(job.launch, std::move(handover));
  job.coordinator = server.receive().pid;
  return job;
}

// Waits until the coordinator has tried in vain to write a frame behind the `whole` ones that fit:
// until it sleeps, which before the end of its process it does for no other reason.
void wait_for_failed_try(const Job& job, std::size_t whole) {
  if (whole == 2) {
    const auto entries = job.stream.wait_for_records(2);
    rig::spin_until([&] { return !rig::alive(entries[1].status.identity.pid); });
  }
  rig::spin_until([&] { return rig::state_of(job.coordinator) == 'S'; });
  // What did not fit is cut off again.
  EXPECT_EQ(std::filesystem::file_size(job.stream.path), FullDisk::kPage - kTooSmall);
}

TEST(FullDisk, TheTerminalRecordIsWrittenOnceThereIsRoom) {
  FullDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  Server server;
  const Job job = start_on(server, disk, "exit 9", 2);
  wait_for_failed_try(job, 2);
  // It has ended for good; signals change nothing.
  server.signal(job, SIGTERM);
  server.signal(job, SIGUSR1);
  EXPECT_EQ(rig::states(job.stream.records(true)), "FORKED RUNNING");
  EXPECT_TRUE(job.stream.locked());
  disk.make_room();
  const auto entries = server.finish(job);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING FAILED");
  EXPECT_EQ(entries[2].status.return_code, 9);
  EXPECT_EQ(entries[2].status.seq, 9U);
}

TEST(FullDisk, NothingRunsBeforeForkedIsWritten) {
  FullDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  Server server;
  const Job job = start_on(server, disk, "echo ran", 0);
  wait_for_failed_try(job, 0);
  EXPECT_EQ(rig::read_file(job.out), "");
  disk.make_room();
  EXPECT_EQ(rig::states(server.finish(job)), "FORKED RUNNING SUCCESS");
  EXPECT_EQ(rig::read_file(job.out), "ran\n");
}

TEST(FullDisk, ARunToldToEndBeforeForkedLeavesNothing) {
  FullDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  Server server;
  const Job job = start_on(server, disk, "echo ran", 0);
  wait_for_failed_try(job, 0);
  server.signal(job, SIGTERM);
  EXPECT_EQ(rig::states(server.finish(job)), "");
  EXPECT_EQ(rig::read_file(job.out), "");
  EXPECT_FALSE(job.stream.locked());
}

TEST(FullDisk, AProcessEndsAndIsEndedWhileRunningCannotBeWritten) {
  FullDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  Server server;
  const Job job =
      start_on(server, disk, "echo $$; touch ready; trap '' TERM; while :; do sleep 1000; done", 1);
  wait_for_failed_try(job, 1);
  rig::wait_until(server.directory().path(),
                  [&] { return rig::exists(server.directory() / "ready"); });
  const pid_t pid = std::stoi(rig::read_file(job.out));
  server.signal(job, SIGUSR1);
  // Ended and reaped though nothing can be recorded yet.
  rig::spin_until([&] { return !rig::alive(pid); });
  disk.make_room();
  const auto entries = server.finish(job);
  ASSERT_EQ(rig::states(entries), "FORKED RUNNING KILLED");
  EXPECT_EQ(entries[1].status.identity.pid, pid);
  EXPECT_EQ(entries[2].status.return_code, -SIGKILL);
}

TEST(Appender, CutsWhatTheDiskDidNotTakeWhole) {
  FullDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  const std::string path = disk.stream_with_room(100);
  const Descriptor file(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
  Appender appender(file.get());
  const std::vector<std::byte> small(60, std::byte{1});
  const std::vector<std::byte> large(200, std::byte{2});
  EXPECT_TRUE(appender.append(small));
  EXPECT_FALSE(appender.append(large));
  EXPECT_EQ(std::filesystem::file_size(path), FullDisk::kPage - 40);
  EXPECT_FALSE(appender.append(large));
  disk.make_room();
  EXPECT_TRUE(appender.append(large));
  EXPECT_TRUE(appender.append(small));
  const std::string bytes = rig::read_file(path);
  EXPECT_EQ(bytes.size(), FullDisk::kPage - 40 + 260);
  EXPECT_EQ(bytes.substr(FullDisk::kPage - 40), std::string(200, '\2') + std::string(60, '\1'));
}

}  // namespace
}  // namespace thermos::coordinator
