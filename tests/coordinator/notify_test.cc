// What is in a message of sd_notify(3), and what is queued at the end. What else a coordinator
// makes of it is in integration/notify_test.cc.
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "coordinator/line_buffer.h"
#include "coordinator/notices.h"
#include "coordinator/notify_socket.h"
#include "reactor/os/descriptor.h"
#include "rig.h"

namespace thermos {
namespace {

using coordinator::Notice;
using coordinator::Notices;
using coordinator::parse_notice;

constexpr int kQueue = 512;     // as systemd sets it; the kernel's own is 10
constexpr int kStatuses = 200;  // as many as one socket has room for to send
constexpr int kSkipped = 77;

// In a network namespace of the caller's own, which this limit belongs to.
bool make_queues_long() {
  if (::unshare(CLONE_NEWNET) != 0) return false;
  const Descriptor limit(::open("/proc/sys/net/unix/max_dgram_qlen", O_WRONLY | O_CLOEXEC));
  const std::string value = std::to_string(kQueue);
  return limit && ::write(limit.get(), value.data(), value.size()) > 0;
}

// Sends "STATUS=1" and so on, and then "READY=1". False as soon as one can't be sent.
bool say(const char* variable, int statuses) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name(std::strchr(variable, '@') + 1);
  std::copy(name.begin(), name.end(), address.sun_path + 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return false;
  for (int i = 1; i <= statuses; ++i) {
    const std::string text = "STATUS=" + std::to_string(i);
    if (::send(socket.get(), text.data(), text.size(), 0) < 0) return false;
  }
  return ::send(socket.get(), "READY=1", 7, 0) == 7;
}

// In a child of the test. 0 if all that one said who has gone is heard, and nothing after that.
int hear_a_long_queue() {
  if (!make_queues_long()) return kSkipped;
  sigset_t news;
  ::sigemptyset(&news);
  ::sigaddset(&news, SIGIO);
  ::sigprocmask(SIG_BLOCK, &news, nullptr);
  Notices notices;
  if (!notices.open({})) return 1;
  const pid_t speaker = ::fork();
  if (speaker == 0) ::_exit(say(notices.variable(), kStatuses) ? 0 : 1);
  if (rig::wait_for(speaker) != 0) return 2;
  notices.listen(true);
  coordinator::LineBuffer text;
  const auto ready = notices.next(true, text);
  if (!ready || ready->kind != ReportKind::Ready) return 3;
  const auto status = notices.next(true, text);
  if (!status || status->kind != ReportKind::Status || status->text != std::to_string(kStatuses))
    return 4;
  return say(notices.variable(), 0) ? 5 : 0;
}

TEST(Notice, HasWhatWasSaid) {
  const Notice notice = parse_notice(
      "READY=1\nSTATUS=Up = running\nSTOPPING=1\nWATCHDOG=1\nEXTEND_TIMEOUT_USEC=5\n"
      "WATCHDOG_USEC=7\nMAINPID=4\n");
  EXPECT_TRUE(notice.ready && notice.stopping && notice.alive && !notice.trigger);
  EXPECT_EQ(notice.status, "Up = running");
  EXPECT_EQ(notice.extension, 5);
  EXPECT_EQ(notice.new_watchdog, 7);
  EXPECT_TRUE(parse_notice("WATCHDOG=trigger").trigger);
}

TEST(Notice, HasNothingOfWhatIsNotUnderstood) {
  for (const char* text : {"", "\n\n", "READY", "READY=", "READY=0", "READY=12", "ready=1",
                           " READY=1", "WATCHDOG=2", "X=READY=1"}) {
    const Notice notice = parse_notice(text);
    EXPECT_FALSE(notice.ready || notice.stopping || notice.alive || notice.trigger) << text;
    EXPECT_FALSE(notice.status) << text;
  }
  for (const char* text : {"EXTEND_TIMEOUT_USEC=", "EXTEND_TIMEOUT_USEC=-1",
                           "EXTEND_TIMEOUT_USEC=1s", "EXTEND_TIMEOUT_USEC=99999999999999999999"}) {
    EXPECT_FALSE(parse_notice(text).extension) << text;
  }
  EXPECT_EQ(parse_notice("EXTEND_TIMEOUT_USEC=18446744073709551615").extension,
            std::numeric_limits<Microseconds>::max());
  EXPECT_EQ(parse_notice("STATUS=a\nSTATUS=").status, "");
}

TEST(Notices, TheLastOfALongQueueIsHeardAtTheEnd) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(hear_a_long_queue());
  const int status = rig::wait_for(child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kSkipped) GTEST_SKIP() << "no network namespace";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace thermos
