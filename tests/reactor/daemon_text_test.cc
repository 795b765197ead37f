// Text that strangers choose: it forges no line of the log, and no terminal obeys it.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "core/base/text.h"
#include "daemon_fixture.h"
#include "past_task.h"

namespace thermos {
namespace {

class DaemonTextTest : public DaemonFixture {
 protected:
  static void expect_plain(const std::string& text, const char* what) {
    EXPECT_EQ(printable(text), text) << what;
  }
  // Each of the log's lines is one that the daemon began.
  void expect_plain_log() const {
    std::string text = log();
    ASSERT_FALSE(text.empty());
    ASSERT_EQ(text.back(), '\n');
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const std::string line = text.substr(at, end - at);
      expect_plain(line, "a line of the log");
      EXPECT_TRUE(line.starts_with("thermos-reactor: ")) << line;
      at = end + 1;
    }
  }
  static std::string output_of(const std::string& command) {
    const std::string line = std::string(THERMOS_BIN) + "/thermos " + command + " 2>&1";
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      dup2(ends[1], STDOUT_FILENO);
      close(ends[0]);
      close(ends[1]);
      execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    std::string text;
    std::array<char, 4096> some;
    for (ssize_t got = 0; (got = read(ends[0], some.data(), some.size())) > 0;) {
      text.append(some.data(), static_cast<std::size_t>(got));
    }
    close(ends[0]);
    waitpid(child, nullptr, 0);
    return text;
  }
};

TEST_F(DaemonTextTest, EveryByteInEveryPlace) {
  start();
  submit("t", one("exec sleep 1000"));
  until_running("t");
  ControlClient client = connect();
  std::size_t asked = 0;
  const auto ask_all = [&](const std::string& text) {
    std::vector<control::RequestBody> requests;
    requests.push_back(submission(text, one("exit 3")));
    const std::string name = R"({"processes": [{"name": ")" + text + R"(", "cmdline": "exit 3"}]})";
    requests.push_back(submission("name" + std::to_string(asked), name));
    control::Submit other = submission("user" + std::to_string(asked), one("true"));
    other.user = text;
    requests.push_back(other);
    other = submission("box" + std::to_string(asked), one("true"));
    other.sandbox = "/" + text;
    requests.push_back(other);
    requests.push_back(control::AskOrder{"t", {text, Verb::Stop, 0}});
    requests.push_back(control::AskOrder{text, {"p", Verb::Stop, 0}});
    requests.push_back(control::AskWait{text, 0});
    requests.push_back(control::AskKill{{text + "("}, {0, false}});
    requests.push_back(control::AskKill{{"no" + text}, {0, false}});
    requests.push_back(control::AskList{{{text + "("}}});
    for (control::RequestBody& request : requests) ASSERT_TRUE(client.send(request).ok());
    for (std::size_t left = requests.size(); left > 0;) {
      const auto reply = client.receive(120 * kSecond);
      ASSERT_TRUE(reply.ok() && *reply);
      const control::ReplyBody& body = (*reply)->body;
      if (const auto* error = std::get_if<Error>(&body)) expect_plain(error->message, "a reply");
      // Nothing here is ended but by itself: this can only be the answer to a wait.
      if (ends(body) || std::holds_alternative<control::Ended>(body)) --left;
    }
    asked += requests.size();
  };
  for (int byte = 1; byte < 256; ++byte) ask_all(std::string("a") + static_cast<char>(byte) + "b");
  ask_all("nl\n<0>thermos-reactor: error: forged");
  ask_all(
      "\xc2\x9b"
      "31m \xe2\x80\xae");
  // No task was made under such a name, so none is to be led.
  for (const auto& reply : ask(control::AskList{})) {
    const auto* entry = std::get_if<control::TaskEntry>(&reply);
    if (entry == nullptr) continue;
    EXPECT_TRUE(check_task_id(entry->task_id).ok()) << entry->task_id;
  }
  expect_plain_log();
}

// An earlier version let them be made.
TEST_F(DaemonTextTest, WhatIsThereUnderSuchANameIsShownWrittenOut) {
  const std::string odd = "nl\nforged";
  make_past_directories(paths());
  PastTaskOnDisk task;
  task.id = odd;
  task.uid = geteuid();
  put_past_task(paths(), task);
  std::ofstream(paths().active_task("esc\x1b[2J")) << one("true");
  start();
  EXPECT_EQ(ask(control::AskList{{{odd}}}).size(), 2U);
  EXPECT_EQ(state_at_end(odd), "SUCCESS");
  EXPECT_NE(log().find("esc\\x1b[2J"), std::string::npos);
  expect_plain_log();
  for (const std::string& command :
       std::vector<std::string>{"status --socket " + socket_path(), "status --root " + path("root"),
                                "fsck --root " + path("root"),
                                "wait --socket " + socket_path() + " \"$(printf 'nl\\nforged')\"",
                                "events --since 1 --socket " + socket_path()}) {
    const std::string shown = output_of(command);
    EXPECT_EQ(shown.find('\x1b'), std::string::npos) << command << ": " << shown;
    EXPECT_EQ(("\n" + shown).find("\nforged"), std::string::npos) << command << ": " << shown;
  }
  std::filesystem::remove(paths().active_task("esc\x1b[2J"));
}

}  // namespace
}  // namespace thermos
