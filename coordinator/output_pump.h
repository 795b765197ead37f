// What a process prints, where it does not go straight into a file: through pipes to files that are
// rotated, to the console, or to both.
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

// Nothing that was printed is lost: a file that takes nothing (a full disk) holds the process up
// once its pipe is full, and so does a console that nobody reads. A console that is gone gets no
// more, and holds up nobody.
//
// Allocates nothing. Where there is nothing to pump, it touches no memory but its own.
class OutputPump {
 public:
  // Descriptors as they come with a launch; -1: there is none.
  struct Sinks {
    std::array<int, 2> files = {-1, -1};
    int directory = -1;  // of the files, when they are rotated
    std::array<int, 2> consoles = {-1, -1};
  };

  // Does this launch's output go through us?
  static bool wanted(const LaunchView& launch) { return launch.rotate_size != 0 || launch.console; }

  // Makes the pipes. False, with errno, when there is no descriptor left: may be called again.
  // REQUIRES: the signals of wait_signal() are blocked.
  bool open(const LaunchView& launch, const Sinks& sinks);
  bool active() const { return signals_ >= 0; }
  // The pipes' write ends, for whoever starts the process and then closes them.
  int out() const { return streams_[0].write_end; }
  int err() const { return streams_[1].write_end; }

  // Moves what can be moved, or else waits until something can. A signal when one came first:
  // see wait_signal(). Nothing: look again. Not `patient`: it does not wait for those who take
  // nothing.
  std::optional<Signal> wait(bool patient = true);
  // No process is left that could print: what is in the pipes now is all there is.
  void no_more() { no_more_ = true; }
  bool drained() const;
  // The last wait() found output that nobody takes.
  bool stuck() const { return stuck_; }

 private:
  struct Stream {
    int pipe = -1;
    int write_end = -1;
    int console = -1;
    bool console_is_socket = false;
    RotatedFile file;
    std::byte* buffer = nullptr;
    // Of the buffer: how much is there, is in the file, was shown.
    std::size_t end = 0;
    std::size_t saved = 0;
    std::size_t shown = 0;

    bool pending() const { return saved < end || shown < end; }
  };

  bool move(Stream& stream);
  bool read(Stream& stream);
  bool save(Stream& stream);
  static bool show(Stream& stream);
  void wait_for_something();

  std::array<Stream, 2> streams_;
  int signals_ = -1;  // readable when one is pending
  bool no_more_ = false;
  bool stuck_ = false;
  Microseconds retry_pause_ = 0;
  Microseconds retry_at_ = 0;
};

}  // namespace thermos::coordinator
