// The values of a run's secrets, and its environment with them. They are in memory of its own,
// which is unmapped when the process has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "capnp/launch.h"
#include "coordinator/line_buffer.h"

namespace thermos::coordinator {

class Secrets {
 public:
  Secrets() = default;
  ~Secrets();
  Secrets(const Secrets&) = delete;
  Secrets& operator=(const Secrets&) = delete;

  // Makes room for the secrets of `launch`, which outlives this. False, with errno, if there is no
  // memory.
  bool open(const LaunchView& launch);
  // Takes the value of secret `index` from what is in the pipe, which must not block, without the
  // newlines at its end. False if it can't be one; then `why` says so, and not what it is.
  bool take(std::size_t index, int pipe, LineBuffer& why);
  // Takes the value of secret `index` from its file.
  bool take_file(std::size_t index, LineBuffer& why);
  // The launch's environment and all secrets, which replace variables of the same names. A NULL
  // follows the last one. REQUIRES: all values were taken.
  std::span<const char*> environment();

 private:
  char* slot(std::size_t index) const;
  bool settle(std::size_t index, std::size_t size, LineBuffer& why);

  const LaunchView* launch_ = nullptr;
  std::byte* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace thermos::coordinator
