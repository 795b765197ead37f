// What a process says of itself (sd_notify(3)): which of it is to be recorded and when, and its
// watchdog.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "capnp/launch.h"
#include "coordinator/line_buffer.h"
#include "coordinator/notify_socket.h"
#include "core/record/record.h"

namespace thermos::coordinator {

// SIGIO and SIGALRM tell that there is something to do: listen(), then next() until it gives
// nothing, then arm(). All of it costs nothing while nothing is said, and nothing at all in a
// process without a NOTIFY_SOCKET: no memory is touched before open().
//
// A status is recorded when it changes, but not more often than once a second, and in the long run
// once a minute: a process that says much must not fill the disk. The last one is never lost.
class Notices {
 public:
  // Makes the socket. False, with errno, when it cannot be had; the caller may call it again.
  bool open(const LaunchView& launch);
  bool active() const { return socket_.is_open(); }
  const char* variable() const { return socket_.variable(); }

  // The process runs: its watchdog counts, unless it waits for READY=1.
  void begin();
  // Takes what was said; of very much a part, and then SIGIO comes again. What is not of the
  // process's tree, or neither of its user nor of root, is ignored. `last`: the tree has ended.
  // Then all of it is taken, and nothing can be said any more.
  void listen(bool last);
  // Gives what is to be recorded now: its kind, its time, its text (valid until the next call, and
  // perhaps in `text`) and its `until`. `last`: the run is over, so that nothing waits.
  std::optional<ProcessReport> next(bool last, LineBuffer& text);

  enum class Bite : std::uint8_t { None, Abort, Kill };
  // What the watchdog does now: the process is to get SIGABRT, once, and later SIGKILL.
  Bite bite();
  // The process was told to end: the watchdog does nothing any more.
  void calm() { watchdog_ = 0; }
  // Adds why the watchdog ended the run. False if it did not.
  bool complain(LineBuffer& text) const;

  // Sets the timer for what is due next.
  void arm() const;

 private:
  void take(const Notice& notice);
  bool is_ours(const NotifySocket::Sender& sender) const;
  void take_status(std::string_view status);
  Microseconds status_due() const;
  Timestamp stamp();

  NotifySocket socket_;
  std::uint32_t uid_ = 0;
  Microseconds watchdog_ = 0;  // 0: there is none, or it does nothing any more
  Microseconds kill_wait_ = 0;
  Microseconds heard_ = 0;   // when the watchdog began to wait
  Microseconds bitten_ = 0;  // when it sent SIGABRT; 0: it did not
  Microseconds limit_ = 0;   // of the watchdog that did
  bool waits_ = false;       // until READY=1
  bool triggered_ = false;
  bool killed_ = false;

  bool ready_ = false;
  bool stopping_ = false;
  bool ignored_ = false;
  // To be recorded.
  bool new_ready_ = false;
  bool new_stopping_ = false;
  bool new_ignored_ = false;
  bool new_status_ = false;
  Microseconds new_until_ = 0;  // by the boot clock
  NotifySocket::Sender stranger_;
  Microseconds until_ = 0;      // recorded
  std::uint32_t statuses_ = 0;  // recorded so far
  Microseconds status_at_ = 0;  // when the last one was
  Microseconds last_stamp_ = 0;
};

}  // namespace thermos::coordinator
