// What is in a message of sd_notify(3). What a coordinator makes of it is in
// integration/notify_test.cc.
#include <limits>

#include <gtest/gtest.h>

#include "coordinator/notify_socket.h"

namespace thermos {
namespace {

using coordinator::Notice;
using coordinator::parse_notice;

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

}  // namespace
}  // namespace thermos
