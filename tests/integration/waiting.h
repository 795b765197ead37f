// Waiting for what happens, without a clock: for a file by inotify, for a process by its pidfd.
// Every wait has a limit far beyond need, so that a test that can't succeed ends.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace thermos::real {

// A process, held by a descriptor: its number can't become another's while this exists.
class Watched {
 public:
  Watched() = default;
  explicit Watched(pid_t pid);
  ~Watched();
  Watched(Watched&& other) noexcept;
  Watched& operator=(Watched&& other) noexcept;

  explicit operator bool() const { return fd_ >= 0; }
  // Whether it has ended (a zombie has) within that time; negative: no matter how long.
  bool ends_within(int milliseconds) const;
  bool signal(int number) const;

 private:
  int fd_ = -1;
};

std::string read_file(const std::string& path);
bool exists(const std::string& path);

// Calls `done` now and after each change in `directory` until it is true. Waits for the directory
// itself first, and for those above it.
::testing::AssertionResult wait_until(const std::string& directory,
                                      const std::function<bool()>& done);
::testing::AssertionResult wait_for_file(const std::string& path);
// Until the file holds that text.
::testing::AssertionResult wait_for_text(const std::string& path, const std::string& text);
// Waits for the file, and takes it for one number, or several.
pid_t pid_in(const std::string& path);
std::vector<pid_t> pids_in(const std::string& path, std::size_t count);

// A zombie is not.
bool alive(pid_t pid);
// Stopped, as by SIGSTOP. Waits for it: the signal takes effect later than kill() returns.
::testing::AssertionResult stops(pid_t pid);
::testing::AssertionResult ends(pid_t pid);
std::string command_name(pid_t pid);
std::string program_of(pid_t pid);
std::vector<pid_t> children_of(pid_t pid);

// Takes all that comes to a subreaper: what is left of this test's processes must end by itself.
// What does not is named, and killed.
::testing::AssertionResult nothing_outlives();

}  // namespace thermos::real
