// A runner's surroundings in two implementations: simulated and real. One set of tests holds for
// both, so that what the simulator shows of the state machines is true on a real machine.
//
// Every wait is for an event and has no time limit of its own: ctest ends a test that hangs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/record/record.h"

namespace thermos::contract {

// Returns the value, and throws the error.
template <typename T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

// One coordinator's stream, the fork server, and the processes that it makes.
class Side {
 public:
  using Handle = int;  // a descriptor of the runner's that holds the stream's lock
  struct Contents {
    std::vector<ProcessState> states;
    bool torn = false;  // it ends inside a record
  };

  Side() = default;
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;
  virtual ~Side() = default;

  // Opens the stream, creates it if there is none, and locks it. Returns nothing if another holds
  // the lock.
  virtual std::optional<Handle> lock() = 0;
  virtual void close(Handle handle) = 0;
  virtual bool locked() = 0;
  virtual void wait_for_free_lock() = 0;
  virtual void append(Handle handle, const ProcessStatus& status) = 0;
  virtual void append_part(Handle handle, const ProcessStatus& status) = 0;
  // Reads what was not read before.
  virtual Contents read() = 0;
  // Cuts off everything after what was read, and makes the descriptor ready to append.
  virtual void cut(Handle handle) = 0;
  // Waits until it is told that someone who could write the stream closed it.
  virtual void wait_for_close() = 0;

  // Hands the descriptor to the fork server, with a process that runs until it is told to end. The
  // runner's own descriptor is closed.
  virtual void launch(Handle handle) = 0;
  // Waits for the answer, and returns the coordinator's pid.
  virtual std::int32_t answer() = 0;
  // Waits for the FORKED record, and returns the coordinator in it. Reads as read() does.
  virtual Identity forked() = 0;
  // Sends SIGSTOP to the fork server; returns when it has stopped.
  virtual void stop_server() = 0;
  // Sends SIGKILL to the fork server; returns when it is reaped.
  virtual void kill_server() = 0;
  virtual bool restart_server() = 0;

  virtual void kill(const Identity& coordinator) = 0;
  // Waits until that child is a zombie; does not reap it.
  virtual void wait_for_end(std::int32_t child) = 0;
  // Reaps as at a SIGCHLD. `births_expected`: answers of the fork server are outstanding.
  virtual void reap(bool births_expected) = 0;
  virtual bool can_watch(std::int32_t child) = 0;
  virtual bool is_recycled(const Identity& child) = 0;
  // Watches the child; returns whether the callback came inside the call.
  virtual bool watch_is_answered_at_once(std::int32_t child) = 0;
  // Opens a pidfd. Returns false if it is refused; otherwise calls `then`, and waits until the
  // pidfd is readable.
  virtual bool pidfd_tells(const Identity& identity, const std::function<void()>& then) = 0;
};

// The runner's own stream on a disk that can be full.
class FullDisk {
 public:
  FullDisk() = default;
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  virtual ~FullDisk() = default;

  // Why there is no such disk on this machine; empty if there is.
  virtual std::string unavailable() const = 0;
  virtual bool append(const Record& record) = 0;
  virtual void fill() = 0;
  // Opens the stream again, as a new leader does, and returns how many records it holds.
  virtual std::size_t recover() = 0;
};

// The runner's own stream on a disk that can fail after a write was taken.
class FailingDisk {
 public:
  FailingDisk() = default;
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;
  virtual ~FailingDisk() = default;

  // Why there is no such disk on this machine; empty if there is.
  virtual std::string unavailable() const = 0;
  virtual bool append(const Record& record) = 0;
  // Syncs what was appended. When it succeeds, someone acts on it.
  virtual bool sync() = 0;
  // From here on new blocks do not get to the disk, until repair().
  virtual void fail() = 0;
  virtual void repair() = 0;
  // Opens the stream again, as a new leader of the same boot does, and returns the runner in the
  // last record.
  virtual std::int32_t recover() = 0;
  // The same, of what is on the disk and not in memory only.
  virtual std::int32_t recover_after_power_cut() = 0;
};

std::unique_ptr<Side> simulated_side();
std::unique_ptr<Side> real_side();
std::unique_ptr<FullDisk> simulated_full_disk();
std::unique_ptr<FullDisk> real_full_disk();
// `seed` decides what a failed sync loses.
std::unique_ptr<FailingDisk> simulated_failing_disk(std::uint64_t seed);
std::unique_ptr<FailingDisk> real_failing_disk(std::uint64_t seed);

}  // namespace thermos::contract
