// The command line's end of the control socket, against a daemon that is played.
#include "reactor/control/control_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "reactor/control/control_framing.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

class ControlClientTest : public StreamFixture {
 protected:
  void SetUp() override {
    StreamFixture::SetUp();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket().c_str(), socket().size() + 1);
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    ASSERT_EQ(::listen(listener_.get(), 1), 0);
  }
  std::string socket() const { return path("socket"); }

  Descriptor listener_;
};

TEST_F(ControlClientTest, HearsWhyItWasHungUpOn) {
  auto client = ControlClient::connect(socket());
  ASSERT_TRUE(client) << client.error().message;
  {
    const Descriptor daemon(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const auto payload =
        control::encode(control::Reply{0, Error{ErrorCode::Busy, "too many connections"}});
    ASSERT_TRUE(payload);
    OutgoingStream out;
    out.put(*payload);
    ASSERT_EQ(::write(daemon.get(), out.bytes().data(), out.bytes().size()),
              static_cast<ssize_t>(out.bytes().size()));
  }
  ASSERT_TRUE(client->send(control::AskVersion{}).ok());
  const auto reply = client->receive();
  ASSERT_TRUE(reply) << reply.error().message;
  ASSERT_TRUE(*reply);
  const auto* error = std::get_if<Error>(&(*reply)->body);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, ErrorCode::Busy);
  // And then that nobody is there.
  const auto end = client->receive();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::NoDaemon);
}

// The text is for people; the errno is for who decides by it, in any language.
TEST_F(ControlClientTest, AnErrorKeepsItsErrno) {
  const auto absent = ControlClient::connect(path("nobody"));
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::NoDaemon);
  EXPECT_EQ(absent.error().cause, ENOENT);
  EXPECT_EQ(absent.error().message,
            path("nobody") +
                ": No such file or directory; is thermos-reactor running? (--socket names another "
                "place)");
}

}  // namespace
}  // namespace thermos
