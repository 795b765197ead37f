// The values of a run's secrets, and the run's environment with them. The values are in a memory
// mapping of their own, which is unmapped when the process has them.
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

  // Makes room for the secrets of `launch`, which outlives this. Returns false, with errno, if
  // there is no memory.
  bool open(const LaunchView& launch);
  // Takes the value of secret `index` from the pipe, which must not block, and drops the newlines
  // at its end. Returns false if the contents can't be a value; `why` then has the reason, but
  // never the contents.
  bool take(std::size_t index, int pipe, LineBuffer& why);
  // Does the same from the secret's file.
  bool take_file(std::size_t index, LineBuffer& why);
  // Returns the launch's environment and all secrets, which replace variables of the same names. A
  // NULL follows the last variable. REQUIRES: all values were taken.
  std::span<const char*> environment();

 private:
  char* slot(std::size_t index) const;
  bool settle(std::size_t index, std::size_t size, LineBuffer& why);

  const LaunchView* launch_ = nullptr;
  std::byte* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace thermos::coordinator
