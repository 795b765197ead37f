// Clients that behave badly, and many of them.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include "daemon_fixture.h"
#include "waiting.h"

namespace thermos {
namespace {

class DaemonProtocolTest : public DaemonFixture {
 protected:
  Descriptor raw() const {
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
  // Sends the bytes and reads until the daemon hangs up; the one reply, if there is one.
  static std::optional<Error> answer_to(const Descriptor& socket, Bytes bytes) {
    if (!bytes.empty()) {
      EXPECT_EQ(send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(bytes.size()));
    }
    IncomingStream in;
    for (;;) {
      const auto room = in.space(4096);
      const ssize_t got = recv(socket.get(), room.data(), room.size(), 0);
      if (got <= 0) break;
      in.filled(static_cast<std::size_t>(got));
    }
    auto payload = in.next();
    if (!payload || !*payload) return std::nullopt;
    auto reply = control::decode_reply(**payload);
    if (!reply) return std::nullopt;
    const auto* error = std::get_if<Error>(&reply->body);
    return error == nullptr ? std::nullopt : std::optional(*error);
  }
  static std::vector<std::byte> request_bytes() {
    OutgoingStream out;
    out.put(*control::encode(control::Request{1, control::AskVersion{}}));
    return {out.bytes().begin(), out.bytes().end()};
  }
  void answers() const { EXPECT_FALSE(refused(control::AskVersion{})); }
};

TEST_F(DaemonProtocolTest, GarbageIsRefusedAndTheRestServed) {
  start();
  ControlClient other = connect();
  std::vector<std::byte> bytes(4096);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte(i * 37 & 0xff);
  auto error = answer_to(raw(), bytes);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::Corrupt);
  // Every single bit that is wrong in a request.
  const std::vector<std::byte> good = request_bytes();
  for (std::size_t bit = 0; bit < good.size() * 8; bit += 7) {
    std::vector<std::byte> bad = good;
    bad[bit / 8] ^= std::byte(1 << (bit % 8));
    const Descriptor socket = raw();
    ASSERT_EQ(send(socket.get(), bad.data(), bad.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bad.size()));
    shutdown(socket.get(), SHUT_WR);
    error = answer_to(socket, {});
    // Either it is known to be wrong, or (its length) the rest is waited for and never comes.
    if (error) {
      EXPECT_EQ(error->code, ErrorCode::Corrupt) << error->message;
    }
  }
  ASSERT_TRUE(other.send(control::AskVersion{}).ok());
  auto reply = other.receive();
  EXPECT_TRUE(reply.ok() && *reply);
}

TEST_F(DaemonProtocolTest, AMessageMayNotBeTooLong) {
  start();
  std::vector<std::byte> bytes = request_bytes();
  const std::uint32_t length = 64U << 20;
  std::memcpy(bytes.data() + kStreamHeaderBytes, &length, sizeof length);
  const auto error = answer_to(raw(), bytes);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::Corrupt);
  // One that is too long to be sent is not sent.
  const auto sent = connect().send(submission("big", std::string(2 << 20, 'x')));
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().code, ErrorCode::Usage);
  answers();
}

TEST_F(DaemonProtocolTest, ARequestMayComeByteByByteOrNotAtAll) {
  start();
  const Descriptor half = raw();
  const std::vector<std::byte> bytes = request_bytes();
  ASSERT_EQ(send(half.get(), bytes.data(), bytes.size() / 2, MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size() / 2));
  const Descriptor slow = raw();
  for (const std::byte& byte : bytes) ASSERT_EQ(send(slow.get(), &byte, 1, MSG_NOSIGNAL), 1);
  char reply[64];
  EXPECT_GT(recv(slow.get(), reply, sizeof reply, 0), 0);
  answers();
}

TEST_F(DaemonProtocolTest, BadWordsAreAnswered) {
  start();
  const auto expect = [&](control::RequestBody body, ErrorCode code) {
    const auto error = refused(std::move(body));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, code) << error->message;
  };
  expect(submission("../up", one("true")), ErrorCode::Usage);
  expect(submission("t", "{"), ErrorCode::BadConfig);
  control::Submit relative = submission("t", one("true"));
  relative.sandbox = "here";
  expect(relative, ErrorCode::Usage);
  expect(control::AskKill{{"("}, {0, false}}, ErrorCode::Usage);
  expect(control::AskKill{{"(a*)*{9}"}, {0, false}}, ErrorCode::Usage);
  expect(control::AskKill{{}, {0, false}}, ErrorCode::Usage);
  expect(control::AskKill{{"none"}, {0, false}}, ErrorCode::NotFound);
  expect(control::AskWait{"none", 0}, ErrorCode::NotFound);
  expect(control::AskWait{"../up", 0}, ErrorCode::Usage);
  expect(control::AskOrder{"none", {"p", Verb::Stop, 0}}, ErrorCode::NotFound);
  expect(control::AskList{{std::vector<std::string>(101, "x")}}, ErrorCode::Usage);
  expect(control::AskList{{std::vector<std::string>(17, std::string(255, 'x') + "*")}},
         ErrorCode::Usage);
  EXPECT_FALSE(refused(control::AskList{{std::vector<std::string>(100, std::string(255, 'x'))}}));
  EXPECT_FALSE(std::ifstream(paths().active_task("t")).good());
}

TEST_F(DaemonProtocolTest, WhoDoesNotReadIsAnsweredNoFurtherAndSlowsNobody) {
  std::ofstream(path("config.json")) << R"({"queue_bytes": 65536})";
  start({"--config", path("config.json")});
  submit("t", one("sleep 1000", R"(, "max_failures": 7)"));
  until_running("t");
  const Descriptor deaf = raw();
  ASSERT_EQ(fcntl(deaf.get(), F_SETFL, O_NONBLOCK), 0);
  OutgoingStream out;
  std::uint64_t asked = 0;
  // Until nothing more fits in between: answers are not made, so requests are not read.
  for (int refusals = 0; refusals < 100;) {
    if (out.size() == 0) {
      out.put(*control::encode(control::Request{++asked, control::AskStatus{}}));
    }
    const ssize_t sent = send(deaf.get(), out.bytes().data(), out.bytes().size(), MSG_NOSIGNAL);
    if (sent > 0) {
      out.consume(static_cast<std::size_t>(sent));
      refusals = 0;
    } else {
      ASSERT_EQ(errno, EAGAIN);
      ++refusals;
      answers();
    }
    ASSERT_LT(asked, 1'000'000U);
  }
  // And when it reads, it is told all of it.
  ASSERT_EQ(fcntl(deaf.get(), F_SETFL, 0), 0);
  IncomingStream in;
  std::uint64_t answered = 0;
  while (answered + 1 < asked) {  // the last may not have gone out whole
    const auto payload = in.next();
    ASSERT_TRUE(payload.ok());
    if (!*payload) {
      const auto room = in.space(65536);
      const ssize_t got = recv(deaf.get(), room.data(), room.size(), 0);
      ASSERT_GT(got, 0);
      in.filled(static_cast<std::size_t>(got));
      continue;
    }
    const auto reply = control::decode_reply(**payload);
    ASSERT_TRUE(reply.ok());
    if (std::holds_alternative<control::Finished>(reply->body)) {
      EXPECT_EQ(reply->id, ++answered);
    }
  }
}

// Bytes that nobody has read make the end of a connection an error (ECONNRESET) for the other side,
// and what the client sent last is read before that.
TEST_F(DaemonProtocolTest, WhoDiesWithAnAnswerUnreadLeavesNothing) {
  start();
  const std::size_t before = descriptors();
  {
    const Descriptor client = raw();
    OutgoingStream out;
    const auto ask = [&](control::RequestBody body) {
      out.put(*control::encode(control::Request{1, std::move(body)}));
      ASSERT_EQ(send(client.get(), out.bytes().data(), out.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(out.size()));
      out.consume(out.size());
    };
    ask(control::AskVersion{});
    pollfd answered{client.get(), POLLIN, 0};
    ASSERT_EQ(poll(&answered, 1, -1), 1);
    signal(SIGSTOP);
    ASSERT_TRUE(real::stops(daemon()));
    // It has no answer before there is news, and there is none.
    control::Subscribe subscribe;
    subscribe.since = 1;
    ask(subscribe);
  }
  signal(SIGCONT);
  wait_for_descriptors(before);
}

// All that comes until the daemon ends the connection.
IncomingStream until_end(const Descriptor& socket) {
  IncomingStream in;
  for (;;) {
    const auto room = in.space(65536);
    const ssize_t got = recv(socket.get(), room.data(), room.size(), 0);
    EXPECT_GE(got, 0);
    if (got <= 0) return in;
    in.filled(static_cast<std::size_t>(got));
  }
}

// What was asked before the end of a stream is answered before the connection ends.
TEST_F(DaemonProtocolTest, WhoHasAskedAndAsksNoMoreIsAnswered) {
  start();
  submit("t", one("sleep 1000"));
  until_running("t");
  const Descriptor socket = raw();
  OutgoingStream out;
  for (std::uint64_t id = 1; id <= 500; ++id) {
    out.put(*control::encode(control::Request{id, control::AskList{}}));
  }
  ASSERT_EQ(send(socket.get(), out.bytes().data(), out.bytes().size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(out.bytes().size()));
  shutdown(socket.get(), SHUT_WR);
  IncomingStream in = until_end(socket);
  std::uint64_t answered = 0;
  while (true) {
    const auto payload = in.next();
    ASSERT_TRUE(payload.ok());
    if (!*payload) break;
    const auto reply = control::decode_reply(**payload);
    ASSERT_TRUE(reply.ok());
    if (std::holds_alternative<control::Finished>(reply->body)) ++answered;
  }
  EXPECT_EQ(answered, 500U);
}

// Also where the answer comes at the end of a turn, or later.
TEST_F(DaemonProtocolTest, WhoAsksNoMoreIsToldThatItsOrdersAreDone) {
  start();
  submit("t", one("exec sleep 1000"));
  until_running("t");
  const auto last_reply = [&](control::RequestBody body) -> control::ReplyBody {
    const Descriptor socket = raw();
    OutgoingStream out;
    // Before that it is busy, and so reads the end before it comes to it.
    for (int i = 0; i < 100; ++i) {
      out.put(*control::encode(control::Request{2, control::AskList{}}));
    }
    out.put(*control::encode(control::Request{1, std::move(body)}));
    EXPECT_EQ(send(socket.get(), out.bytes().data(), out.bytes().size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(out.bytes().size()));
    shutdown(socket.get(), SHUT_WR);
    IncomingStream in = until_end(socket);
    std::optional<control::Reply> last;
    for (auto payload = in.next(); payload && *payload; payload = in.next()) {
      auto reply = control::decode_reply(**payload);
      if (reply && reply->id == 1) last = std::move(*reply);
    }
    if (!last) return Error{ErrorCode::System, "no answer"};
    return last->body;
  };
  const auto done = [](const control::ReplyBody& reply) {
    const auto* error = std::get_if<Error>(&reply);
    EXPECT_EQ(error, nullptr) << error->message;
    return std::holds_alternative<control::Finished>(reply);
  };
  EXPECT_TRUE(done(last_reply(control::AskOrder{"t", {"p", Verb::Start, {}}, {}})));
  EXPECT_TRUE(done(last_reply(control::AskOrder{"t", {"p", Verb::Stop, {}}, {}})));
  EXPECT_TRUE(done(last_reply(control::Subscribe{{}, 1, false})));
  EXPECT_TRUE(std::holds_alternative<control::Submitted>(last_reply(submission("u", one("true")))));
  // Not what waits for an end.
  EXPECT_TRUE(std::holds_alternative<Error>(last_reply(control::AskWait{"t", -1})));
}

TEST_F(DaemonProtocolTest, AThousandConnections) {
  start();
  std::vector<ControlClient> clients;
  for (int i = 0; i < 1000; ++i) clients.push_back(connect());
  for (ControlClient& client : clients) ASSERT_TRUE(client.send(control::AskVersion{}).ok());
  for (ControlClient& client : clients) {
    auto reply = client.receive();
    ASSERT_TRUE(reply.ok() && *reply);
    EXPECT_TRUE(std::holds_alternative<control::Version>((*reply)->body));
  }
  while (clients.size() < 1024) {
    clients.push_back(connect());
    ASSERT_TRUE(clients.back().send(control::AskVersion{}).ok());
    ASSERT_TRUE(clients.back().receive().ok());
  }
  const auto error = refused(control::AskVersion{});
  ASSERT_TRUE(error);
  clients.clear();
  // Their places are free again when the daemon has seen them go.
  const int tries = 10'000;
  int left = tries;
  while (left > 0 && refused(control::AskVersion{})) --left;
  EXPECT_GT(left, 0);
}

TEST_F(DaemonProtocolTest, AWaitEndsWithItsTimeOrItsTask) {
  start();
  submit("t", one("sleep 1000"));
  EXPECT_TRUE(std::holds_alternative<control::Finished>(ask(control::AskWait{"t", 1000}).back()));
  {
    ControlClient gone = connect();  // and hangs up without an answer
    ASSERT_TRUE(gone.send(control::AskWait{"t", -1}).ok());
    ASSERT_TRUE(gone.send(control::AskWait{"t", 3600 * kSecond}).ok());
  }
  EXPECT_FALSE(refused(control::AskKill{{"t"}, {0, false}}));
  EXPECT_EQ(state_at_end("t"), "KILLED");
}

}  // namespace
}  // namespace thermos
