// How a call that can fail answers: a value, or an error that a person can act on.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace thermos {

// What kind of failure it is. The command line turns it into its exit status.
enum class ErrorCode : std::uint8_t {
  Usage,         // the words of the call are wrong
  BadConfig,     // a task that can't be: wrong type, cycle, unbound reference
  NotFound,      // no such file, task or process
  NoDaemon,      // nobody answers on the control socket
  Busy,          // someone else runs this task
  NotPermitted,  // the caller may not do this
  Corrupt,       // recorded bytes that can't be true; never repaired by guessing
  System,        // the machine refused: a full disk, no descriptors, no memory
};

struct Error {
  ErrorCode code = ErrorCode::System;
  // One line: where, what, and what to do. No trailing newline or full stop.
  std::string message;
};

// A value or an Error. `Result<void>` is spelled Status.
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
