// The result of a call that can fail: a value, or an error that a person can act on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace thermos {

// The kind of a failure. The command line turns it into its exit status, and the control protocol
// transmits it by number (CONTROL.md): append new ones at the end.
enum class ErrorCode : std::uint8_t {
  Usage,         // wrong arguments
  BadConfig,     // an invalid task: wrong type, cycle, unbound reference
  NotFound,      // no such file, task or process
  NoDaemon,      // no daemon answers on the control socket
  Busy,          // someone else runs this task
  NotPermitted,  // the caller is not allowed to do this
  Corrupt,       // recorded bytes are invalid; they are never repaired by guessing
  System,        // a system call failed: a full disk, no descriptors, no memory
};

struct Error {
  ErrorCode code = ErrorCode::System;
  // One line: the place, what is wrong, and what to do. No trailing newline or full stop.
  std::string message;
  // The parts of the message, for code that says them in other words or in another place. Only
  // error_at() sets path, offset and what; they are empty if no place is known.
  std::string path = {};                   // a file, or a field of a configuration
  std::optional<std::size_t> offset = {};  // in the file `path`
  std::string what = {};  // what is wrong, without the place and without what to do
  int cause = 0;          // the system's errno; 0: not known
};

// Returns the error whose message is "`path`: offset `offset`: `what`; `consequence`", without the
// parts that are not given. Only this function puts a place in front of a message, so nobody has to
// find the place in a message again.
Error error_at(ErrorCode code, std::string path, std::optional<std::size_t> offset,
               std::string what, std::string_view consequence = {});

// A value or an Error. A call without a value returns Status.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok().
  T& value() { return *std::get_if<T>(&state_); }
  const T& value() const { return *std::get_if<T>(&state_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !ok().
  const Error& error() const { return *std::get_if<Error>(&state_); }

 private:
  std::variant<T, Error> state_;
};

struct Done {};
using Status = Result<Done>;

}  // namespace thermos
