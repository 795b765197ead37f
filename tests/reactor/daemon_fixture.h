// The real thermos-reactor with a root and a socket of its own, and clients of it.
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
constexpr uid_t kSomeone = 1;  // "daemon", whom every Debian has

class DaemonFixture : public ::testing::Test {
 protected:
  void SetUp() override;
  // Ends what is left: all tasks, and the daemon.
  void TearDown() override;

  std::string path(const std::string& name) const { return base_ + "/" + name; }
  Paths paths() const { return Paths(path("root")); }
  std::string socket_path() const { return path("socket"); }

  // Returns when it is ready.
  void start(const std::vector<std::string>& options = {});
  // kill -9, and reaps it.
  void kill_daemon();
  void signal(int number) const;
  // Waits for its end; the exit code, or minus the signal.
  int wait_for_daemon();
  // What it tells its service manager comes here from then on, until it is ready (again).
  void open_notices();
  void wait_until_ready();
  std::string log() const;
  // Waits until the daemon has logged that.
  ::testing::AssertionResult until_logged(const std::string& text) const;
  pid_t daemon() const { return daemon_; }
  // How the daemon, which works where path() begins, is told of its socket; empty: by its path.
  std::string socket_word_;

  // ---- as a client ----

  ControlClient connect() const;
  // All replies to one request, up to the one that ends it.
  std::vector<control::ReplyBody> ask(control::RequestBody body) const;
  // The error that ends it; nothing: there is none.
  std::optional<Error> refused(control::RequestBody body) const;
  static bool ends(const control::ReplyBody& reply);
  static control::Submit submission(const std::string& id, const std::string& config);
  // One process "p" with that command line.
  static std::string one(const std::string& cmdline, const std::string& more = "");
  void submit(const std::string& id, const std::string& config) const;
  // Follows events from the beginning until `done` of the task's history; fails when it ends first.
  History follow(const std::string& id, const std::function<bool(const History&)>& done) const;
  History until_running(const std::string& id, std::uint32_t run = 0) const;
  std::string state_at_end(const std::string& id) const;

  // Runs `work` in a child that is that user alone; its failures are this test's.
  static void as_user(uid_t uid, const std::function<void()>& work);
  // The same at the same time; end it by finish().
  static pid_t begin_as_user(uid_t uid, const std::function<void()>& work);
  static void finish(pid_t child);
  static bool has_finished(pid_t child);

 private:
  std::string base_;
  pid_t daemon_ = 0;
  Descriptor notices_;
};

// What a history says of process "p", when it says anything.
const Run* last_run(const History& history, const std::string& process = "p");
bool is_running(const History& history, std::uint32_t run, const std::string& process = "p");

}  // namespace thermos
