// What a process prints through its coordinator: rotated files and the console. No byte is lost.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "rig.h"

namespace thermos {
namespace {

using rig::Job;
using rig::Server;

class Output : public testing::Test {
 protected:
  // A launch whose files are rotated; they are stdout and stderr in logs().
  Launch rotating(const std::string& cmdline, std::uint64_t size, std::uint32_t backups) {
    Launch launch = server_.make(cmdline);
    launch.rotate_size = size;
    launch.backups = backups;
    return launch;
  }

  std::string logs() const { return logs_.empty() ? server_.directory() / "logs" : logs_; }
  std::string log(const std::string& name) const { return rig::read_file(logs() + "/" + name); }
  // The sizes of stdout, stdout.1, ...
  std::vector<std::size_t> sizes() const {
    std::vector<std::size_t> all;
    for (std::size_t i = 0;; ++i) {
      const std::string name = i == 0 ? "stdout" : "stdout." + std::to_string(i);
      if (!rig::exists(logs() + "/" + name)) return all;
      all.push_back(std::filesystem::file_size(logs() + "/" + name));
    }
  }
  // From the oldest to the newest.
  std::string everything() const {
    std::string text;
    for (std::size_t i = sizes().size(); i > 0; --i) {
      text += log(i == 1 ? "stdout" : "stdout." + std::to_string(i - 1));
    }
    return text;
  }

  Job start(const Launch& launch, int console_out = -1, int console_err = -1) {
    std::filesystem::create_directories(logs());
    Job job;
    job.launch = launch;
    rig::Handover handover = server_.open(job);
    const auto message = encode(job.launch);
    EXPECT_TRUE(message.ok());
    const auto open_log = [this](const char* name) {
      return Descriptor(
          ::open((logs() + "/" + name).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    };
    const Descriptor out = open_log("stdout");
    const Descriptor err = open_log("stderr");
    const Descriptor directory(::open(logs().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    std::vector<int> descriptors = {handover.stream.get(), out.get(), err.get()};
    if (launch.rotate_size != 0) descriptors.push_back(directory.get());
    if (launch.console) descriptors.insert(descriptors.end(), {console_out, console_err});
    server_.send_bytes(*message, descriptors);
    handover = {};
    job.coordinator = server_.receive().pid;
    EXPECT_GT(job.coordinator, 0);
    server_.expect_child(job.coordinator);
    return job;
  }
  std::string states_of(const Job& job) { return rig::states(server_.finish(job)); }

  Server server_;
  std::string logs_;
};

std::string numbers(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i) text += std::to_string(i) + "\n";
  return text;
}

TEST_F(Output, IsRotatedAndNothingIsLost) {
  const Job job = start(rotating("seq 1 30000; echo to stderr >&2", 10'000, 1000));
  EXPECT_EQ(states_of(job), "FORKED RUNNING SUCCESS");
  EXPECT_EQ(everything(), numbers(1, 30000));
  EXPECT_EQ(log("stderr"), "to stderr\n");
  const auto all = sizes();
  EXPECT_GT(all.size(), 15U);
  for (const std::size_t size : all) EXPECT_LE(size, 10'000U);
  // Lines are whole in every file.
  for (std::size_t i = 1; i < all.size(); ++i) {
    EXPECT_TRUE(log("stdout." + std::to_string(i)).ends_with("\n")) << i;
  }
  EXPECT_FALSE(rig::exists(logs() + "/stdout.0"));
}

TEST_F(Output, NoMoreBackupsAreKeptThanWanted) {
  const Job job = start(rotating("seq 1 5000", 2'000, 2));
  EXPECT_EQ(states_of(job), "FORKED RUNNING SUCCESS");
  EXPECT_EQ(sizes().size(), 3U);
  EXPECT_TRUE(numbers(1, 5000).ends_with(everything()));
}

TEST_F(Output, WithoutBackupsTheFullFileIsGone) {
  const Job job = start(rotating("seq 1 1000", 1'024, 0));
  EXPECT_EQ(states_of(job), "FORKED RUNNING SUCCESS");
  EXPECT_EQ(sizes().size(), 1U);
  EXPECT_TRUE(log("stdout").ends_with("999\n1000\n"));
}

// As by somebody who makes room on a disk: what is printed after that goes on to be kept.
TEST_F(Output, ARemovedFileTakesNoBackupWithIt) {
  const Job job =
      start(rotating("seq 1001 3000; while [ ! -e go ]; do :; done; seq 3001 9000", 2'000, 1000));
  rig::wait_until(logs(), [&] { return log("stdout").ends_with("\n3000\n"); });
  const auto before = sizes();
  ASSERT_GT(before.size(), 4U);
  const std::string removed = log("stdout");
  ASSERT_EQ(::unlink((logs() + "/stdout").c_str()), 0);
  const Descriptor go(::open((server_.directory() / "go").c_str(), O_CREAT | O_WRONLY, 0600));
  EXPECT_EQ(states_of(job), "FORKED RUNNING SUCCESS");
  const std::string all = everything();
  const std::string kept = numbers(1001, 3000);
  const std::size_t whole = kept.size() - removed.size();
  EXPECT_TRUE(all.starts_with(kept.substr(0, whole)));
  // What still went into the removed file is gone with it; that is less than a file.
  EXPECT_TRUE(numbers(3001, 9000).ends_with(all.substr(std::min(whole, all.size()))));
  EXPECT_GT(all.size() + 2'000U, whole + numbers(3001, 9000).size());
  for (const std::size_t size : sizes()) EXPECT_LE(size, 2'000U);
}

// A rotation that fails is tried again for all that comes, but costs one backup at most.
TEST_F(Output, AFileThatCannotBePutAsideTakesOneBackupWithIt) {
  const Job job =
      start(rotating("seq 1001 3000; while [ ! -e go ]; do :; done; seq 3001 19000", 2'000, 3));
  rig::wait_until(logs(), [&] { return log("stdout").ends_with("\n3000\n"); });
  const std::string kept = log("stdout.2") + log("stdout.1") + log("stdout");
  // Neither a link nor a rename takes a mount point away.
  const std::string name = logs() + "/stdout";
  if (::mount(name.c_str(), name.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    GTEST_SKIP() << "needs the right to mount";
  }
  const Descriptor go(::open((server_.directory() / "go").c_str(), O_CREAT | O_WRONLY, 0600));
  EXPECT_EQ(states_of(job), "FORKED RUNNING SUCCESS");
  ::umount2(name.c_str(), MNT_DETACH);
  const std::string all = log("stdout.3") + log("stdout.2") + log("stdout.1") + log("stdout");
  EXPECT_TRUE(all.ends_with(kept + numbers(3001, 19000)));
}

TEST_F(Output, ALineLongerThanAFileIsCut) {
  const Job job = start(rotating("head -c 5000 /dev/zero | tr '\\0' x; echo", 1'024, 100));
  EXPECT_EQ(states_of(job), "FORKED RUNNING SUCCESS");
  EXPECT_EQ(everything(), std::string(5000, 'x') + "\n");
  for (const std::size_t size : sizes()) EXPECT_LE(size, 1'024U);
}

TEST_F(Output, OfWhatTheProcessLeftBehindIsSavedToo) {
  // The shell is over at once; its child prints on until it is ended with the tree.
  const Job job =
      start(rotating("(trap '' TERM; echo left; while :; do :; done) & "
                     "while [ ! -s logs/stdout ]; do :; done; echo over; exit 3",
                     100'000, 1));
  EXPECT_EQ(states_of(job), "FORKED RUNNING FAILED");
  EXPECT_EQ(log("stdout"), "left\nover\n");
}

TEST_F(Output, AProcessThatClosesItsOutputGoesOn) {
  const Job job =
      start(rotating("echo before; exec >&- 2>&-; touch closed; "
                     "while [ ! -e go ]; do :; done; exit 4",
                     10'000, 1));
  rig::wait_until(server_.directory().path(),
                  [&] { return rig::exists(server_.directory() / "closed"); });
  // It waits, and does not spin.
  rig::spin_until([&] { return rig::state_of(job.coordinator) == 'S'; });
  const Descriptor go(::open((server_.directory() / "go").c_str(), O_CREAT | O_WRONLY, 0600));
  EXPECT_EQ(states_of(job), "FORKED RUNNING FAILED");
  EXPECT_EQ(log("stdout"), "before\n");
}

TEST_F(Output, SignalsAreNoticedBesideIt) {
  const Job job =
      start(rotating("trap 'echo term; exit 5' TERM; echo ready; while :; do :; done", 10'000, 1));
  rig::wait_until(logs(), [&] { return log("stdout") == "ready\n"; });
  server_.signal(job, SIGTERM);
  EXPECT_EQ(states_of(job), "FORKED RUNNING FAILED");
  EXPECT_EQ(log("stdout"), "ready\nterm\n");
}

TEST_F(Output, GoesToTheConsole) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  Launch launch = server_.make("seq 1 30000; echo e >&2");
  launch.console = true;
  const Job job = start(launch, writer.get(), writer.get());
  writer.reset();
  std::string shown;
  std::array<char, 4096> part;
  for (ssize_t got = 0; (got = ::read(reader.get(), part.data(), part.size())) > 0;) {
    shown.append(part.data(), static_cast<std::size_t>(got));
  }
  EXPECT_EQ(states_of(job), "FORKED RUNNING SUCCESS");
  const std::size_t e = shown.find("e\n");
  ASSERT_NE(e, std::string::npos);
  shown.erase(e, 2);
  EXPECT_EQ(shown, numbers(1, 30000));
  EXPECT_EQ(log("stdout"), numbers(1, 30000));  // both: the file is there, too
}

TEST_F(Output, AConsoleThatIsASocketWorks) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  Launch launch = server_.make("echo hello");
  launch.console = true;
  const Job job = start(launch, writer.get(), writer.get());
  writer.reset();
  EXPECT_EQ(states_of(job), "FORKED RUNNING SUCCESS");
  std::array<char, 16> part;
  const ssize_t got = ::read(reader.get(), part.data(), part.size());
  EXPECT_EQ(std::string(part.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))),
            "hello\n");
}

TEST_F(Output, AConsoleThatIsGoneHoldsUpNobody) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  reader.reset();
  Launch launch = server_.make("seq 1 50000");
  launch.console = true;
  const Job job = start(launch, writer.get(), writer.get());
  writer.reset();
  EXPECT_EQ(states_of(job), "FORKED RUNNING SUCCESS");
  EXPECT_EQ(log("stdout"), numbers(1, 50000));
}

TEST_F(Output, AConsoleThatNobodyReadsEndsByForceAlone) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Descriptor reader(ends[0]);
  const Descriptor writer(ends[1]);
  Launch launch = server_.make("yes | head -c 300000; touch done; exit 0");
  launch.console = true;
  const Job job = start(launch, writer.get(), writer.get());
  pollfd full{writer.get(), POLLOUT, 0};
  rig::spin_until([&] { return ::poll(&full, 1, 0) == 0; });
  EXPECT_FALSE(rig::exists(server_.directory() / "done"));
  server_.signal(job, SIGUSR1);
  EXPECT_EQ(states_of(job), "FORKED RUNNING KILLED");
}

TEST_F(Output, AnEndByForceGivesUpTheConsoleAndNotTheFile) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Descriptor reader(ends[0]);
  const Descriptor writer(ends[1]);
  // More than the console and the buffer hold, and all that is in the pipe behind them.
  const std::string cmdline = "seq 1001 22000; touch done; while :; do :; done";
  Launch launch = server_.make(cmdline);
  launch.console = true;
  const Job job = start(launch, writer.get(), writer.get());
  rig::wait_until(server_.directory().path(),
                  [&] { return rig::exists(server_.directory() / "done"); });
  server_.signal(job, SIGUSR1);
  EXPECT_EQ(states_of(job), "FORKED RUNNING KILLED");
  EXPECT_TRUE(log("stdout") == numbers(1001, 22000)) << log("stdout").size();
}

TEST_F(Output, AFullDiskHoldsTheEndUpUntilThereIsRoom) {
  const rig::Directory disk;
  if (::mount("tmpfs", disk.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "needs the right to mount";
  }
  logs_ = disk / "logs";
  std::filesystem::create_directories(logs_);
  const std::string filler = disk / "filler";
  {
    const Descriptor file(::open(filler.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    const std::vector<char> zeros(4096);
    for (int i = 0; i < 8; ++i) {
      EXPECT_EQ(::write(file.get(), zeros.data(), zeros.size()), 4096);
    }
  }
  const Job job = start(rotating("seq 1 8000; touch done", 1'000'000, 2));
  rig::wait_until(server_.directory().path(),
                  [&] { return rig::exists(server_.directory() / "done"); });
  const auto entries = job.stream.wait_for_records(2);
  rig::spin_until([&] { return !rig::alive(entries[1].status.identity.pid); });
  EXPECT_EQ(rig::states(job.stream.records(true)), "FORKED RUNNING");
  EXPECT_TRUE(numbers(1, 8000).starts_with(log("stdout")));
  ::unlink(filler.c_str());
  EXPECT_EQ(states_of(job), "FORKED RUNNING SUCCESS");
  EXPECT_EQ(everything(), numbers(1, 8000));
  ::umount2(disk.path().c_str(), MNT_DETACH);
}

TEST_F(Output, SoDoesAConsoleThatIsAFileOnAFullDisk) {
  const rig::Directory disk;
  if (::mount("tmpfs", disk.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "needs the right to mount";
  }
  const std::string filler = disk / "filler";
  {
    const Descriptor file(::open(filler.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    const std::vector<char> zeros(4096);
    for (int i = 0; i < 14; ++i) {
      EXPECT_EQ(::write(file.get(), zeros.data(), zeros.size()), 4096);
    }
  }
  const std::string shown = disk / "run.log";
  const Descriptor console(::open(shown.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  Launch launch = server_.make("seq 1 8000; touch done");
  launch.console = true;
  const Job job = start(launch, console.get(), console.get());
  rig::wait_until(server_.directory().path(),
                  [&] { return rig::exists(server_.directory() / "done"); });
  const auto entries = job.stream.wait_for_records(2);
  rig::spin_until([&] { return !rig::alive(entries[1].status.identity.pid); });
  // It waits, and does not spin.
  rig::spin_until([&] {
    return rig::state_of(job.coordinator) == 'S' || rig::state_of(job.coordinator) == 'Z';
  });
  EXPECT_EQ(rig::states(job.stream.records(true)), "FORKED RUNNING");
  EXPECT_TRUE(numbers(1, 8000).starts_with(rig::read_file(shown)));
  ::unlink(filler.c_str());
  EXPECT_EQ(states_of(job), "FORKED RUNNING SUCCESS");
  EXPECT_TRUE(rig::read_file(shown) == numbers(1, 8000));
  EXPECT_TRUE(log("stdout") == numbers(1, 8000));
  ::umount2(disk.path().c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace thermos
