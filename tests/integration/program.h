// Runs programs and returns their output and exit status.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace thermos::testing {

// A temporary directory, removed with its contents by the destructor.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

std::string read_text(const std::string& path);
void write_text(const std::string& path, std::string_view text);
// Returns all paths below `directory`, relative to it and sorted; empty if it does not exist.
std::vector<std::string> tree_of(const std::string& directory);

struct Invocation {
  std::vector<std::string> words;  // words[0] is a path, or a name that is looked up in PATH
  // Added to a small fixed environment; the environment of the tests is not passed on.
  std::map<std::string, std::string> environment = {};
  std::string directory = {};  // empty: the current directory
  std::string input = {};      // standard input
};

struct Finished {
  int status = 0;  // the exit code, or minus the signal number
  std::string out;
  std::string err;
};

// A running program. The destructor kills it and waits for it.
class Program {
 public:
  explicit Program(const Invocation& invocation);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  // Waits until standard output contains `text`. False if the output ended or two minutes passed
  // first.
  bool wait_for(std::string_view text);
  // Closes the pipe of its standard output, so that its next write gets SIGPIPE or EPIPE.
  void close_output();
  // Waits for its end, and kills it after two minutes.
  Finished wait();

  const std::string& out() const { return out_; }

 private:
  bool read_some(int timeout_ms);
  void reap();

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  int status_ = 0;
  std::string out_;
  std::string err_;
};

Finished run_program(const Invocation& invocation);

// The path of the built program `name`.
std::string built(std::string_view name);

}  // namespace thermos::testing
