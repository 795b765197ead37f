// What the daemon's clients show of its tasks.
#include <fstream>
#include <string>
#include <utility>

#include "daemon_fixture.h"
#include "program.h"

namespace thermos {
namespace {

class DaemonScreen : public DaemonFixture {
 protected:
  // The output of a command, both streams, and its exit status.
  static std::pair<std::string, int> shown_by(const std::string& command) {
    const testing::Finished done = testing::run_program(
        {{"/bin/sh", "-c", std::string(THERMOS_BIN) + "/thermos " + command + " 2>&1"}});
    return {done.out, done.status};
  }
};

TEST_F(DaemonScreen, WhoWaitsIsShownWhatFailedAndWhatItPrinted) {
  start();
  std::ofstream(path("task.json")) << R"({"processes": [
      {"name": "bad", "cmdline": "echo oops >&2; exit 3"}, {"name": "good", "cmdline": "true"}]})";
  const std::string by_socket = " --socket " + socket_path() + " ";
  const std::string failure = "  bad FAILED, run 0: exit 3\n";
  for (const std::string& command :
       {"submit --wait --task-id t" + by_socket + path("task.json"), "wait" + by_socket + "t",
        "status" + by_socket + "t", "status --root " + path("root") + " t",
        "status --failed" + by_socket}) {
    const auto [text, status] = shown_by(command);
    EXPECT_EQ(status, command.starts_with("status") ? 0 : 1) << command << ": " << text;
    EXPECT_NE(text.find(failure), std::string::npos) << command << ": " << text;
    const bool waits = !command.starts_with("status");
    EXPECT_EQ(text.find("t FAILED\n" + failure) != std::string::npos, waits) << text;
    EXPECT_NE(text.find("/bad/0/stderr:\n      oops\n"), std::string::npos) << command << text;
  }
}

TEST_F(DaemonScreen, TheDaemonShowsTheColumnsThatFilesShow) {
  start();
  submit("ended", one("true"));
  EXPECT_EQ(state_at_end("ended"), "SUCCESS");
  submit("live", one("sleep 600"));
  until_running("live");
  // TOOK of what runs goes on.
  const auto without_time = [](std::string text) {
    for (std::size_t at = 0; (at = text.find_first_of("0123456789. ", at)) != std::string::npos;) {
      text.erase(at, 1);
    }
    return text;
  };
  const std::string here = shown_by("status --root " + path("root")).first;
  EXPECT_NE(here.find("RUNNING"), std::string::npos) << here;
  EXPECT_EQ(without_time(shown_by("status --socket " + socket_path()).first), without_time(here));
}

}  // namespace
}  // namespace thermos
