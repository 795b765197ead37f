// The socket to which a process tells how it is (sd_notify(3)), and what is in such a message.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/base/times.h"

namespace thermos::coordinator {

// What one message says. Of a variable that is there twice, the last one counts; others than these
// are passed over.
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

// An abstract socket (unix(7)): it needs no place in the file system, so that it works inside of a
// chroot, and nothing is left of it. The kernel chooses the name. SIGIO tells of each message.
class NotifySocket {
 public:
  // Who sent a message, by the kernel (SCM_CREDENTIALS).
  struct Sender {
    std::int32_t pid = 0;  // 0: of a pid namespace that ours doesn't see
    std::uint32_t uid = 0;
  };

  // False, with errno, when it cannot be had; the caller may call it again.
  bool open();
  bool is_open() const { return fd_ >= 0; }
  // "NOTIFY_SOCKET=@00001", for the process's environment. REQUIRES: is_open().
  const char* variable() const { return variable_; }
  // Takes one message, into `room`; a longer one is dropped. Nothing when there is none.
  // Descriptors that came with it are closed, which is all that BARRIER=1 asks for.
  std::optional<std::string_view> receive(std::span<char> room, Sender& sender) const;
  // Accepts no more messages; those that were sent before can still be received. False if the
  // kernel can't do that.
  bool shut() const;

 private:
  int fd_ = -1;
  char variable_[32] = {};
};

}  // namespace thermos::coordinator
