// A leader's socket: what it takes and what it says, of its own kind and of any other.
#include "reactor/host/leader_socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/utf8.h"
#include "reactor/host/leader_client.h"
#include "reactor/host/leader_packet.h"
#include "reactor/loop/deadlines.h"
#include "stream_fixture.h"

namespace thermos {
namespace {

// Far beyond need.
constexpr Microseconds kLeaderPatience = 60 * kSecond;

class LeaderSocketTest : public StreamFixture {
 protected:
  std::string directory() const { return path(""); }
  bool lies_there(const char* name) const { return std::filesystem::exists(path(name)); }

  // A leader whose task ends KILLED by the first kill, and that knows a process "p".
  void lead() {
    auto listening = LeaderSocket::listen(
        loop_, deadlines_, directory(),
        {[this](const KillRequest& request) {
           kills_.push_back(request);
           leader_->announce(TaskState::Killed);
         },
         [this](const OrderRequest& request, const std::vector<std::string>& /*names*/) -> Status {
           orders_.push_back(request);
           // At the end of the turn.
           if (orders_.size() >= confirms_from_) {
             deadlines_.add(1, [this] { leader_->confirm_orders(); });
           }
           if (request.process == "p") return Done{};
           return Error{ErrorCode::NotFound, "task t has no process " + request.process};
         },
         [this](const control::AskNode& call, const std::string& by) -> Status {
           deadlines_.add(1, [this] { leader_->confirm_orders(); });
           if (call.node != "n1") return Error{ErrorCode::NotFound, "task t has no node"};
           nodes_.push_back(by + (call.gone ? ": gone" : ": back"));
           return Done{};
         }});
    ASSERT_TRUE(listening.ok()) << listening.error().message;
    leader_ = std::move(*listening);
  }

  // Runs the leader's loop while `client` does its work.
  void beside(const std::function<void()>& client) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const Descriptor read_end(ends[0]);
    Descriptor write_end(ends[1]);
    const Poll over(loop_, read_end.get(), [this](int) { loop_.stop(); });
    std::thread asker([&] {
      client();
      write_end.reset();
    });
    loop_.run();
    asker.join();
  }

  Descriptor connect_to_leader() const {
    Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    const Descriptor place = open_directory(directory());
    const sockaddr_un address = address_in(place, kLeaderSocketName);
    EXPECT_EQ(connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    return socket;
  }
  // What the leader says to a packet, which may be anything.
  Packet::Verdict send_any(const std::string& bytes, Packet& reply) const {
    const Descriptor socket = connect_to_leader();
    EXPECT_EQ(send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    shutdown(socket.get(), SHUT_WR);
    return reply.receive(socket.get());
  }
  // The failure that it says to it.
  Error refusal_of(const std::string& bytes) const {
    Packet packet;
    EXPECT_EQ(send_any(bytes, packet), Packet::Verdict::Message);
    const auto reply = control::decode_reply(packet.bytes());
    EXPECT_TRUE(reply.ok()) << reply.error().message;
    const auto* failure = reply ? std::get_if<Error>(&reply->body) : nullptr;
    EXPECT_NE(failure, nullptr);
    return failure == nullptr ? Error{} : *failure;
  }
  static std::string text_of(const control::Request& request) {
    const auto bytes = control::encode(request);
    EXPECT_TRUE(bytes.ok());
    return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
  }

  Loop loop_;
  Deadlines deadlines_{loop_};
  std::vector<KillRequest> kills_;
  std::vector<OrderRequest> orders_;
  std::vector<std::string> nodes_;  // what it was told of them
  std::size_t confirms_from_ = 1;   // orders are confirmed from that one on
  std::unique_ptr<LeaderSocket> leader_;
};

TEST_F(LeaderSocketTest, AKillIsHeardAndAnsweredWithTheEnd) {
  lead();
  beside([&] {
    const auto answer =
        ask_leader(directory(), {5 * kSecond, true, "not to be sent"}, kLeaderPatience);
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(answer->reply, LeaderReply::Ended);
    EXPECT_EQ(answer->state, TaskState::Killed);
  });
  ASSERT_EQ(kills_.size(), 1U);
  EXPECT_EQ(kills_[0].wait, 5 * kSecond);
  EXPECT_TRUE(kills_[0].lose);
  EXPECT_EQ(kills_[0].reason,
            "asked by pid " + std::to_string(getpid()) + ", uid " + std::to_string(getuid()));
}

// What was confirmed must outlive a leader that is killed right then.
TEST_F(LeaderSocketTest, AnOrderIsConfirmedWhenItIsOnRecord) {
  confirms_from_ = 2;
  lead();
  beside([&] {
    const Descriptor socket = connect_to_leader();
    for (const auto& [id, process] : {std::pair{1, "p"}, std::pair{2, "nosuch"}}) {
      const std::string order = text_of(
          {static_cast<std::uint64_t>(id), control::AskOrder{{}, {process, Verb::Stop, 0}}});
      ASSERT_EQ(send(socket.get(), order.data(), order.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(order.size()));
    }
    // The second is refused while the first is not on record yet.
    for (const std::uint64_t id : {2U, 1U}) {
      Packet packet;
      ASSERT_EQ(packet.receive(socket.get()), Packet::Verdict::Message);
      EXPECT_EQ(control::decode_reply(packet.bytes())->id, id);
    }
  });
}

TEST_F(LeaderSocketTest, AnOrderIsTakenOrRefusedInTheLeadersWords) {
  lead();
  const std::string longest(255, 'n');
  beside([&] {
    EXPECT_TRUE(order_leader(directory(), {{}, {"p", Verb::Restart, 0}}, kLeaderPatience).ok());
    const auto refused = order_leader(directory(), {{}, {longest, Verb::Stop}}, kLeaderPatience);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::NotFound);
    EXPECT_EQ(refused.error().message, "task t has no process " + longest);
  });
  ASSERT_EQ(orders_.size(), 2U);
  EXPECT_EQ(orders_[0].process, "p");
  EXPECT_EQ(orders_[0].verb, Verb::Restart);
  EXPECT_EQ(orders_[0].wait, Microseconds{0});
  EXPECT_EQ(orders_[1].process, longest);
  EXPECT_FALSE(orders_[1].wait);
}

TEST_F(LeaderSocketTest, NobodyIsThereBeforeAndAfter) {
  const auto before = ask_leader(directory(), {}, kLeaderPatience);
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(before->reply, LeaderReply::NoLeader);
  lead();
  EXPECT_TRUE(lies_there(kLeaderSocketName));
  EXPECT_FALSE(lies_there(kUnreadyLeaderSocketName));
  leader_.reset();
  EXPECT_FALSE(lies_there(kLeaderSocketName));
  EXPECT_EQ(order_leader(directory(), {{}, {"p"}}, kLeaderPatience).error().code,
            ErrorCode::NoDaemon);
}

TEST_F(LeaderSocketTest, IsToldOfANode) {
  lead();
  beside([&] {
    EXPECT_TRUE(tell_leader_of_node(directory(), {"n1", true}, kLeaderPatience).ok());
    EXPECT_TRUE(tell_leader_of_node(directory(), {"n1", false}, kLeaderPatience).ok());
    const auto refused = tell_leader_of_node(directory(), {"n9", true}, kLeaderPatience);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message, "task t has no node");
  });
  const std::string by =
      "asked by pid " + std::to_string(getpid()) + ", uid " + std::to_string(getuid());
  EXPECT_EQ(nodes_, (std::vector<std::string>{by + ": gone", by + ": back"}));
}

// One that died before and one that died while it made its socket.
TEST_F(LeaderSocketTest, TakesThePlaceOfLeadersThatDied) {
  const Descriptor place = open_directory(directory());
  for (const char* name : {kLeaderSocketName, kUnreadyLeaderSocketName}) {
    const Descriptor dead(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    const sockaddr_un address = address_in(place, name);
    ASSERT_EQ(bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  EXPECT_EQ(ask_leader(directory(), {}, kLeaderPatience)->reply, LeaderReply::NoLeader);
  lead();
  beside([&] { EXPECT_TRUE(order_leader(directory(), {{}, {"p"}}, kLeaderPatience).ok()); });
}

TEST_F(LeaderSocketTest, ARequestOfALaterVersionIsRefusedAndSaysWhatToDo) {
  lead();
  control::Request later{4, control::AskKill{}};
  later.needs = control::kProtocol + 1;
  beside([&] {
    const Error error = refusal_of(text_of(later));
    EXPECT_EQ(error.code, ErrorCode::Usage);
    const std::string version = "version " + std::to_string(control::kProtocol + 1);
    EXPECT_NE(error.message.find(version), std::string::npos) << error.message;
    EXPECT_NE(error.message.find("pid " + std::to_string(getpid())), std::string::npos)
        << error.message;
    EXPECT_NE(error.message.find("`thermos` of its own version"), std::string::npos)
        << error.message;
    EXPECT_EQ(refusal_of(text_of({4, control::AskList{}})).code, ErrorCode::Usage)
        << "a daemon's to answer";
  });
  EXPECT_TRUE(kills_.empty());
}

TEST_F(LeaderSocketTest, OtherBytesAreRefusedAndTheLeaderServesOn) {
  lead();
  const std::string kill = text_of({1, control::AskKill{}});
  const std::string order = text_of({1, control::AskOrder{{}, {"p", Verb::Stop, 9}}});
  beside([&] {
    // What a kill was before there was a version in it.
    EXPECT_EQ(refusal_of(std::string("1LIK\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 16)).code,
              ErrorCode::Corrupt);
    EXPECT_EQ(refusal_of(std::string(kMaxLeaderPacket + 1, 'x')).code, ErrorCode::Usage);
    EXPECT_EQ(refusal_of(kill.substr(0, kill.size() - 1)).code, ErrorCode::Corrupt);
    std::mt19937_64 random(11);
    for (int round = 0; round < 500; ++round) {
      std::string bytes = round % 2 == 0 ? kill : order;
      if (round % 5 == 0) {
        bytes.resize(1 + random() % kMaxLeaderPacket);
        for (char& c : bytes) c = static_cast<char>(random());
      } else {
        for (int n = 0; n < 3; ++n) bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      Packet packet;
      ASSERT_EQ(send_any(bytes, packet), Packet::Verdict::Message);
      ASSERT_TRUE(control::decode_reply(packet.bytes()).ok());
    }
    kills_.clear();
    EXPECT_EQ(ask_leader(directory(), {}, kLeaderPatience)->reply, LeaderReply::Ended);
  });
  EXPECT_EQ(kills_.size(), 1U);
}

TEST_F(LeaderSocketTest, ALongRefusalIsCutBetweenCharacters) {
  lead();
  beside([&] {
    // What the leader puts before the name is of any length: one of the two would be cut in two.
    for (const std::size_t before : {1, 2}) {
      std::string name(before, 'x');
      while (name.size() < 1200) name += "\xc3\xa9";
      const auto refused = order_leader(directory(), {{}, {name}}, kLeaderPatience);
      ASSERT_FALSE(refused.ok());
      EXPECT_GE(refused.error().message.size(), 999U);
      EXPECT_LE(refused.error().message.size(), 1000U);
      EXPECT_TRUE(is_utf8(refused.error().message)) << refused.error().message;
    }
  });
}

// ---- a leader that speaks otherwise ------------------------------------------------------------

class StrangeLeader : public LeaderSocketTest {
 protected:
  void SetUp() override {
    LeaderSocketTest::SetUp();
    socket_.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    const Descriptor place = open_directory(directory());
    const sockaddr_un address = address_in(place, kLeaderSocketName);
    ASSERT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(socket_.get(), 4), 0);
  }
  // Takes one request, says `packets` and hangs up, while `client` asks.
  void answers(const std::vector<std::string>& packets, const std::function<void()>& client) const {
    std::thread leader([&] {
      const Descriptor one(accept(socket_.get(), nullptr, nullptr));
      Packet request;
      request.receive(one.get());
      for (const std::string& packet : packets)
        send(one.get(), packet.data(), packet.size(), MSG_NOSIGNAL);
    });
    client();
    leader.join();
  }
  static std::string reply(control::ReplyBody body) {
    const auto bytes = control::encode(control::Reply{1, std::move(body)});
    return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
  }

  Descriptor socket_;
};

// As leaders did before there was a version in the request.
TEST_F(StrangeLeader, ThatHangsUpIsSaidToBeEarlier) {
  answers({}, [&] {
    EXPECT_EQ(ask_leader(directory(), {}, kLeaderPatience)->reply, LeaderReply::HungUp);
  });
  answers({}, [&] {
    const auto refused = order_leader(directory(), {{}, {"p"}}, kLeaderPatience);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::Busy);
    EXPECT_NE(refused.error().message.find("earlier version"), std::string::npos)
        << refused.error().message;
  });
}

TEST_F(StrangeLeader, WhoseAnswersMakeNoSenseIsAnError) {
  for (const std::string& packet : {std::string("HEA1\0\0\0\0", 8), std::string(500, '\xff')}) {
    answers({packet}, [&] {
      const auto answer = ask_leader(directory(), {}, kLeaderPatience);
      ASSERT_FALSE(answer.ok());
      EXPECT_NE(answer.error().message.find("the task's leader sent"), std::string::npos)
          << answer.error().message;
    });
    answers({packet}, [&] {
      EXPECT_FALSE(order_leader(directory(), {{}, {"p"}}, kLeaderPatience).ok());
    });
  }
}

TEST_F(StrangeLeader, ThatDiesOverAKillHasVanished) {
  answers({reply(control::Heard{})}, [&] {
    EXPECT_EQ(ask_leader(directory(), {}, kLeaderPatience)->reply, LeaderReply::Vanished);
  });
  answers({reply(control::Heard{}), reply(control::Ended{{}, "MADE UP"})}, [&] {
    EXPECT_EQ(ask_leader(directory(), {}, kLeaderPatience)->reply, LeaderReply::Vanished);
  });
}

}  // namespace
}  // namespace thermos
