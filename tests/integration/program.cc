#include "program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace thermos::testing {
namespace {

constexpr std::chrono::minutes kPatience{2};

[[noreturn]] void fail(const char* what, int number = errno) {
  throw std::system_error(number, std::generic_category(), what);
}

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe2");
  return ends;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  list.reserve(words.size() + 1);
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> environment_of(const Invocation& invocation) {
  std::map<std::string, std::string> all = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                                            {"LANG", "C.UTF-8"}};
  for (const char* handed_on : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const char* value = std::getenv(handed_on)) all[handed_on] = value;
  }
  for (const auto& [name, value] : invocation.environment) all[name] = value;
  std::vector<std::string> words;
  for (const auto& [name, value] : all) {
    std::string word = name;
    words.push_back(word.append("=").append(value));
  }
  return words;
}

// Standard input as a file without a name: nobody has to feed a pipe.
int input_file(const std::string& text) {
  if (text.empty()) return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int fd = ::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) fail("O_TMPFILE");
  if (::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail("write");
  ::lseek(fd, 0, SEEK_SET);
  return fd;
}

void drain(int& fd, std::string& text) {
  char buffer[65536];
  const ssize_t got = ::read(fd, buffer, sizeof buffer);
  if (got > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
  } else if (got == 0 || errno != EINTR) {
    ::close(fd);
    fd = -1;
  }
}

}  // namespace

TempDir::TempDir() {
  std::string pattern = "/tmp/thermos-test-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) fail("mkdtemp");
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

std::vector<std::string> tree_of(const std::string& directory) {
  std::vector<std::string> found;
  if (!std::filesystem::exists(directory)) return found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    found.push_back(std::filesystem::relative(entry.path(), directory).string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Program::Program(const Invocation& invocation) {
  const std::array<int, 2> out = make_pipe();
  const std::array<int, 2> err = make_pipe();
  const int in = input_file(invocation.input);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  ::posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  if (!invocation.directory.empty()) {
    ::posix_spawn_file_actions_addchdir_np(&actions, invocation.directory.c_str());
  }
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t all;
  sigset_t none;
  ::sigfillset(&all);
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

  std::vector<std::string> words = invocation.words;
  std::vector<std::string> environment = environment_of(invocation);
  const int error = ::posix_spawnp(&pid_, words.front().c_str(), &actions, &attributes,
                                   pointers(words).data(), pointers(environment).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(in);
  ::close(out[1]);
  ::close(err[1]);
  out_fd_ = out[0];
  err_fd_ = err[0];
  if (error != 0) {
    pid_ = -1;
    fail(words.front().c_str(), error);
  }
}

Program::~Program() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    reap();
  }
  if (out_fd_ >= 0) ::close(out_fd_);
  if (err_fd_ >= 0) ::close(err_fd_);
}

void Program::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

void Program::close_output() {
  if (out_fd_ >= 0) ::close(out_fd_);
  out_fd_ = -1;
}

// False when the time was over without news.
bool Program::read_some(int timeout_ms) {
  // poll() passes over descriptors below zero.
  std::array<pollfd, 2> ready = {{{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}}};
  const int count = ::poll(ready.data(), ready.size(), timeout_ms);
  if (count == 0) return false;
  if (count < 0) return errno == EINTR;
  if (ready[0].revents != 0) drain(out_fd_, out_);
  if (ready[1].revents != 0) drain(err_fd_, err_);
  return true;
}

bool Program::wait_for(std::string_view text) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (out_.find(text) == std::string::npos) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (out_fd_ < 0 || left.count() <= 0) return false;
    if (!read_some(static_cast<int>(left.count()))) return false;
  }
  return true;
}

void Program::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) fail("waitpid");
  }
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  pid_ = -1;
}

Finished Program::wait() {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (out_fd_ >= 0 || err_fd_ >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !read_some(static_cast<int>(left.count()))) {
      err_ += "\n(killed: it did not end within two minutes)\n";
      signal(SIGKILL);
      break;
    }
  }
  reap();
  return {status_, out_, err_};
}

Finished run_program(const Invocation& invocation) {
  return Program(invocation).wait();
}

std::string built(std::string_view name) {
  return std::string(THERMOS_BIN) + "/" + std::string(name);
}

}  // namespace thermos::testing
