// The coordinator of one run of one process: it records FORKED, RUNNING and the terminal state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "capnp/codec.h"
#include "capnp/launch.h"
#include "coordinator/kernel.h"
#include "coordinator/notices.h"
#include "coordinator/output_pump.h"
#include "coordinator/secrets.h"
#include "coordinator/spawn.h"
#include "coordinator/stream_appender.h"
#include "core/record/frame.h"

namespace thermos::coordinator {

// A coordinator passes SIGTERM on to its process's group, as the launch's stop signal. On SIGUSR1
// it kills the process's whole tree with SIGKILL. Before the shell is started, either of the two
// ends the run as KILLED. An engine's SIGUSR1 (is_engine()) is only a warning, and ends nothing. No
// signal is lost, because all are blocked before the coordinator is created. SIGIO and SIGALRM are
// the coordinator's own, for the messages of the process (notices.h).
//
// Nothing here allocates, and little memory is touched, because each page that a clone writes to
// becomes its private page.
class RunSupervisor {
 public:
  struct Descriptors {
    int stream = -1;  // locked, O_APPEND
    int out = -1;
    int err = -1;
    int group = -1;           // the directory of the process's control group; -1: none
    int directory = -1;       // the directory of `out` and `err`, if they are rotated
    int write_failures = -1;  // the socket for a WriteFailure; -1: none
    std::array<int, 2> consoles = {-1, -1};
  };

  // Borrows the launch of `request` until begin() returns, and copies what it needs after that. The
  // descriptors of `request` are set here. `null` is a descriptor of /dev/null. `stack` is for
  // spawn().
  RunSupervisor(SpawnRequest request, Descriptors descriptors, int null,
                std::span<std::byte> stack);
  RunSupervisor(const RunSupervisor&) = delete;
  RunSupervisor& operator=(const RunSupervisor&) = delete;

  // Records FORKED, starts the shell and records RUNNING. Returns false when the run is already
  // over: its end is recorded, or it was told to end before it had a record. While the stream
  // cannot be written, it tries again.
  bool begin();
  // Waits for the process, kills what is left of its tree, forwards the rest of its output and
  // records how it ended. REQUIRES: begin() returned true.
  void finish();

 private:
  // Room for the stream's header, and for a frame behind it.
  struct FrameRoom {
    alignas(8) std::array<std::byte, kStreamHeaderBytes + kStatusFrameBytes> bytes;
    std::span<std::byte> frame() { return std::span(bytes).subspan(kStreamHeaderBytes); }
  };

  bool record(ProcessStatus status);
  void record(ProcessReport report);
  bool append(FrameRoom& room, std::size_t frame);
  bool append(std::span<const std::byte> bytes);
  void tell_write_failure() const;
  ProcessStatus transition(ProcessState state, Timestamp at) const;
  std::uint64_t own_ticks();
  // Records the end of a run whose shell was not started. Returns false, for begin().
  bool end_unstarted(ProcessState state, std::string_view reason);
  // Records RUNNING and FAILED of a run whose program never ran. Returns false, for begin().
  bool fail_unstarted(const ProcessStatus& running, std::string_view reason);
  // Reads the values of the launch's secrets. Returns false if a value is missing; then the run is
  // over, and its end is recorded.
  bool read_secrets(Secrets& secrets);
  bool read_secret(std::size_t index, Secrets& secrets, LineBuffer& why, bool& shortage);
  bool wait_for_secret(std::int32_t pid, LineBuffer& why);
  SpawnResult start();
  SpawnResult spawn();
  void drain();
  void hear(bool last);
  void pause(Microseconds time);
  void take(const Signal& signal);
  void forward_term(int instead);
  void send_to_process(int signal) const;
  void kill_tree();
  void kill_group() const;
  bool ran_out_of_memory(LineBuffer& reason, bool& own) const;
  void reap();
  int wait_for(std::int32_t pid);
  bool starting() const { return main_ == 0 && !ended_; }

  SpawnRequest request_;
  std::span<std::byte> stack_;
  Appender appender_;
  Descriptors descriptors_;
  OutputPump pump_;
  Notices notices_;
  std::uint64_t seq_;
  std::uint32_t run_;
  std::uint32_t chain_;
  std::uint64_t epoch_;  // the epoch of the header if that is still to be written, else 0
  BootId boot_;
  ExitCodes success_;
  int stop_signal_;

  std::int32_t main_ = 0;    // the shell's pid until it is reaped, else 0
  bool ended_ = false;       // the shell was reaped, or will never run
  bool alone_ = false;       // no child is left
  bool killing_ = false;     // SIGUSR1 came: every process that becomes our child is killed
  bool going_down_ = false;  // an engine (is_engine()) sent SIGTERM before the end was recorded
  bool stop_before_start_ = false;
  bool news_ = false;  // SIGIO or SIGALRM came: notices_ has something to do
  int asked_ = 0;      // the signal that was last sent to the process, to end it
  int wait_status_ = 0;
  Usage usage_;  // of all processes that were reaped
  Timestamp stopped_;
  std::size_t name_size_;
  char name_[257];  // NUL-terminated, as Cap'n Proto's texts are
};

}  // namespace thermos::coordinator
