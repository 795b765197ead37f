// A coordinator: one run of one process, from FORKED to its terminal record.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "capnp/codec.h"
#include "capnp/launch.h"
#include "coordinator/appender.h"
#include "coordinator/kernel.h"
#include "coordinator/output_pump.h"
#include "coordinator/spawn.h"

namespace thermos::coordinator {

// SIGTERM to a coordinator goes on to its process's group; SIGUSR1 ends the process's whole tree by
// SIGKILL. Before the shell is started, either ends the run as KILLED. Both are noticed whenever
// they come: all signals are blocked from before the coordinator exists.
//
// Nothing here allocates, and little memory is touched: a touched page is a private page.
class RunSupervisor {
 public:
  struct Descriptors {
    int stream = -1;  // locked, O_APPEND
    int out = -1;
    int err = -1;
    int group = -1;           // the directory of the process's control group; -1: none
    int directory = -1;       // of both, when they are rotated
    int write_failures = -1;  // where to say that the stream takes nothing; -1: nowhere
    std::array<int, 2> consoles = {-1, -1};
  };

  // The launch, environment and groups are needed until the shell runs; the process's name is
  // copied. `request` has no descriptors yet. `stack` is for spawn_shell().
  RunSupervisor(SpawnRequest request, Descriptors descriptors, int null,
                std::span<std::byte> stack);
  RunSupervisor(const RunSupervisor&) = delete;
  RunSupervisor& operator=(const RunSupervisor&) = delete;

  // Everything up to the moment when the shell runs, or can't. False when the run is over and all
  // about it is recorded.
  bool begin();
  // Waits for the process, ends what is left of its tree, and records how it ended.
  void finish();

 private:
  bool record(ProcessStatus status);
  void tell_write_failure() const;
  ProcessStatus transition(ProcessState state, Timestamp at) const;
  // false, for begin().
  bool end_unstarted(ProcessState state, std::string_view reason);
  SpawnResult start();
  SpawnResult spawn();
  void drain();
  void pause(Microseconds time);
  void take(const Signal& signal);
  void forward_term() const;
  void kill_tree();
  void kill_group() const;
  bool ran_out_of_memory(Text& reason, bool& own) const;
  void reap();
  bool starting() const { return main_ == 0 && !ended_; }

  SpawnRequest request_;
  std::span<std::byte> stack_;
  Appender appender_;
  Descriptors descriptors_;
  OutputPump pump_;
  std::uint64_t seq_;
  std::uint32_t run_;
  std::uint32_t chain_;
  BootId boot_;

  std::int32_t main_ = 0;    // the shell, while it is not reaped
  bool ended_ = false;       // it was reaped, or never ran and never will
  bool alone_ = false;       // no child is left
  bool killing_ = false;     // SIGUSR1: whatever becomes our child dies
  bool going_down_ = false;  // the service manager told it to end before it had
  bool stop_before_start_ = false;
  int wait_status_ = 0;
  Timestamp stopped_;
  std::size_t name_size_;
  char name_[257];  // NUL-terminated, which Cap'n Proto's text wants to see
};

}  // namespace thermos::coordinator
