#include "capnp/launch.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>

namespace thermos {
namespace {

Launch a_launch() {
  Launch launch;
  launch.ticket = 0x1234567890;
  launch.process = "fetch \xc3\xbc";
  launch.seq = 9;
  launch.run = 3;
  launch.chain = 0xfedcba98;
  launch.boot = {1, 2};
  launch.cmdline = "echo \"$HOME\"; exit 3";
  launch.directory = "/srv/job";
  launch.root = "/srv/root";
  launch.environment = {"HOME=/root", "EMPTY=", "PATH=/bin"};
  launch.change_user = true;
  launch.uid = 1000;
  launch.gid = 1001;
  launch.groups = {4, 24, 27};
  launch.arguments = {"/bin/cat", "", "-"};
  launch.subdirectory = "work/here";
  launch.input = "/srv/job/in";
  launch.success_codes = {0, 3, 255};
  launch.stop_signal = 2;
  launch.secrets.entries = {{"A", {"/a", "", true}}, {"B", {"", "vault read", false}}};
  return launch;
}

struct Opened {
  bool ok = false;
  LaunchView view;
  std::array<const char*, 8> environment{};
  std::array<const char*, 4> arguments{};
  std::array<std::uint32_t, 8> groups{};
  std::array<SecretView, 2> secrets{};
};

// It is not copied: its view points into it.
std::unique_ptr<Opened> open_message(const std::vector<std::byte>& message) {
  auto opened = std::make_unique<Opened>();
  opened->ok =
      decode_launch(message, opened->view,
                    {opened->environment, opened->arguments, opened->groups, opened->secrets});
  return opened;
}

TEST(Launch, ComesThereAsItWas) {
  const Launch launch = a_launch();
  const auto message = encode(launch);
  ASSERT_TRUE(message.ok());
  const auto opened = open_message(*message);
  ASSERT_TRUE(opened->ok);
  const LaunchView& view = opened->view;
  EXPECT_EQ(view.ticket, launch.ticket);
  EXPECT_EQ(view.process, launch.process);
  EXPECT_EQ(view.seq, launch.seq);
  EXPECT_EQ(view.run, launch.run);
  EXPECT_EQ(view.chain, launch.chain);
  EXPECT_EQ(view.boot, launch.boot);
  EXPECT_STREQ(view.cmdline, launch.cmdline.c_str());
  EXPECT_STREQ(view.directory, launch.directory.c_str());
  EXPECT_STREQ(view.root, launch.root.c_str());
  EXPECT_TRUE(view.change_user);
  EXPECT_EQ(view.uid, launch.uid);
  EXPECT_EQ(view.gid, launch.gid);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_STREQ(opened->environment[i], launch.environment[i].c_str());
    EXPECT_EQ(opened->groups[i], launch.groups[i]);
  }
  EXPECT_EQ(opened->environment[3], nullptr);
  EXPECT_EQ(view.environment.size(), 3U);
  EXPECT_EQ(view.groups.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_STREQ(view.arguments[i], launch.arguments[i].c_str());
  }
  EXPECT_EQ(opened->arguments[3], nullptr);
  EXPECT_STREQ(view.subdirectory, launch.subdirectory.c_str());
  EXPECT_STREQ(view.input, launch.input.c_str());
  for (const int code : {0, 3, 255}) EXPECT_TRUE(view.success.has(code)) << code;
  for (const int code : {1, 2, 4, 254}) EXPECT_FALSE(view.success.has(code)) << code;
  EXPECT_EQ(view.stop_signal, 2);
  ASSERT_EQ(view.secrets.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& [name, secret] = launch.secrets.entries[i];
    EXPECT_EQ(view.secrets[i].name, name);
    EXPECT_EQ(view.secrets[i].file, secret.file);
    EXPECT_EQ(view.secrets[i].cmd, secret.cmd);
    EXPECT_EQ(view.secrets[i].root, secret.root);
  }
}

TEST(Launch, WithNothingOptional) {
  Launch launch;
  launch.process = "p";
  const auto message = encode(launch);
  ASSERT_TRUE(message.ok());
  const auto opened = open_message(*message);
  ASSERT_TRUE(opened->ok);
  EXPECT_STREQ(opened->view.cmdline, "");
  EXPECT_STREQ(opened->view.root, "");
  EXPECT_EQ(opened->environment[0], nullptr);
  EXPECT_EQ(opened->view.groups.size(), 0U);
  EXPECT_TRUE(opened->view.arguments.empty());
  EXPECT_TRUE(opened->view.secrets.empty());
  EXPECT_STREQ(opened->view.subdirectory, "");
  EXPECT_STREQ(opened->view.input, "");
  EXPECT_EQ(opened->view.success, ExitCodes());
  EXPECT_EQ(opened->view.stop_signal, 15);
}

TEST(Launch, TheLongestCommandLineFits) {
  Launch launch = a_launch();
  launch.cmdline.assign(131071, 'x');
  const auto message = encode(launch);
  ASSERT_TRUE(message.ok());
  EXPECT_LE(message->size(), kMaxLaunchBytes);
  const auto opened = open_message(*message);
  ASSERT_TRUE(opened->ok);
  EXPECT_EQ(opened->view.cmdline, launch.cmdline);
}

TEST(Launch, TooMuchIsAnErrorThatSaysHowMuch) {
  Launch launch = a_launch();
  launch.environment.push_back("BIG=" + std::string(kMaxLaunchBytes, 'x'));
  const auto message = encode(launch);
  ASSERT_FALSE(message.ok());
  EXPECT_NE(message.error().message.find(launch.process), std::string::npos);
  EXPECT_NE(message.error().message.find(std::to_string(kMaxLaunchBytes)), std::string::npos);
}

TEST(Launch, ANulWouldCutAStringAndIsRefused) {
  using namespace std::string_literals;
  const auto refused = [](auto change) {
    Launch launch = a_launch();
    change(launch);
    const auto message = encode(launch);
    return !message.ok() && message.error().message.find("NUL") != std::string::npos;
  };
  EXPECT_TRUE(refused([](Launch& l) { l.process = "a\0b"s; }));
  EXPECT_TRUE(refused([](Launch& l) { l.cmdline = "a\0b"s; }));
  EXPECT_TRUE(refused([](Launch& l) { l.directory = "a\0b"s; }));
  EXPECT_TRUE(refused([](Launch& l) { l.root = "a\0b"s; }));
  EXPECT_TRUE(refused([](Launch& l) { l.environment[1] = "a\0b"s; }));
  EXPECT_TRUE(refused([](Launch& l) { l.arguments[2] = "a\0b"s; }));
  EXPECT_TRUE(refused([](Launch& l) { l.subdirectory = "a\0b"s; }));
  EXPECT_TRUE(refused([](Launch& l) { l.input = "a\0b"s; }));
  EXPECT_TRUE(refused([](Launch& l) { l.secrets.entries[1].second.cmd = "a\0b"s; }));
}

TEST(Launch, MoreThanTheRoomGivenIsRefused) {
  Launch launch = a_launch();
  launch.environment.assign(7, "A=B");
  launch.groups.assign(8, 1);
  EXPECT_TRUE(open_message(*encode(launch))->ok);
  launch.groups.push_back(1);
  EXPECT_FALSE(open_message(*encode(launch))->ok);
  launch.groups.clear();
  launch.environment.emplace_back("A=B");  // the NULL behind them needs a place too
  EXPECT_FALSE(open_message(*encode(launch))->ok);
  launch.environment.clear();
  EXPECT_TRUE(open_message(*encode(launch))->ok);
  launch.arguments.emplace_back("more");
  EXPECT_FALSE(open_message(*encode(launch))->ok);
  launch.arguments.pop_back();
  launch.secrets.entries.push_back({"C", {"/c", "", false}});
  EXPECT_FALSE(open_message(*encode(launch))->ok);
}

TEST(Launch, OtherBytesAreRefusedNotFatal) {
  EXPECT_FALSE(open_message({})->ok);
  const std::vector<std::byte> message = *encode(a_launch());
  for (std::size_t size = 0; size < message.size(); ++size) {
    const auto end = message.begin() + static_cast<std::ptrdiff_t>(size);
    EXPECT_FALSE(open_message({message.begin(), end})->ok) << size;
  }
  std::mt19937_64 random(5);
  for (int round = 0; round < 5000; ++round) {
    auto bent = message;
    for (int n = 0; n < 4; ++n) bent[random() % bent.size()] = static_cast<std::byte>(random());
    const auto opened = open_message(bent);
    if (opened->ok) {
      EXPECT_FALSE(opened->view.process.empty());
    }
  }
}

TEST(Launch, TheAnswerComesBack) {
  alignas(8) std::array<std::byte, kLaunchedBytes> room;
  room.fill(std::byte{0xee});
  const std::size_t size = encode(Launched{77, 0, 11}, room);
  ASSERT_LE(size, kLaunchedBytes);
  const auto answer = decode_launched(Bytes(room).first(size));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->ticket, 77U);
  EXPECT_EQ(answer->pid, 0);
  EXPECT_EQ(answer->error, 11);
  EXPECT_FALSE(decode_launched(Bytes(room).first(size - 8)).ok());
}

TEST(Launch, ATroubleComesToo) {
  alignas(8) std::array<std::byte, kWriteFailureBytes> room;
  room.fill(std::byte{0xee});
  const std::size_t size = encode(WriteFailure{77, 28}, room);
  ASSERT_LE(size, kWriteFailureBytes);
  const auto write_failure = decode_write_failure(Bytes(room).first(size));
  ASSERT_TRUE(write_failure.ok());
  EXPECT_EQ(write_failure->pid, 77);
  EXPECT_EQ(write_failure->error, 28);
  EXPECT_FALSE(decode_write_failure(Bytes(room).first(size - 8)).ok());
}

}  // namespace
}  // namespace thermos
