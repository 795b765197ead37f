// The socket to which a process sends messages about its state (sd_notify(3)), and the parser of
// these messages.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/base/times.h"

namespace thermos::coordinator {

// The contents of one message. If a variable is there twice, the last one counts. Other variables
// are ignored.
struct Notice {
  bool ready = false;                        // READY=1
  bool stopping = false;                     // STOPPING=1
  bool alive = false;                        // WATCHDOG=1
  bool trigger = false;                      // WATCHDOG=trigger
  std::optional<std::string_view> status;    // STATUS=; borrowed from the message
  std::optional<Microseconds> extension;     // EXTEND_TIMEOUT_USEC=
  std::optional<Microseconds> new_watchdog;  // WATCHDOG_USEC=
};
Notice parse_notice(std::string_view message);

// An abstract socket (unix(7)). It needs no place in the file system, so that it works inside a
// chroot and leaves nothing behind. The kernel chooses the name. SIGIO tells of each message.
class NotifySocket {
 public:
  // The sender of a message, as the kernel tells it (SCM_CREDENTIALS).
  struct Sender {
    std::int32_t pid = 0;  // 0: the sender is in a pid namespace that ours doesn't see
    std::uint32_t uid = 0;
  };

  // Opens the socket. Returns false, with errno, when that fails; the caller may then call this
  // again.
  bool open();
  bool is_open() const { return fd_ >= 0; }
  // "NOTIFY_SOCKET=@00001", for the process's environment. REQUIRES: is_open().
  const char* variable() const { return variable_; }
  // Takes one message, into `room`; a message that does not fit is dropped. Returns nothing when
  // there is no message. Closes descriptors that came with it, which is all that BARRIER=1 asks
  // for.
  std::optional<std::string_view> receive(std::span<char> room, Sender& sender) const;
  // Accepts no more messages; those that were sent before can still be received. Returns false if
  // the kernel can't do that.
  bool shut() const;

 private:
  int fd_ = -1;
  char variable_[32] = {};
};

}  // namespace thermos::coordinator
