#include "capnp/control.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <variant>
#include <vector>

namespace thermos::control {
namespace {

Result<Request> through(const Request& request) {
  const auto bytes = encode(request);
  EXPECT_TRUE(bytes.ok());
  return decode_request(*bytes);
}

TEST(ControlMessage, AKillIsWhatTheStateMachineTakes) {
  KillRequest kill;
  kill.wait = 1'500'000;
  kill.lose = true;
  kill.reason = "mine, and nobody else's to say";
  const auto request = through({7, AskKill{{"a", "b.*"}, kill}});
  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_EQ(request->id, 7U);
  const auto& ask = std::get<AskKill>(request->body);
  EXPECT_EQ(ask.patterns, (std::vector<std::string>{"a", "b.*"}));
  EXPECT_EQ(ask.request.wait, kill.wait);
  EXPECT_TRUE(ask.request.lose);
  EXPECT_EQ(ask.request.reason, "") << "who takes it says who asked";
}

TEST(ControlMessage, AnOrderIsWhatTheStateMachineTakes) {
  for (const Verb verb : {Verb::Start, Verb::Stop, Verb::Restart}) {
    const auto request = through({8, AskOrder{"t", {"fetch \xc3\xbc", verb, 0, "me"}}});
    ASSERT_TRUE(request.ok()) << request.error().message;
    const auto& ask = std::get<AskOrder>(request->body);
    EXPECT_EQ(ask.task_id, "t");
    EXPECT_EQ(ask.request.process, "fetch \xc3\xbc");
    EXPECT_EQ(ask.request.verb, verb);
    EXPECT_EQ(ask.request.wait, Microseconds{0}) << "now, and not: as the task says";
    EXPECT_EQ(ask.request.reason, "");
  }
}

TEST(ControlMessage, AnOrderForSeveralNeedsAReceiverThatKnowsThem) {
  const auto through_wire = [](const AskOrder& order) { return *through({8, order}); };
  const Request several = through_wire({"t", {"", Verb::Stop}, {"a", "b.*"}});
  EXPECT_EQ(several.needs, 2U);
  EXPECT_EQ(std::get<AskOrder>(several.body).processes, (std::vector<std::string>{"a", "b.*"}));
  EXPECT_EQ(std::get<AskOrder>(several.body).request.process, "");
  EXPECT_EQ(through_wire({"t", {"", Verb::Restart}, {}}).needs, 2U) << "all services";
  EXPECT_EQ(through_wire({"t", {"", Verb::Stop}, {"a"}}).needs, 1U);
  EXPECT_EQ(through_wire({"t", {"a", Verb::Stop}, {}}).needs, 1U);
}

// A receiver that does not know `replace` would tell that the task exists, which is another answer.
TEST(ControlMessage, AReplacementNeedsAReceiverThatKnowsIt) {
  Submit submit;
  submit.task_id = "t";
  EXPECT_EQ(through({1, submit})->needs, 1U);
  submit.replace = true;
  const auto request = through({1, submit});
  EXPECT_EQ(request->needs, 3U);
  EXPECT_TRUE(std::get<Submit>(request->body).replace);
}

TEST(ControlMessage, WhatIsAroundATaskGoesWithIt) {
  Submit submit;
  submit.task_id = "t";
  EXPECT_EQ(std::get<Submit>(through({1, submit})->body).trace_parent, "");
  submit.trace_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto request = through({1, submit});
  EXPECT_EQ(std::get<Submit>(request->body).trace_parent, submit.trace_parent);
  EXPECT_EQ(request->needs, 1U);
}

TEST(ControlMessage, MetricsAreAskedForAndAnswered) {
  const auto request = through({4, AskMetrics{}});
  ASSERT_TRUE(request.ok());
  EXPECT_TRUE(std::holds_alternative<AskMetrics>(request->body));
  const auto reply = decode_reply(*encode(Reply{4, MetricsReply{"a_total 1\n"}}));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(std::get<MetricsReply>(reply->body).text, "a_total 1\n");
}

TEST(ControlMessage, AWaitThatWasNotGivenIsNotGiven) {
  EXPECT_FALSE(std::get<AskKill>(through({1, AskKill{}})->body).request.wait);
  EXPECT_FALSE(std::get<AskOrder>(through({1, AskOrder{}})->body).request.wait);
  EXPECT_FALSE(std::get<AskDrain>(through({1, AskDrain{}})->body).wait);
  EXPECT_EQ(std::get<AskDrain>(through({1, AskDrain{5}})->body).wait, Microseconds{5});
}

TEST(ControlMessage, ALeadersAnswersComeThereAsTheyWere) {
  const auto heard = decode_reply(*encode(Reply{3, Heard{}}));
  ASSERT_TRUE(heard.ok());
  EXPECT_EQ(heard->id, 3U);
  EXPECT_TRUE(std::holds_alternative<Heard>(heard->body));
  const auto ended = decode_reply(*encode(Reply{3, Ended{{}, "KILLED"}}));
  ASSERT_TRUE(ended.ok());
  EXPECT_EQ(std::get<Ended>(ended->body).state, "KILLED");
}

// It may mean something else than what is known of it here.
TEST(ControlMessage, WhatNeedsALaterVersionIsRefusedAndNotCarriedOut) {
  Request request{1, AskKill{{"t"}, {}}};
  request.needs = kProtocol;
  EXPECT_TRUE(through(request).ok());
  request.needs = kProtocol + 1;
  const auto refused = through(request);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::Usage);
  EXPECT_NE(refused.error().message.find("version " + std::to_string(kProtocol + 1)),
            std::string::npos)
      << refused.error().message;
}

TEST(ControlMessage, OtherBytesAreRefusedNotFatal) {
  EXPECT_FALSE(decode_request({}).ok());
  const std::vector<std::byte> message =
      *encode(Request{9, AskOrder{"t", {"process", Verb::Stop}}});
  for (std::size_t size = 0; size < message.size(); ++size) {
    const std::vector<std::byte> cut(message.begin(),
                                     message.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(decode_request(cut).ok()) << size;
    EXPECT_FALSE(decode_reply(cut).ok()) << size;
  }
  std::mt19937_64 random(5);
  for (int round = 0; round < 5000; ++round) {
    auto bent = message;
    for (int n = 0; n < 4; ++n) bent[random() % bent.size()] = static_cast<std::byte>(random());
    const auto request = decode_request(bent);
    if (!request) {
      EXPECT_FALSE(request.error().message.empty());
    } else if (const auto* order = std::get_if<AskOrder>(&request->body)) {
      EXPECT_LT(static_cast<std::size_t>(order->request.verb), kUserVerbs);
      EXPECT_GE(order->request.wait.value_or(0), 0);
    }
    const auto reply = decode_reply(bent);
    EXPECT_TRUE(reply.ok() || !reply.error().message.empty());
  }
}

}  // namespace
}  // namespace thermos::control
