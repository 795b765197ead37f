// Programs run from outside, as a person would: words in, output and exit status out.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace thermos::testing {

// A directory that goes away with everything in it.
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
// Everything below `directory`, sorted; paths relative to it. Empty when it isn't there.
std::vector<std::string> tree_of(const std::string& directory);

struct Invocation {
  std::vector<std::string> words;  // words[0]: a path, or a name to be found in PATH
  // Added to a small fixed environment; the tests' own is not handed on.
  std::map<std::string, std::string> environment = {};
  std::string directory = {};  // empty: the tests' own
  std::string input = {};      // standard input
};

struct Finished {
  int status = 0;  // the exit code, or minus the signal number
  std::string out;
  std::string err;
};

// A program under way. Destroying it kills it and waits for it.
class Program {
 public:
  explicit Program(const Invocation& invocation);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  // Waits until standard output holds `text`, and returns whether it came before the output ended
  // or two minutes were over.
  bool wait_for(std::string_view text);
  // No more of its standard output is read: its next write there is met by SIGPIPE or EPIPE.
  void close_output();
  // Waits for it to end; after two minutes it is killed.
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

// The built program of that name.
std::string built(std::string_view name);

}  // namespace thermos::testing
