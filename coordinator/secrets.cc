#include "coordinator/secrets.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace thermos::coordinator {
namespace {

// The limit for a variable with its name, '=' and NUL (MAX_ARG_STRLEN, execve(2)). A slot has room
// for more, so that a value which is too long is noticed.
constexpr std::size_t kMostBytes = 131'072;
constexpr std::size_t kSlotBytes = kMostBytes + 4096;

bool is_named(const char* variable, std::string_view name) {
  return std::strncmp(variable, name.data(), name.size()) == 0 && variable[name.size()] == '=';
}

// Reads to the end, or until the room is full. When a pipe would block, everything in it was read.
std::ptrdiff_t read_all(int fd, char* room, std::size_t size) {
  std::size_t used = 0;
  while (used < size) {
    const ssize_t got = ::read(fd, room + used, size - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got < 0) return -1;
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  return static_cast<std::ptrdiff_t>(used);
}

}  // namespace

Secrets::~Secrets() {
  if (memory_ != nullptr) ::munmap(memory_, bytes_);
}

bool Secrets::open(const LaunchView& launch) {
  launch_ = &launch;
  const std::size_t pointers = launch.environment.size() + launch.secrets.size() + 1;
  bytes_ = launch.secrets.size() * kSlotBytes + pointers * sizeof(const char*);
  void* memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  memory_ = static_cast<std::byte*>(memory);
  ::madvise(memory, bytes_, MADV_DONTDUMP);
  return true;
}

// Returns the room of the variable NAME=VALUE.
char* Secrets::slot(std::size_t index) const {
  return reinterpret_cast<char*>(memory_ + index * kSlotBytes);
}

bool Secrets::take(std::size_t index, int pipe, LineBuffer& why) {
  const std::size_t name = launch_->secrets[index].name.size() + 1;
  const std::ptrdiff_t size = read_all(pipe, slot(index) + name, kSlotBytes - name);
  if (size >= 0) return settle(index, static_cast<std::size_t>(size), why);
  why.add("cannot read its value: ").add_error(errno);
  return false;
}

bool Secrets::take_file(std::size_t index, LineBuffer& why) {
  const char* path = launch_->secrets[index].file;
  const int file = ::open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  const std::size_t name = launch_->secrets[index].name.size() + 1;
  const std::ptrdiff_t size = file < 0 ? -1 : read_all(file, slot(index) + name, kSlotBytes - name);
  const int error_number = errno;
  if (file >= 0) ::close(file);
  if (size >= 0) return settle(index, static_cast<std::size_t>(size), why);
  why.add("cannot read ").add(path, 800).add(": ");
  why.add_error(error_number);
  return false;
}

bool Secrets::settle(std::size_t index, std::size_t size, LineBuffer& why) {
  const std::string_view name = launch_->secrets[index].name;
  char* variable = slot(index);
  std::memcpy(variable, name.data(), name.size());
  variable[name.size()] = '=';
  char* value = variable + name.size() + 1;
  while (size > 0 && value[size - 1] == '\n') --size;
  value[size] = '\0';
  if (name.size() + 1 + size >= kMostBytes) {
    why.add("is longer than a variable can be, 131071 bytes with its name");
    return false;
  }
  if (std::memchr(value, '\0', size) != nullptr) {
    why.add("holds a NUL byte, which no variable can");
    return false;
  }
  return true;
}

std::span<const char*> Secrets::environment() {
  const auto& secrets = launch_->secrets;
  auto** all = reinterpret_cast<const char**>(memory_ + secrets.size() * kSlotBytes);
  std::size_t count = 0;
  for (const char* variable : launch_->environment) {
    const bool replaced =
        std::any_of(secrets.begin(), secrets.end(),
                    [&](const SecretView& secret) { return is_named(variable, secret.name); });
    if (!replaced) all[count++] = variable;
  }
  for (std::size_t i = 0; i < secrets.size(); ++i) all[count++] = slot(i);
  all[count] = nullptr;
  return {all, count};
}

}  // namespace thermos::coordinator
