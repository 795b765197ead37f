// Frames over a pair of pipes: whatever the pieces in which they come, and whatever else comes.
#include "reactor/pipe/frame_pipe.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "capnp/nodes.h"

namespace thermos {
namespace {

class FramePipeTest : public ::testing::Test {
 protected:
  FramePipeTest() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    Descriptor in(ends[0]);
    feed_.reset(ends[1]);
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    drain_.reset(ends[0]);
    pipe_ = std::make_unique<FramePipe>(
        loop_, std::move(in), Descriptor(ends[1]),
        FramePipe::Hooks{[this](Bytes payload) { return take(payload); },
                         [this](const std::string& why) {
                           ended_ = why;
                           loop_.stop();
                           if (drops_it_) pipe_.reset();  // and this function with it
                         },
                         [this](std::string_view line) { noise_.emplace_back(line); },
                         [this] { ++rooms_; }});
  }

  Status take(Bytes payload) {
    auto message = nodes::decode_to_node(payload);
    if (!message) return message.error();
    const auto* look = std::get_if<Look>(&*message);
    if (look == nullptr) return Error{ErrorCode::Corrupt, "something else"};
    looks_.push_back(look->process);
    return Done{};
  }

  // The bytes of a stream with a look at each of these processes.
  static std::vector<std::byte> stream(const std::vector<ProcessIndex>& processes) {
    std::vector<std::byte> bytes(kStreamHeaderBytes);
    encode_stream_header({kStreamVersion, 77}, std::span<std::byte, kStreamHeaderBytes>(bytes));
    std::uint32_t chain = chain_start(77);
    for (const ProcessIndex p : processes) append_frame(nodes::ToNode(Look{p}), chain, bytes);
    return bytes;
  }
  void write(std::span<const std::byte> bytes) const {
    ASSERT_EQ(::write(feed_.get(), bytes.data(), bytes.size()), std::ssize(bytes));
  }
  void write(const std::string& text) const { write(std::as_bytes(std::span(text))); }
  // Until the pipe has ended.
  void run() {
    feed_.reset();
    loop_.run();
  }

  Loop loop_;
  Descriptor feed_;
  Descriptor drain_;
  std::unique_ptr<FramePipe> pipe_;
  std::vector<ProcessIndex> looks_;
  std::vector<std::string> noise_;
  int rooms_ = 0;
  std::string ended_;
  bool drops_it_ = false;  // when it has ended, as its owner may
};

TEST_F(FramePipeTest, TakesFramesBehindWhatAShellSays) {
  write(std::string("Welcome to n1!\n\nhave fun"));
  write(stream({1, 2, 3}));
  run();
  EXPECT_EQ(looks_, (std::vector<ProcessIndex>{1, 2, 3}));
  EXPECT_EQ(noise_, (std::vector<std::string>{"Welcome to n1!", "have fun"}));
  EXPECT_EQ(ended_, "the other end has closed the pipe");
}

TEST_F(FramePipeTest, TakesThemInAnyPieces) {
  const auto bytes = stream({7, 8, 9, 10});
  std::size_t at = 0;
  std::unique_ptr<TurnEnd> turn;
  turn = std::make_unique<TurnEnd>(loop_, [&] {
    if (at == bytes.size()) return feed_.reset();
    const std::size_t size = std::min<std::size_t>(13, bytes.size() - at);
    write(std::span(bytes).subspan(at, size));
    at += size;
  });
  loop_.run();
  EXPECT_EQ(looks_, (std::vector<ProcessIndex>{7, 8, 9, 10}));
}

TEST_F(FramePipeTest, EndsAtAByteThatIsWrong) {
  auto bytes = stream({1, 2});
  bytes[bytes.size() - 4] ^= std::byte{1};
  write(bytes);
  loop_.run();
  EXPECT_EQ(looks_, (std::vector<ProcessIndex>{1}));
  EXPECT_TRUE(ended_.starts_with("garbled: ")) << ended_;
}

TEST_F(FramePipeTest, EndsAtAMessageThatIsNoneOfOurs) {
  std::vector<std::byte> bytes = stream({});
  std::uint32_t chain = chain_start(77);
  append_frame(nodes::ToNode(nodes::Finish{}), chain, bytes);
  write(bytes);
  loop_.run();
  EXPECT_EQ(ended_, "something else");
}

TEST_F(FramePipeTest, DoesNotListenToNoiseForEver) {
  ::fcntl(feed_.get(), F_SETPIPE_SZ, 1 << 20);
  write(std::string(std::size_t{80} * 1024, 'x'));
  loop_.run();
  EXPECT_EQ(ended_, "what it says is not what a node's server says");
}

// There is more to read, and nobody who may read it.
TEST_F(FramePipeTest, IsNotTouchedByOneWhoseNoiseEndedIt) {
  ::fcntl(feed_.get(), F_SETPIPE_SZ, 1 << 20);
  write(std::string(std::size_t{300} * 1024, 'x'));
  drops_it_ = true;
  loop_.run();
  EXPECT_EQ(ended_, "what it says is not what a node's server says");
  EXPECT_EQ(pipe_, nullptr);
}

// More than a pipe holds waits, and goes out when there is room.
TEST_F(FramePipeTest, WaitsForRoom) {
  constexpr int kMessages = 5000;
  for (int i = 0; i < kMessages; ++i) {
    pipe_->send([](std::uint32_t& chain, std::vector<std::byte>& out) {
      return nodes::append_frame(nodes::ToNode(Look{4}), chain, out);
    });
  }
  pipe_->flush();
  EXPECT_GT(pipe_->unsent(), 0u);
  std::vector<std::byte> got;
  std::size_t frames = 0;
  const Poll reader(loop_, drain_.get(), [&](int) {
    std::vector<std::byte> part(65536);
    const ssize_t size = ::read(drain_.get(), part.data(), part.size());
    ASSERT_GT(size, 0);
    got.insert(got.end(), part.begin(), part.begin() + size);
    frames = 0;
    FrameScanner scanner(got);
    while (scanner.next() == Verdict::Record) ++frames;
    if (frames == kMessages) loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(frames, static_cast<std::size_t>(kMessages));
  EXPECT_EQ(pipe_->unsent(), 0u);
}

// Whoever waits for room hears of it, also if it was not the loop that wrote what waited.
TEST_F(FramePipeTest, TellsOfRoomWhoeverFlushes) {
  const auto send = [this](std::size_t bytes) {
    pipe_->send([bytes](std::uint32_t&, std::vector<std::byte>& out) {
      out.resize(out.size() + bytes);
      return true;
    });
    pipe_->flush();
  };
  send(10'000);
  EXPECT_EQ(pipe_->unsent(), 0U);
  EXPECT_EQ(rooms_, 0);  // nothing waited
  send(100'000);
  EXPECT_GT(pipe_->unsent(), 0U);
  EXPECT_EQ(rooms_, 0);
  std::vector<std::byte> taken(200'000);
  EXPECT_GT(::read(drain_.get(), taken.data(), taken.size()), 0);
  pipe_->flush();
  EXPECT_EQ(pipe_->unsent(), 0U);
  EXPECT_EQ(rooms_, 1);
  pipe_->flush();
  EXPECT_EQ(rooms_, 1);
}

}  // namespace
}  // namespace thermos
