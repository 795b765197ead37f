#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <vector>

namespace thermos::testing {
namespace {

constexpr std::chrono::minutes kPatience{2};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

int milliseconds_until(std::chrono::steady_clock::time_point end) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace

Terminal::Terminal(const Invocation& invocation, std::uint16_t columns, std::uint16_t rows) {
  std::map<std::string, std::string> all = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LANG", "C.UTF-8"}, {"TERM", "xterm-256color"}};
  for (const auto& [name, value] : invocation.environment) all[name] = value;
  std::vector<std::string> environment;
  for (const auto& [name, value] : all) {
    std::string word = name;
    environment.push_back(word.append("=").append(value));
  }
  std::vector<std::string> words = invocation.words;
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> variables = pointers(environment);
  winsize size{};
  size.ws_col = columns;
  size.ws_row = rows;
  pid_ = ::forkpty(&fd_, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::runtime_error("forkpty");
  if (pid_ == 0) {
    if (!invocation.directory.empty() && ::chdir(invocation.directory.c_str()) != 0) ::_exit(127);
    ::execvpe(arguments.front(), arguments.data(), variables.data());
    ::_exit(127);
  }
  ::fcntl(fd_, F_SETFD, FD_CLOEXEC);
}

Terminal::~Terminal() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(fd_);
}

void Terminal::type(std::string_view keys) const {
  if (::write(fd_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
    throw std::runtime_error("write to a terminal");
  }
}

// False when the program's end of the terminal was closed, or the time is over.
bool Terminal::read_some(int timeout_ms) {
  pollfd ready{fd_, POLLIN, 0};
  if (::poll(&ready, 1, timeout_ms) <= 0) return false;
  char buffer[65536];
  const ssize_t got = ::read(fd_, buffer, sizeof buffer);
  if (got <= 0) return false;  // EIO: nobody has it open any more
  written_.append(buffer, static_cast<std::size_t>(got));
  return true;
}

bool Terminal::wait_for(std::string_view text) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const std::size_t at = written_.find(text, seen_);
    if (at != std::string::npos) {
      seen_ = at + text.size();
      return true;
    }
    if (!read_some(milliseconds_until(end))) return false;
  }
}

int Terminal::wait() {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (read_some(milliseconds_until(end))) {
  }
  if (milliseconds_until(end) == 0) ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) throw std::runtime_error("waitpid");
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string Terminal::screen() const {
  std::vector<std::string> lines(1);
  std::size_t row = 0;
  std::size_t column = 0;  // in bytes: the lines of the tests are ASCII
  for (std::size_t at = 0; at < written_.size(); ++at) {
    const char c = written_[at];
    if (c == '\r') {
      column = 0;
    } else if (c == '\n') {
      if (++row == lines.size()) lines.emplace_back();
    } else if (c == '\x1b' && at + 1 < written_.size() && written_[at + 1] == '[') {
      const std::size_t end = written_.find_first_not_of("0123456789;", at + 2);
      if (end == std::string::npos) break;
      std::size_t count = 0;
      std::from_chars(written_.data() + at + 2, written_.data() + end, count);
      count = std::max<std::size_t>(count, 1);
      if (written_[end] == 'A') row -= std::min(row, count);
      if (written_[end] == 'K' || written_[end] == 'J') {
        lines[row].resize(std::min(lines[row].size(), column));
      }
      if (written_[end] == 'J') lines.resize(row + 1);
      at = end;
    } else {
      std::string& line = lines[row];
      if (line.size() <= column) line.resize(column + 1, ' ');
      line[column++] = c;
    }
  }
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace thermos::testing
