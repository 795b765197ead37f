// A daemon's socket: it can be connected to as soon as it has its name, and replaces only what is
// dead.
#include "reactor/daemon/control_socket.h"

#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "reactor/control/control_client.h"
#include "reactor/control/socket_watch.h"
#include "reactor/daemon/systemd_notify.h"
#include "reactor/os/clocks.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

class ControlSocketTest : public StreamFixture {
 protected:
  // What inotify told of that name.
  static std::uint32_t told_of(const Descriptor& events, const std::string& name) {
    std::uint32_t told = 0;
    alignas(inotify_event) std::array<char, 4096> buffer;
    for (ssize_t got = 0; (got = ::read(events.get(), buffer.data(), buffer.size())) > 0;) {
      for (ssize_t at = 0; at < got;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
        if (event->len > 0 && name == event->name) told |= event->mask;
      }
    }
    return told;
  }
  // The longest path that a socket may have.
  std::string longest() const {
    const std::string start = path("s");
    return start + std::string(107 - start.size(), 'x');
  }
  // Whether a daemon that is started by a service manager takes back the socket that the one before
  // made at `made`, for that `path`.
  static bool takes_back(const std::string& made, const std::string& path) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto socket = listen_at(made);
      if (!socket.ok() || ::dup2(socket->get(), 3) != 3) ::_exit(2);
      ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
      ::setenv("LISTEN_FDS", "1", 1);
      ::setenv("LISTEN_FDNAMES", "control", 1);
      ::_exit(kept_listener(path) ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) < 2) << status;
    return status == 0;
  }
};

TEST_F(ControlSocketTest, ItHasItsNameOnlyWhenItListens) {
  const Descriptor events(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  ASSERT_GE(::inotify_add_watch(events.get(), path("").c_str(),
                                IN_CREATE | IN_ATTRIB | IN_DELETE | IN_MOVED_TO),
            0);
  for (const bool again : {false, true}) {
    const auto socket = listen_at(path("socket"));
    ASSERT_TRUE(socket.ok()) << socket.error().message;
    EXPECT_EQ(told_of(events, "socket"), IN_MOVED_TO) << (again ? "over a dead one's" : "");
    EXPECT_TRUE(ControlClient::connect(path("socket")).ok());
    EXPECT_FALSE(std::filesystem::exists(path("socket.new")));
    struct stat info {};
    EXPECT_EQ(::stat(path("socket").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0660U);
  }
}

TEST_F(ControlSocketTest, WhatADeadDaemonLeftAsideIsReplaced) {
  EXPECT_TRUE(listen_at(path("socket.new")).ok());
  ASSERT_TRUE(std::filesystem::is_socket(path("socket.new")));
  const auto socket = listen_at(path("socket"));
  EXPECT_TRUE(socket.ok()) << socket.error().message;
  EXPECT_FALSE(std::filesystem::exists(path("socket.new")));
}

TEST_F(ControlSocketTest, WhatIsAnothersAsideIsLeftAlone) {
  const auto other = listen_at(path("socket.new"));
  ASSERT_TRUE(other.ok()) << other.error().message;
  const auto refused = listen_at(path("socket"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::Busy);
  EXPECT_TRUE(ControlClient::connect(path("socket.new")).ok());
  spit(path("another.new"), "precious");
  const auto no_socket = listen_at(path("another"));
  ASSERT_FALSE(no_socket.ok());
  EXPECT_EQ(no_socket.error().code, ErrorCode::Usage);
  EXPECT_EQ(slurp(path("another.new")), "precious");
}

TEST_F(ControlSocketTest, APathMayBeAsLongAsASocketsMay) {
  const auto socket = listen_at(longest());
  ASSERT_TRUE(socket.ok()) << socket.error().message;
  EXPECT_TRUE(ControlClient::connect(longest()).ok());
  EXPECT_EQ(listen_at(longest() + "x").error().code, ErrorCode::Usage);
}

TEST_F(ControlSocketTest, TheNextDaemonKnowsTheSocketThatWasKept) {
  EXPECT_TRUE(takes_back(path("socket"), path("socket")));
  EXPECT_TRUE(takes_back(longest(), longest()));
  EXPECT_FALSE(takes_back(path("socket"), path("another"))) << "it leads nobody there";
}

// A wait that ought to end has time far beyond need, and one that ought not to has none.
TEST_F(ControlSocketTest, WhoWaitsForItIsToldOfIt) {
  for (const std::string& at : {path("socket"), longest()}) {
    SocketWatch watch(at);
    EXPECT_FALSE(watch.wait(read_clocks().boot)) << "nothing has happened";
    spit(path("another"), "");
    EXPECT_FALSE(watch.wait(read_clocks().boot)) << "that was another";
    const auto socket = listen_at(at);
    EXPECT_TRUE(watch.wait(read_clocks().boot + 60 * kSecond));
    EXPECT_FALSE(watch.wait(read_clocks().boot)) << "that was said";
  }
}

TEST_F(ControlSocketTest, WhoWaitsForItMayWaitForItsDirectoryFirst) {
  SocketWatch watch(path("run") + "/socket");
  EXPECT_FALSE(watch.wait(read_clocks().boot));
  // A socket that is open would hold its directory.
  { const auto socket = listen_at(path("run") + "/socket"); }
  EXPECT_TRUE(watch.wait(read_clocks().boot)) << "it may have come before";
  std::filesystem::remove_all(path("run"));
  EXPECT_TRUE(watch.wait(read_clocks().boot + 60 * kSecond));
  EXPECT_FALSE(watch.wait(read_clocks().boot)) << "it is gone";
}

}  // namespace
}  // namespace thermos
