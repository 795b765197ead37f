// What the tests of the coordinator share: the test process plays the reactor. It starts the real
// fork server, hands launches over and reads what the coordinators wrote.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "capnp/codec.h"
#include "capnp/launch.h"
#include "core/record/frame.h"
#include "core/record/record.h"
#include "reactor/os/descriptor.h"

namespace thermos::rig {

// A directory under /tmp that goes away with its contents. Open to every user.
class Directory {
 public:
  Directory();
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string read_file(const std::string& path);
bool exists(const std::string& path);
// Calls `done` after each change in `directory` (or to that file) until it is true.
void wait_until(const std::string& watched, const std::function<bool()>& done);
// For what the kernel tells nobody about, such as the state of a process that is not our child.
void spin_until(const std::function<bool()>& done);
// Whether `pid` is a process, a zombie included.
bool alive(pid_t pid);
char state_of(pid_t pid);
// Waits for a child. Its wait status.
int wait_for(pid_t pid);
BootId test_boot();

struct Entry {
  ProcessStatus status;  // its views point into the strings below
  std::string process;
  std::string reason;
};

// A stream file as the runner hands it over, and what came of it.
struct Stream {
  std::string path;
  std::size_t offset = 0;  // where the coordinator starts
  std::uint32_t chain = 0;

  // Everything behind `offset`. Fails the test if the bytes are not whole records; `live`: a torn
  // tail is what a writer has not finished.
  std::vector<Entry> records(bool live = false) const;
  // Waits until there are `count` records.
  std::vector<Entry> wait_for_records(std::size_t count) const;
  // Whether somebody holds its lock.
  bool locked() const;
};

struct Handover {
  Descriptor stream;
  Descriptor out;
  Descriptor err;
};

// One launch, from the message to the end of its coordinator.
struct Job {
  Launch launch;
  Stream stream;
  std::string out;
  std::string err;
  std::int32_t coordinator = 0;
};

class Server {
 public:
  // `uid`: run the server as that user. It inherits `leaked`, if given, as descriptor 9.
  explicit Server(std::uint32_t uid = 0, int leaked = -1);
  // Ends the server and every coordinator that was not waited for, with their trees.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const Directory& directory() const { return directory_; }
  pid_t pid() const { return pid_; }
  int socket() const { return socket_.get(); }

  // A launch of `cmdline` in directory(), as whoever we are, with PATH alone.
  Launch make(const std::string& cmdline);
  // Its files, opened and locked; `stream_path` instead of one in directory().
  Handover open(Job& job, const std::string& stream_path = {}, std::size_t offset = 0);
  void send(const Launch& launch, Handover handover);
  void send_bytes(const std::vector<std::byte>& bytes, const std::vector<int>& descriptors);
  Launched receive();
  // Nothing: the server closed the socket.
  std::optional<std::vector<std::byte>> receive_bytes();

  // All of it, until the answer.
  Job start(const Launch& launch);
  Job start(const std::string& cmdline) { return start(make(cmdline)); }
  void expect_child(std::int32_t coordinator) { running_.insert(coordinator); }
  // Waits for the end of the coordinator, which must be a clean exit, and returns its records.
  std::vector<Entry> finish(const Job& job);
  // start() and finish().
  std::vector<Entry> run(const Launch& launch) { return finish(start(launch)); }
  std::vector<Entry> run(const std::string& cmdline) { return run(make(cmdline)); }

  void signal(const Job& job, int signal) const;
  void kill_server();

 private:
  Directory directory_;
  Descriptor socket_;
  pid_t pid_ = 0;
  std::uint64_t tickets_ = 0;
  std::set<std::int32_t> running_;
};

// Starts the program; its socket is `theirs`. For Server and for tests that close one end.
pid_t start_program(int theirs, std::uint32_t uid, int leaked);

// "FORKED RUNNING SUCCESS"
std::string states(const std::vector<Entry>& entries);

}  // namespace thermos::rig
