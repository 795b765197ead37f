// The messages between a leader and a node's server: each comes out as it went in, and what is none
// is refused.
#include "capnp/nodes.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace thermos::nodes {
namespace {

// The payload of one frame, aligned as a reader has it.
template <typename Append>
std::vector<std::byte> payload_of(const Append& append) {
  std::vector<std::byte> frame;
  std::uint32_t chain = 7;
  EXPECT_TRUE(append(chain, frame));
  EXPECT_NE(chain, 7u);
  FrameScanner scanner = FrameScanner::tail(frame, kStreamHeaderBytes, 7);
  EXPECT_EQ(scanner.next(), Verdict::Record) << scanner.why();
  std::vector<std::byte> payload(scanner.payload().begin(), scanner.payload().end());
  EXPECT_EQ(scanner.next(), Verdict::End);
  return payload;
}

template <typename M>
M through_node(const M& message) {
  const auto payload = payload_of([&](std::uint32_t& chain, std::vector<std::byte>& out) {
    return append_frame(ToNode(message), chain, out);
  });
  auto read = decode_to_node(payload);
  EXPECT_TRUE(read.ok());
  EXPECT_TRUE(std::holds_alternative<M>(*read));
  return std::get<M>(*read);
}

template <typename M>
M through_leader(const M& message) {
  const Timestamp now{11, 12};
  const auto payload = payload_of([&](std::uint32_t& chain, std::vector<std::byte>& out) {
    return append_frame(FromNode(message), now, chain, out);
  });
  auto read = decode_from_node(payload);
  EXPECT_TRUE(read.ok());
  EXPECT_EQ(read->now.wall, 11);
  EXPECT_EQ(read->now.boot, 12);
  EXPECT_TRUE(std::holds_alternative<M>(read->what));
  return std::get<M>(read->what);
}

Payload bytes(const std::string& text) {
  Payload all(text.size());
  std::memcpy(all.data(), text.data(), text.size());
  return all;
}

TEST(NodesCodec, Hello) {
  const nodes::Hello hello =
      through_node(nodes::Hello{kProtocol, 99, "n1", "/root/of it", bytes("header"), 1234});
  EXPECT_EQ(hello.protocol, kProtocol);
  EXPECT_EQ(hello.lead, 99u);
  EXPECT_EQ(hello.node, "n1");
  EXPECT_EQ(hello.root, "/root/of it");
  EXPECT_EQ(hello.header, bytes("header"));
  EXPECT_EQ(hello.configuration_bytes, 1234u);
}

TEST(NodesCodec, Configuration) {
  const std::string part(kConfigurationPart, 'x');
  EXPECT_EQ(through_node(Configuration{part}).part, part);
  EXPECT_EQ(through_node(Configuration{std::string("a\0b", 3)}).part, std::string("a\0b", 3));
  std::vector<std::byte> out;
  std::uint32_t chain = 7;
  EXPECT_FALSE(append_frame(ToNode(Configuration{std::string(kMaxPayloadBytes, 'x')}), chain, out));
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(chain, 7u);
}

TEST(NodesCodec, Runs) {
  const KnownRun run = through_node(KnownRun{3, {bytes("one"), bytes(std::string(9000, 'z'))}});
  EXPECT_EQ(run.process, 3u);
  ASSERT_EQ(run.records.size(), 2u);
  EXPECT_EQ(run.records[1], bytes(std::string(9000, 'z')));
  const Start start = through_node(Start{{4, {bytes("w")}}, 17, TaskState::Failed});
  EXPECT_EQ(start.known.process, 4u);
  EXPECT_EQ(start.known.records.at(0), bytes("w"));
  EXPECT_EQ(start.seq, 17u);
  EXPECT_EQ(start.goal, TaskState::Failed);
  Seqs seqs{5, {}};
  for (std::size_t i = 0; i < kSeqsAtOnce; ++i) seqs.next.push_back(i);
  EXPECT_EQ(through_node(seqs).next, seqs.next);
  EXPECT_EQ(through_node(seqs).first, 5u);
  through_node(Listed{});
}

TEST(NodesCodec, Orders) {
  const Stop stop = through_node(Stop{1, 2, true, 9});
  EXPECT_EQ(stop.process, 1u);
  EXPECT_EQ(stop.run, 2u);
  EXPECT_TRUE(stop.hard);
  EXPECT_EQ(stop.signal, 9);
  EXPECT_EQ(through_node(Sweep{1, 2}).run, 2u);
  EXPECT_EQ(through_node(Look{7}).process, 7u);
  const Probe probe = through_node(Probe{1, 2, Purpose::Healthy});
  EXPECT_EQ(probe.run, 2u);
  EXPECT_EQ(probe.purpose, Purpose::Healthy);
  through_node(Clean{});
  through_node(Finish{});
}

TEST(NodesCodec, WhatANodeSays) {
  const Welcome welcome = through_leader(Welcome{kProtocol, {1, 2}, "host", 5, {4000, 77}});
  EXPECT_EQ(welcome.boot, (BootId{1, 2}));
  EXPECT_EQ(welcome.hostname, "host");
  EXPECT_EQ(welcome.pid, 5);
  EXPECT_EQ(welcome.room, (Room{4000, 77}));
  EXPECT_TRUE(through_leader(Refused{"no", true}).superseded);
  EXPECT_EQ(through_leader(Refused{"no", true}).reason, "no");
  EXPECT_EQ(through_leader(NodeRecord{3, bytes("r")}).record, bytes("r"));
  EXPECT_TRUE(through_leader(CoordinatorGone{1, 2, true}).rebooted);
  EXPECT_EQ(through_leader(Swept{1, 2}).run, 2u);
  const LaunchFailed failed = through_leader(LaunchFailed{1, 2, true, "why"});
  EXPECT_TRUE(failed.retry);
  EXPECT_EQ(failed.reason, "why");
  EXPECT_EQ(through_leader(LaunchCancelled{1, 2}).process, 1u);
  const ProbeAnswered answer = through_leader(ProbeAnswered{1, 2, true, "x", Purpose::Healthy});
  EXPECT_TRUE(answer.yes);
  EXPECT_EQ(answer.text, "x");
  EXPECT_EQ(answer.purpose, Purpose::Healthy);
  const ShortageChanged shortage = through_leader(ShortageChanged{Shortage::Pids, true, "y"});
  EXPECT_EQ(shortage.shortage, Shortage::Pids);
  EXPECT_TRUE(shortage.over);
  EXPECT_EQ(shortage.reason, "y");
  through_leader(Told{});
  through_leader(Cleaned{});
  through_leader(Quiet{});
  EXPECT_EQ(through_leader(Stopped{"z"}).reason, "z");
}

TEST(NodesCodec, FilesInBothDirections) {
  const FileOffer offer{3, {17, "a/b", {1ULL << 40, 1'700'000'000'123'456'789, 99, 0640}}};
  for (const FileOffer& came : {through_node(offer), through_leader(offer)}) {
    EXPECT_EQ(came.process, 3u);
    EXPECT_EQ(came.offer.number, 17u);
    EXPECT_EQ(came.offer.path, "a/b");
    EXPECT_EQ(came.offer.facts, offer.offer.facts);
  }
  const FilePiece piece{17, 1ULL << 33, std::string(kFilePiece, '\x80')};
  for (const FilePiece& came : {through_node(piece), through_leader(piece)}) {
    EXPECT_EQ(came.number, 17u);
    EXPECT_EQ(came.offset, piece.offset);
    EXPECT_EQ(came.data, piece.data);
  }
  carry::EndCame end{17, {}};
  end.digest[0] = 1;
  end.digest[31] = 2;
  EXPECT_EQ(through_node(end).digest, end.digest);
  EXPECT_EQ(through_leader(end).digest, end.digest);
  const carry::Replied reply{17, carry::Reply::Failed, {true, "full"}};
  for (const carry::Replied& came : {through_node(reply), through_leader(reply)}) {
    EXPECT_EQ(came.number, 17u);
    EXPECT_EQ(came.reply, carry::Reply::Failed);
    EXPECT_TRUE(came.failure.retry);
    EXPECT_EQ(came.failure.reason, "full");
  }
  EXPECT_EQ(through_node(carry::Dropped{5}).number, 5u);
  EXPECT_EQ(through_leader(carry::Dropped{5}).number, 5u);
}

// Of all messages, those alone are given to who carries files.
TEST(NodesCodec, WhichAreOfFiles) {
  ToNode look = Look{1};
  EXPECT_FALSE(file_message(look).has_value());
  ToNode piece = FilePiece{1, 2, "x"};
  const auto file = file_message(piece);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(std::get<FilePiece>(*file).data, "x");
}

TEST(NodesCodec, WhatIsNoMessageIsRefused) {
  const std::vector<std::byte> nothing(16);
  EXPECT_FALSE(decode_to_node(std::span(nothing).first(9)).ok());
  EXPECT_EQ(decode_to_node(nothing).error().code, ErrorCode::Corrupt);
  EXPECT_EQ(decode_from_node(nothing).error().code, ErrorCode::Corrupt);
}

}  // namespace
}  // namespace thermos::nodes
