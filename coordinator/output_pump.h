// Forwards a process's output where it does not go directly into a file: from pipes to rotated
// files, to the console, or to both.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "capnp/launch.h"
#include "coordinator/kernel.h"
#include "coordinator/rotated_file.h"
#include "core/task/task.h"

namespace thermos::coordinator {

// No output is lost: when a file cannot be written (a full disk) or nobody reads the console, the
// process blocks once its pipe is full. A console may be a file, too (`thermos run ... >>
// run.log`). A console that was closed gets no more output and blocks nobody.
//
// The pump allocates nothing. While it is not open(), it touches no memory but its own members.
class OutputPump {
 public:
  // The descriptors that came with a launch; -1: none. The pump closes those that it replaces.
  struct Sinks {
    std::array<int, 2> files = {-1, -1};
    int directory = -1;  // the directory of the files, if they are rotated
    std::array<int, 2> consoles = {-1, -1};
  };

  // Whether this launch's output goes through a pump.
  static bool wanted(const LaunchView& launch) { return launch.rotate_size != 0 || launch.console; }

  // Makes the pipes. Returns false, with errno, when no descriptor is free; the caller may then
  // call this again. REQUIRES: the signals of wait_signal() are blocked.
  bool open(const LaunchView& launch, const Sinks& sinks);
  bool active() const { return signals_ >= 0; }
  // The write ends of the pipes. The caller closes them when it has started the process.
  int out() const { return streams_[0].write_end; }
  int err() const { return streams_[1].write_end; }

  // Forwards output if some can be forwarded; otherwise waits until some can, or until a signal is
  // pending. Returns a signal if one was pending at the start (see wait_signal()), else nothing;
  // the caller then calls again. If `patient` is false, does not wait for files or consoles that
  // accept nothing; stuck() then returns true.
  std::optional<Signal> wait(bool patient = true);
  // Tells that no process is left that could print, so that the pipes hold all the remaining
  // output.
  void no_more() { no_more_ = true; }
  // Whether both pipes are at their end and everything in them was forwarded.
  bool drained() const;
  // Whether the last wait() had output that neither file nor console accepted.
  bool stuck() const { return stuck_; }
  // Closes the consoles that have not taken all of their output. Returns false if there is no such
  // console, so that only files hold the output up.
  bool give_up_consoles();

 private:
  // The time of the next try to write to a file or console that had no room. No event tells when
  // there is room.
  class Retry {
   public:
    void postpone();
    void forget() { pause_ = 0; }
    bool waits() const { return pause_ != 0 && monotonic() < at_; }
    Microseconds at() const { return at_; }

   private:
    Microseconds pause_ = 0;
    Microseconds at_ = 0;
  };

  struct Stream {
    int pipe = -1;
    int write_end = -1;
    int console = -1;
    bool console_is_socket = false;
    Retry showing;
    RotatedFile file;
    std::byte* buffer = nullptr;
    // How many bytes of the buffer are filled, were written to the file, and to the console.
    std::size_t end = 0;
    std::size_t saved = 0;
    std::size_t shown = 0;

    bool pending() const { return saved < end || shown < end; }
  };

  bool move(Stream& stream);
  bool read(Stream& stream);
  bool save(Stream& stream);
  static bool show(Stream& stream);
  static void give_up_console(Stream& stream);
  void wait_for_something();

  std::array<Stream, 2> streams_;
  int signals_ = -1;  // a signalfd(2), readable when a signal is pending
  bool no_more_ = false;
  bool stuck_ = false;
  Retry saving_;  // both files are on one disk
};

}  // namespace thermos::coordinator
