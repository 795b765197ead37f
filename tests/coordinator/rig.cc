#include "rig.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <thread>

#include "coordinator/kernel.h"
#include "waiting.h"

namespace thermos::rig {

Directory::Directory() : path_("/tmp/thermos-coordinator-test-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) std::abort();
  ::chmod(path_.c_str(), 0777);
}

Directory::~Directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::string& path) {
  return real::read_file(path);
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

void wait_until(const std::string& watched, const std::function<bool()>& done) {
  const Descriptor events(::inotify_init1(IN_CLOEXEC));
  // Watched before the first look, or a change between the two would never be heard of.
  ASSERT_GE(::inotify_add_watch(events.get(), watched.c_str(),
                                IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE),
            0)
      << watched;
  while (!done()) {
    alignas(inotify_event) char buffer[4096];
    ASSERT_GT(::read(events.get(), buffer, sizeof buffer), 0);
  }
}

void spin_until(const std::function<bool()>& done) {
  while (!done()) std::this_thread::yield();
}

bool alive(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

char state_of(pid_t pid) {
  const auto stat = coordinator::read_stat(pid);
  return stat ? stat->state : '-';
}

int wait_for(pid_t pid) {
  int status = -1;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

BootId test_boot() {
  return {0x0123456789abcdef, 0xfedcba9876543210};
}

std::vector<Entry> Stream::records(bool live) const {
  std::vector<Entry> entries;
  const std::string bytes = read_file(path);
  if (bytes.size() <= offset) return entries;
  std::vector<std::uint64_t> aligned((bytes.size() - offset + 7) / 8);
  std::memcpy(aligned.data(), bytes.data() + offset, bytes.size() - offset);
  auto scanner = FrameScanner::tail(std::as_bytes(std::span(aligned)).first(bytes.size() - offset),
                                    offset, chain);
  Verdict verdict{};
  while ((verdict = scanner.next()) == Verdict::Record) {
    const auto record = decode(scanner.payload());
    if (!record) {
      ADD_FAILURE() << record.error().message;
      return entries;
    }
    const auto* status = std::get_if<ProcessStatus>(&*record);
    if (status == nullptr) {
      ADD_FAILURE() << "not a process status";
      return entries;
    }
    entries.push_back({*status, std::string(status->process), std::string(status->reason)});
  }
  if (!(live && verdict == Verdict::Torn)) {
    EXPECT_EQ(verdict, Verdict::End) << scanner.why();
  }
  return entries;
}

std::vector<Entry> Stream::wait_for_records(std::size_t count) const {
  std::vector<Entry> entries;
  wait_until(path, [&] { return (entries = records(true)).size() >= count; });
  return entries;
}

bool Stream::locked() const {
  const Descriptor probe(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return ::flock(probe.get(), LOCK_EX | LOCK_NB) != 0;
}

pid_t start_program(int theirs, std::uint32_t uid, int leaked) {
  const std::string path = std::string(THERMOS_BIN) + "/thermos-coordinator";
  // Opened here: another user may not be able to reach it by name.
  const Descriptor program(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  if (leaked >= 0) ::dup2(leaked, 9);
  if (::dup2(theirs, 3) < 0) ::_exit(126);
  if (theirs == 3) ::fcntl(3, F_SETFD, 0);
  if (uid != 0 && (::setgid(uid) != 0 || ::setuid(uid) != 0)) ::_exit(126);
  const char* const arguments[] = {"thermos-coordinator", nullptr};
  const char* const environment[] = {"LEAK=from the reactor", nullptr};
  ::syscall(SYS_execveat, program.get(), "", arguments, environment, AT_EMPTY_PATH);
  ::_exit(127);
}

Server::Server(std::uint32_t uid, int leaked) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  socket_.reset(ends[0]);
  const Descriptor theirs(ends[1]);
  pid_ = start_program(theirs.get(), uid, leaked);
}

Server::~Server() {
  for (const std::int32_t coordinator : running_) {
    ::kill(coordinator, SIGUSR1);
    wait_for(coordinator);
  }
  socket_.reset();
  if (pid_ != 0) wait_for(pid_);
}

void Server::kill_server() {
  ::kill(pid_, SIGKILL);
  wait_for(pid_);
  pid_ = 0;
}

Launch Server::make(const std::string& cmdline) {
  Launch launch;
  launch.ticket = ++tickets_;
  launch.process = "process" + std::to_string(launch.ticket);
  launch.seq = 7;
  launch.run = 2;
  launch.boot = test_boot();
  launch.cmdline = cmdline;
  launch.directory = directory_.path();
  launch.environment = {"PATH=/usr/local/bin:/usr/bin:/bin"};
  return launch;
}

Handover Server::open(Job& job, const std::string& stream_path, std::size_t offset) {
  Handover handover;
  const std::string base = directory_ / job.launch.process;
  job.stream.path = stream_path.empty() ? base + ".stream" : stream_path;
  job.out = base + ".out";
  job.err = base + ".err";
  constexpr int kFlags = O_CREAT | O_APPEND | O_CLOEXEC;
  handover.stream.reset(::open(job.stream.path.c_str(), kFlags | O_RDWR, 0600));
  handover.out.reset(::open(job.out.c_str(), kFlags | O_WRONLY, 0644));
  handover.err.reset(::open(job.err.c_str(), kFlags | O_WRONLY, 0644));
  if (offset == 0) {
    std::array<std::byte, kStreamHeaderBytes> header{};
    encode_stream_header({kStreamVersion, 4711}, header);
    EXPECT_EQ(::write(handover.stream.get(), header.data(), header.size()),
              static_cast<ssize_t>(header.size()));
    offset = header.size();
  }
  job.stream.offset = offset;
  job.stream.chain = job.launch.chain = chain_start(4711);
  EXPECT_EQ(::flock(handover.stream.get(), LOCK_EX | LOCK_NB), 0);
  return handover;
}

void Server::send(const Launch& launch, Handover handover) {
  const auto message = encode(launch);
  ASSERT_TRUE(message) << message.error().message;
  send_bytes(*message, {handover.stream.get(), handover.out.get(), handover.err.get()});
}

void Server::send_bytes(const std::vector<std::byte>& bytes, const std::vector<int>& descriptors) {
  std::vector<std::byte> copy = bytes;
  iovec part{copy.data(), copy.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    const std::size_t size = descriptors.size() * sizeof(int);
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(header), descriptors.data(), size);
  }
  ASSERT_EQ(::sendmsg(socket_.get(), &message, MSG_NOSIGNAL), static_cast<ssize_t>(copy.size()))
      << std::strerror(errno);
}

std::optional<std::vector<std::byte>> Server::receive_bytes() {
  std::vector<std::byte> room(kLaunchedBytes);
  const ssize_t size = ::recv(socket_.get(), room.data(), room.size(), 0);
  if (size <= 0) return std::nullopt;
  room.resize(static_cast<std::size_t>(size));
  return room;
}

Launched Server::receive() {
  const auto bytes = receive_bytes();
  if (!bytes) {
    ADD_FAILURE() << "the server is gone";
    return {};
  }
  const auto launched = decode_launched(*bytes);
  if (!launched) {
    ADD_FAILURE() << launched.error().message;
    return {};
  }
  if (launched->pid > 0) expect_child(launched->pid);
  return *launched;
}

Job Server::start(const Launch& launch) {
  Job job;
  job.launch = launch;
  Handover handover = open(job);
  send(job.launch, std::move(handover));
  const Launched launched = receive();
  EXPECT_EQ(launched.ticket, launch.ticket);
  EXPECT_EQ(launched.error, 0) << std::strerror(launched.error);
  job.coordinator = launched.pid;
  return job;
}

std::vector<Entry> Server::finish(const Job& job) {
  EXPECT_EQ(running_.erase(job.coordinator), 1U);
  EXPECT_EQ(wait_for(job.coordinator), 0) << "the coordinator did not end cleanly";
  return job.stream.records();
}

void Server::signal(const Job& job, int signal) const {
  EXPECT_EQ(::kill(job.coordinator, signal), 0);
}

std::string states(const std::vector<Entry>& entries) {
  std::string all;
  for (const Entry& entry : entries) {
    if (!all.empty()) all += ' ';
    all += name_of(entry.status.state);
  }
  return all;
}

}  // namespace thermos::rig
