// Standard output and error for a supervisor: a reader that closed the pipe does not end the
// program, and a reader that does not read does not block it.
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
  // Writes queued text as far as possible; with `wait`, blocks until all is written.
  void flush(bool wait);
  // Writes `text` and blocks until it is written; for commands that only print.
  void print(std::string_view text) {
    write(text);
    flush(true);
  }

  bool backlog() const { return !queue_.empty(); }
  // The bytes that wait to be written.
  std::size_t queued() const { return queue_.size(); }
  // Whether the reader is gone. Text written since is discarded.
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

// Whether output on `fd` may be coloured: it is a terminal, TERM is not "dumb", and neither
// `no_color` nor NO_COLOR is set.
bool may_colour(int fd, bool no_color);

}  // namespace thermos
