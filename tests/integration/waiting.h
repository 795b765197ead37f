// Waits for events without sleeping: for a file with inotify, for a process with its pidfd. Every
// wait has a limit that is much longer than needed, so that a test that cannot succeed ends.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace thermos::real {

// A pidfd of a process; it always refers to that process, even after the pid was recycled.
class Watched {
 public:
  Watched() = default;
  explicit Watched(pid_t pid);
  ~Watched();
  Watched(Watched&& other) noexcept;
  Watched& operator=(Watched&& other) noexcept;

  explicit operator bool() const { return fd_ >= 0; }
  // Waits, and returns whether it ended within that time (a zombie has ended); negative: no limit.
  bool ends_within(int milliseconds) const;
  bool signal(int number) const;

 private:
  int fd_ = -1;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);
bool exists(const std::string& path);

// Calls `done` now and after each change in `directory`, until it is true. If the directory does
// not exist, it waits for it and its parents first.
::testing::AssertionResult wait_until(const std::string& directory,
                                      const std::function<bool()>& done);
::testing::AssertionResult wait_for_file(const std::string& path);
// Waits until the file contains that text.
::testing::AssertionResult wait_for_text(const std::string& path, const std::string& text);
// Waits for the file and reads one pid from it, or `count` pids.
pid_t pid_in(const std::string& path);
std::vector<pid_t> pids_in(const std::string& path, std::size_t count);

// Whether the process exists and is not a zombie.
bool alive(pid_t pid);
// Waits until the process is stopped (SIGSTOP), which happens some time after kill() returns.
::testing::AssertionResult stops(pid_t pid);
::testing::AssertionResult ends(pid_t pid);
std::string command_name(pid_t pid);
std::string program_of(pid_t pid);
std::vector<pid_t> children_of(pid_t pid);
// What each descriptor of the process stands for, by its number. A process that has gone has none,
// nor is one told that was closed meanwhile.
std::map<int, std::string> descriptors_of(pid_t pid);

// Reaps what died and was left to this process; not the runner, whose end is waited for elsewhere.
void reap_orphans(pid_t runner);

// Waits until all processes that this subreaper adopted have ended. Kills those that do not end by
// themselves, and fails with their names.
::testing::AssertionResult nothing_outlives();

}  // namespace thermos::real
