// Standard output and standard error of a supervisor. The program neither ends if the reader closes
// the pipe, nor blocks if the reader does not read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace thermos {

class Output {
 public:
  // Borrows `fd`. REQUIRES: the program ignores SIGPIPE.
  explicit Output(int fd) : fd_(fd) {}

  // Queues `text` and writes as much as possible without blocking. When nobody reads, up to 1 MiB
  // is queued; calls beyond that are dropped, and a note with their number takes their place.
  void write(std::string_view text);
  // Writes as much of the queued text as possible. With `wait`, blocks until all is written.
  void flush(bool wait);
  // Writes `text` and blocks until it is written; for commands that only print.
  void print(std::string_view text) {
    write(text);
    flush(true);
  }

  bool backlog() const { return !queue_.empty(); }
  // The number of bytes that wait to be written.
  std::size_t queued() const { return queue_.size(); }
  // Returns whether the reader is gone. Later text is discarded.
  bool closed() const { return closed_; }
  // The errno of the first failed write, except for a reader that is gone; 0: none.
  int error() const { return error_; }
  int fd() const { return fd_; }
  bool terminal() const;
  // The columns of the terminal, else COLUMNS, else 80.
  std::size_t columns() const;
  // The rows of the terminal, else 24.
  std::size_t rows() const;

 private:
  int fd_;
  std::string queue_;
  std::size_t dropped_ = 0;
  bool closed_ = false;
  int error_ = 0;
};

// Prints "thermos: MESSAGE" as one line on standard error.
void print_error(std::string_view message);

// Returns whether output on `fd` may be coloured: it is a terminal, TERM is not "dumb", and neither
// `no_color` nor NO_COLOR is set.
bool may_colour(int fd, bool no_color);

}  // namespace thermos
