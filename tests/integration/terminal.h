// A terminal (a pseudo-terminal with a size) on which a program runs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "program.h"

namespace thermos::testing {

class Terminal {
 public:
  // Starts the program with the terminal as its three standard files. TERM is xterm-256color unless
  // the invocation says otherwise.
  Terminal(const Invocation& invocation, std::uint16_t columns, std::uint16_t rows = 24);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Types: "\x03" is Ctrl-C.
  void type(std::string_view keys) const;
  // Waits until what was written contains `text`, after what was seen by the last call. False if
  // the program ended, or two minutes passed, first.
  bool wait_for(std::string_view text);
  // Waits for its end and returns its exit status, or minus the signal number.
  int wait();

  // Everything that was written, escape sequences included.
  const std::string& written() const { return written_; }
  // The screen, lines that scrolled out of it included, as the escape sequences of the program
  // leave it: \r, \n, ESC[K, ESC[J, ESC[nA; colours are dropped.
  std::string screen() const;

 private:
  bool read_some(int timeout_ms);

  int fd_ = -1;
  pid_t pid_ = -1;
  std::string written_;
  std::size_t seen_ = 0;
};

}  // namespace thermos::testing
