// Standard output and error as a supervisor may use them: a reader that went away ends nothing,
// and a reader that stands still holds nothing up.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace thermos {

class Output {
 public:
  // Borrows `fd`. SIGPIPE must be ignored by the program.
  explicit Output(int fd) : fd_(fd) {}

  // Queues `text` and writes what goes out without blocking. With nobody taking it, up to 1 MiB
  // waits; what is beyond that is dropped, and counted in place.
  void write(std::string_view text);
  // Writes what is queued; `wait`: blocking until all of it is out.
  void flush(bool wait);
  // Text in one go, blocking: for commands that only print.
  void print(std::string_view text) {
    write(text);
    flush(true);
  }

  bool backlog() const { return !queue_.empty(); }
  // The reader is gone. Writing goes on, into nothing.
  bool closed() const { return closed_; }
  // errno of the first failure that was not a reader gone away; 0: none.
  int error() const { return error_; }
  int fd() const { return fd_; }
  bool terminal() const;
  // The columns of the terminal, or what COLUMNS says, or 80.
  std::size_t columns() const;

 private:
  int fd_;
  std::string queue_;
  std::size_t dropped_ = 0;
  bool closed_ = false;
  int error_ = 0;
};

// Prints "thermos: MESSAGE" as one line on standard error.
void print_error(std::string_view message);

// Whether output on `fd` may be coloured: a terminal, not a dumb one, and nobody said no.
bool may_colour(int fd, bool no_color);

}  // namespace thermos
