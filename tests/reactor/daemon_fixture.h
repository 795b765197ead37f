// Runs the real thermos-reactor with a root and a socket of its own, and its clients.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "capnp/control.h"
#include "core/record/history.h"
#include "core/record/paths.h"
#include "reactor/control/control_client.h"
#include "reactor/os/descriptor.h"

namespace thermos {

constexpr uid_t kNobody = 65534;
constexpr uid_t kSomeone = 1;  // the user "daemon", which every Debian has

class DaemonFixture : public ::testing::Test {
 protected:
  void SetUp() override;
  // Kills all remaining tasks, and the daemon.
  void TearDown() override;

  std::string path(const std::string& name) const { return base_ + "/" + name; }
  Paths paths() const { return Paths(path("root")); }
  std::string socket_path() const { return path("socket"); }

  // Starts the daemon and returns when it is ready.
  void start(const std::vector<std::string>& options = {});
  // Kills it with SIGKILL and reaps it.
  void kill_daemon();
  void signal(int number) const;
  // Waits for its end; returns the exit code, or minus the signal number.
  int wait_for_daemon();
  // open_notices() receives the daemon's messages to its service manager (sd_notify(3)) from then
  // on; wait_until_ready() reads them until READY=1.
  void open_notices();
  void wait_until_ready();
  std::string log() const;
  // Waits until the daemon's log contains `text`.
  ::testing::AssertionResult until_logged(const std::string& text) const;
  pid_t daemon() const { return daemon_; }
  // How many descriptors the daemon has open.
  std::size_t descriptors() const;
  // Waits until there are at most that many: connections that clients have closed are open until
  // the daemon has seen it.
  void wait_for_descriptors(std::size_t most) const;
  // The --socket argument for the daemon, whose current directory is that of path(); empty:
  // socket_path().
  std::string socket_word_;

  // ---- as a client ----

  ControlClient connect() const;
  // Sends one request and returns all replies up to the last.
  std::vector<control::ReplyBody> ask(control::RequestBody body) const;
  // Sends one request and returns the failure, or nothing if it succeeds.
  std::optional<Error> refused(control::RequestBody body) const;
  static bool ends(const control::ReplyBody& reply);
  static control::Submit submission(const std::string& id, const std::string& config);
  // The configuration of a task with one process "p" with that command line.
  static std::string one(const std::string& cmdline, const std::string& more = "");
  void submit(const std::string& id, const std::string& config) const;
  // Reads the task's events from the first on until `done` returns true for its history. Fails the
  // test if the task ends first.
  History follow(const std::string& id, const std::function<bool(const History&)>& done) const;
  History until_running(const std::string& id, std::uint32_t run = 0) const;
  std::string state_at_end(const std::string& id) const;

  // Runs `work` in a child as that user, without other groups. Its failures are failures of this
  // test.
  static void as_user(uid_t uid, const std::function<void()>& work);
  // The same in the background, until finish().
  static pid_t begin_as_user(uid_t uid, const std::function<void()>& work);
  static void finish(pid_t child);
  static bool has_finished(pid_t child);

 private:
  std::string base_;
  pid_t daemon_ = 0;
  Descriptor notices_;
};

// The last run of a process, or nullptr.
const Run* last_run(const History& history, const std::string& process = "p");
bool is_running(const History& history, std::uint32_t run, const std::string& process = "p");

}  // namespace thermos
