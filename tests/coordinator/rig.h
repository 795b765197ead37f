// Shared by the coordinator's tests, in which the test process acts as the reactor: it starts the
// real fork server, sends launches and reads the coordinators' records.
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

// A directory under /tmp, accessible to every user, and removed with its contents by the
// destructor.
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
// Calls `done` now and after each change in the directory (or of the file) `watched`, until it is
// true.
void wait_until(const std::string& watched, const std::function<bool()>& done);
// Calls `done` until it is true, for conditions without an event, such as the state of a process
// that is not our child.
void spin_until(const std::function<bool()>& done);
// Whether the process `pid` exists; a zombie does.
bool alive(pid_t pid);
char state_of(pid_t pid);
// Waits for a child and returns its wait status.
int wait_for(pid_t pid);
BootId test_boot();

struct Entry {
  ProcessStatus status;  // its views point into the strings below
  std::string process;
  std::string reason;
};

// A stream as the runner passes it to a coordinator, and the coordinator's records in it.
struct Stream {
  std::string path;
  std::size_t offset = 0;  // where the coordinator's records start
  std::uint32_t chain = 0;

  // The records behind `offset`. Fails the test if the bytes are not complete records; with `live`,
  // a torn tail is allowed, because a writer may not have finished.
  std::vector<Entry> records(bool live = false) const;
  // Waits until there are `count` records.
  std::vector<Entry> wait_for_records(std::size_t count) const;
  // Whether its lock is held.
  bool locked() const;
};

struct Handover {
  Descriptor stream;
  Descriptor out;
  Descriptor err;
};

// One launch and its files.
struct Job {
  Launch launch;
  Stream stream;
  std::string out;
  std::string err;
  std::int32_t coordinator = 0;
};

class Server {
 public:
  // Starts a server, as the user `uid`. It inherits `leaked`, if that is given, as descriptor 9.
  explicit Server(std::uint32_t uid = 0, int leaked = -1);
  // Kills the server, every coordinator that was not waited for, and their process trees.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const Directory& directory() const { return directory_; }
  pid_t pid() const { return pid_; }
  int socket() const { return socket_.get(); }

  // Makes a launch of `cmdline` in directory(), as the current user, with nothing but PATH.
  Launch make(const std::string& cmdline);
  // Opens the files of a launch and locks the stream, which is `stream_path` or else in
  // directory().
  Handover open(Job& job, const std::string& stream_path = {}, std::size_t offset = 0);
  void send(const Launch& launch, Handover handover);
  void send_bytes(const std::vector<std::byte>& bytes, const std::vector<int>& descriptors);
  Launched receive();
  // Returns nothing if the server closed the socket.
  std::optional<std::vector<std::byte>> receive_bytes();

  // Opens the files, sends the launch and waits for the answer.
  Job start(const Launch& launch);
  Job start(const std::string& cmdline) { return start(make(cmdline)); }
  void expect_child(std::int32_t coordinator) { running_.insert(coordinator); }
  // Waits for the coordinator, checks that it exits with 0, and returns its records.
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

// Starts thermos-coordinator with the socket `theirs`; for Server, and for tests that close one
// end.
pid_t start_program(int theirs, std::uint32_t uid, int leaked);

// "FORKED RUNNING SUCCESS"
std::string states(const std::vector<Entry>& entries);

}  // namespace thermos::rig
