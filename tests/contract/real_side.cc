// The product's own files, locks, notices, fork server and identities, in a temporary directory.
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <utility>

#include "capnp/codec.h"
#include "reactor/launch/fork_server_client.h"
#include "reactor/loop/child_watcher.h"
#include "reactor/loop/inotify.h"
#include "reactor/loop/loop.h"
#include "reactor/os/identity.h"
#include "reactor/os/pidfd.h"
#include "reactor/store/stream_lock.h"
#include "reactor/store/stream_reader.h"
#include "reactor/store/stream_writer.h"
#include "side.h"
#include "small_disk.h"
#include "task_run.h"

namespace thermos::contract {
namespace {

const char* const kStream = "coordinator.p0";

std::string make_directory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "contract-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  // What a dead coordinator leaves comes to this process.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  return pattern;
}

class RealSide : public Side {
 public:
  RealSide() {
    ::mkfifo(gate().c_str(), 0600);
    must(inotify_.watch(directory_, {[this](std::string_view name, std::uint32_t mask) {
                                       if (name != kStream) return;
                                       closed_ = closed_ || (mask & IN_CLOSE_WRITE) != 0;
                                       changed_ = true;
                                       loop_.stop();
                                     },
                                     [] {}}));
  }

  ~RealSide() override {
    // All children are this side's own: the fork server, coordinators, and what those left.
    do {
      for (const pid_t child : real::children_of(::getpid())) ::kill(child, SIGKILL);
    } while (::waitpid(-1, nullptr, 0) > 0);
    std::filesystem::remove_all(directory_);
  }

  std::optional<Handle> lock() override {
    auto writer = StreamWriter::open(path());
    if (!writer) return std::nullopt;
    const Handle handle = writer->fd();
    writers_.emplace(handle, std::move(*writer));
    return handle;
  }
  void close(Handle handle) override { writers_.erase(handle); }
  bool locked() override { return must(stream_is_locked(path())); }
  void wait_for_free_lock() override {
    const Descriptor stream(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
    ::flock(stream.get(), LOCK_SH);
  }
  void append(Handle handle, const ProcessStatus& status) override {
    must(writers_.at(handle).append(status));
  }
  void append_part(Handle handle, const ProcessStatus& status) override {
    std::uint32_t chain = writers_.at(handle).position().chain;
    std::vector<std::byte> frame;
    append_frame(status, chain, frame);
    const std::size_t part = frame.size() / 2;
    if (::write(handle, frame.data(), part) != static_cast<ssize_t>(part)) {
      throw std::runtime_error("cannot write");
    }
  }
  Contents read() override {
    Contents contents;
    const Descriptor stream(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!stream) return contents;
    const StreamEnd end =
        must(read_stream(stream.get(), path(), position_, [&](const Record& record) -> Status {
          const auto& status = std::get<ProcessStatus>(record);
          contents.states.push_back(status.state);
          if (status.state == ProcessState::Forked) coordinator_ = status.identity;
          return Done{};
        }));
    contents.torn = end == StreamEnd::Torn;
    return contents;
  }
  void cut(Handle handle) override {
    must(writers_.at(handle).resume_at(position_, StreamEnd::Torn));
  }
  void wait_for_close() override {
    while (!closed_) loop_.run();
  }

  void launch(Handle handle) override {
    read();
    cut(handle);
    StreamWriter writer = std::move(writers_.at(handle));
    writers_.erase(handle);
    Launch launch;
    launch.ticket = ++ticket_;
    launch.process = "p0";
    launch.seq = 1;
    launch.chain = writer.position().chain;
    launch.boot = must(read_boot_id());
    launch.cmdline = "exec cat gate";  // which nobody opens
    launch.directory = directory_;
    launch.environment = {"PATH=/usr/bin:/bin"};
    must(server_.launch(launch, writer.release(), log(), log()));
  }
  std::int32_t answer() override {
    for (;;) {
      if (const auto answer = server_.receive()) return answer->pid;
      pollfd readable{server_.fd(), POLLIN, 0};
      ::poll(&readable, 1, -1);
    }
  }
  Identity forked() override {
    for (read(); coordinator_.pid == 0; read()) {
      while (!changed_) loop_.run();
      changed_ = false;
    }
    return coordinator_;
  }
  void stop_server() override {
    ::kill(server_.pid(), SIGSTOP);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(server_.pid()), &info, WSTOPPED | WNOWAIT);
  }
  void kill_server() override {
    ::kill(server_.pid(), SIGKILL);
    ::waitpid(server_.pid(), nullptr, 0);
    while (server_.receive()) {
    }
  }
  bool restart_server() override { return server_.restart().ok(); }

  void kill(const Identity& coordinator) override { send_signal(coordinator, SIGKILL); }
  void wait_for_end(std::int32_t child) override {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  }
  void reap(bool births_expected) override {
    children_.expect_births(births_expected);
    children_.reap();
  }
  bool can_watch(std::int32_t child) override { return children_.can_watch(child); }
  bool is_recycled(const Identity& child) override { return children_.is_recycled(child); }
  bool watch_is_answered_at_once(std::int32_t child) override {
    bool answered = false;
    children_.watch(child, [&answered](int) { answered = true; });
    children_.forget(child);
    return answered;
  }
  bool pidfd_tells(const Identity& identity, const std::function<void()>& then) override {
    const auto pidfd = open_pidfd(identity);
    if (!pidfd) return false;
    then();
    wait_for_death(*pidfd);
    return true;
  }

 private:
  std::string path() const { return directory_ + "/" + kStream; }
  std::string gate() const { return directory_ + "/gate"; }
  Descriptor log() const {
    return Descriptor(::open((directory_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
  }

  const std::string directory_ = make_directory();
  Loop loop_;
  Inotify inotify_{loop_, true};
  Loop children_loop_;  // which never runs: a child is reaped when the test says so
  ChildWatcher children_{children_loop_, [] {}};
  ForkServerClient server_ =
      must(ForkServerClient::start(std::string(THERMOS_BIN) + "/thermos-coordinator"));
  std::map<Handle, StreamWriter> writers_;
  StreamPosition position_;
  Identity coordinator_;
  bool closed_ = false;
  bool changed_ = false;
  std::uint64_t ticket_ = 0;
};

class RealFullDisk : public FullDisk {
 public:
  RealFullDisk() {
    if (!disk_.mounted()) return;
    std::filesystem::create_directories(site_.root());
    writer_.emplace(must(StreamWriter::open(path())));
  }

  std::string unavailable() const override {
    return disk_.mounted() ? "" : "a small file system needs root and a mount";
  }
  bool append(const Record& record) override { return writer_->append(record).ok(); }
  void fill() override { disk_.fill(); }
  std::size_t recover() override {
    disk_.free();
    writer_.reset();
    writer_.emplace(must(StreamWriter::open(path())));
    const RunnerStream stream = must(read_runner_stream(path()));
    must(writer_->resume_at(stream.position, stream.end));
    return stream.records;
  }

 private:
  std::string path() const { return site_.root() + "/runner"; }

  real::Site site_;
  real::SmallDisk disk_{site_};
  std::optional<StreamWriter> writer_;
};

}  // namespace

std::unique_ptr<Side> real_side() {
  return std::make_unique<RealSide>();
}

std::unique_ptr<FullDisk> real_full_disk() {
  return std::make_unique<RealFullDisk>();
}

}  // namespace thermos::contract
