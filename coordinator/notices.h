// Takes the messages that a process sends about itself (sd_notify(3)), decides which are recorded
// and when, and keeps the process's watchdog.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "capnp/launch.h"
#include "coordinator/line_buffer.h"
#include "coordinator/notify_socket.h"
#include "core/record/record.h"

namespace thermos::coordinator {

// SIGIO and SIGALRM tell that there is something to do: call listen(), then next() until it returns
// nothing, then arm(). This class costs nothing while the process sends nothing, and it touches no
// memory before open(), for a process without a NOTIFY_SOCKET.
//
// A status is recorded when it changes, but not more often than once a second, and in the long run
// once a minute, because a process that sends many must not fill the disk. The last status is never
// lost.
class Notices {
 public:
  // Makes the socket. Returns false, with errno, when that fails; the caller may then call this
  // again.
  bool open(const LaunchView& launch);
  bool active() const { return socket_.is_open(); }
  const char* variable() const { return socket_.variable(); }

  // Starts the watchdog, because the process runs; the watchdog may still wait for READY=1.
  void begin();
  // Takes the messages that have come. If they are very many, takes a part of them, and SIGIO comes
  // again. Ignores messages from outside of the process's tree, and from users other than its own
  // and root. With `last` the tree has ended: takes all messages, and no more can be sent.
  void listen(bool last);
  // Returns the next report that is to be recorded now: its kind, its time, its text (valid until
  // the next call, and perhaps in `text`) and its `until`. With `last` the run is over, and no
  // report waits for its time.
  std::optional<ProcessReport> next(bool last, LineBuffer& text);

  enum class Bite : std::uint8_t { None, Abort, Kill };
  // Returns what the watchdog does now: Abort once, when the process is to get SIGABRT, and later
  // Kill, when it is to get SIGKILL.
  Bite bite();
  // Stops the watchdog, because the process was told to end.
  void calm() { watchdog_ = 0; }
  // Adds why the watchdog ended the run. Returns false if it did not end the run.
  bool complain(LineBuffer& text) const;

  // Sets the timer (SIGALRM) for the next status or the next step of the watchdog.
  void arm() const;

 private:
  void take(const Notice& notice);
  bool is_ours(const NotifySocket::Sender& sender) const;
  void take_status(std::string_view status);
  Microseconds status_due() const;
  Timestamp stamp();

  NotifySocket socket_;
  std::uint32_t uid_ = 0;
  Microseconds watchdog_ = 0;  // 0: there is no watchdog, or it was stopped
  Microseconds kill_wait_ = 0;
  Microseconds heard_ = 0;   // when the watchdog began to wait
  Microseconds bitten_ = 0;  // when the watchdog returned Abort; 0: it did not
  Microseconds limit_ = 0;   // the watchdog's time limit when it returned Abort
  bool waits_ = false;       // the watchdog waits for READY=1
  bool triggered_ = false;
  bool killed_ = false;

  bool ready_ = false;
  bool stopping_ = false;
  bool ignored_ = false;
  // Reports that are to be recorded.
  bool new_ready_ = false;
  bool new_stopping_ = false;
  bool new_ignored_ = false;
  bool new_status_ = false;
  Microseconds new_until_ = 0;  // by the boot clock
  NotifySocket::Sender stranger_;
  Microseconds until_ = 0;      // the latest that was recorded
  std::uint32_t statuses_ = 0;  // how many were recorded
  Microseconds status_at_ = 0;  // when the last status was recorded
  Microseconds last_stamp_ = 0;
};

}  // namespace thermos::coordinator
