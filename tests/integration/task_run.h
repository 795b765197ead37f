// Shared by the tests with real processes: a directory for a task, the real programs, and waiting
// for what they do. The test process is a subreaper, so it adopts the processes that a dead runner
// or coordinator leaves, and the destructor of Site waits until all of them have ended.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "waiting.h"

namespace thermos::real {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

inline constexpr uid_t kNobody = 65534;

// How a program ended: its exit code or minus the signal number, and its output.
struct Ended {
  int code = 0;
  std::string out;
  std::string err;
};

struct Surroundings {
  std::map<std::string, std::string> environment;  // beside the test's own
  std::string directory;                           // empty: the site's
  std::function<void()> before_exec;               // in the child: limits, tracing, another user
};

// A running program. The destructor kills and reaps it, unless wait() did.
class Command {
 public:
  // Its stdout and stderr go to the files `prefix`.out and `prefix`.err.
  Command(const Words& words, const std::string& prefix, const Surroundings& surroundings);
  ~Command();
  Command(Command&& other) noexcept;
  Command& operator=(Command&&) = delete;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  pid_t pid() const { return pid_; }
  // The file with its stderr.
  std::string errors() const { return prefix_ + ".err"; }
  // Waits, and returns whether it ended within that time.
  bool ends_within(int milliseconds) const;
  // Waits for its end and reaps it.
  Ended wait();
  void signal(int number) const;
  // Kills it with SIGKILL and reaps it.
  void destroy();

 private:
  pid_t pid_ = 0;
  Watched watched_;
  std::string prefix_;
};

// A directory with a root and a sandbox, and the thermos programs working in it. The destructor
// kills every task that is still active, and fails the test if a process remains.
class Site {
 public:
  Site();
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  const std::string& path() const { return path_; }
  std::string root() const { return root_; }
  // Uses another root, as one on another file system.
  void set_root(const std::string& root) { root_ = root; }
  std::string sandbox() const { return path_ + "/sandbox"; }
  std::string in_sandbox(const std::string& name) const { return sandbox() + "/" + name; }
  std::string checkpoint(const std::string& id) const { return root_ + "/checkpoints/" + id; }
  std::string log(const std::string& process, int run, const std::string& stream = "stdout") const;

  // Makes copies of the programs for another user, who may not be able to access the build
  // directory.
  void publish_programs();

  // Sets the boot id for every program started from here on. REQUIRES: can_pretend_boots().
  void set_boot(char digit);
  // Sets a variable for every program started from here on.
  void set_environment(const std::string& name, const std::string& value) {
    environment_[name] = value;
  }

  // Writes `task` as the site's configuration number n, and returns its path.
  std::string write_config(const Json& task);

  // Runs thermos WORDS... with the site's root.
  Command start(Words words, Surroundings surroundings = {});
  Ended thermos(const Words& words, const Surroundings& surroundings = {});
  // thermos run --task-id ID --sandbox SANDBOX CONFIG
  Words run_words(const std::string& config, const std::string& id, const Words& more = {}) const;
  Command start_run(const std::string& config, const std::string& id = "t", const Words& more = {});
  // Writes the configuration and runs the task to its end.
  Ended run(const Json& task, const std::string& id = "t", const Words& more = {});

  // The task's element of `status --json`; null if there is none.
  Json status(const std::string& id = "t");
  // Waits until the task is in that state.
  ::testing::AssertionResult reaches(const std::string& state, const std::string& id = "t");
  // Waits until that runner has taken the lead.
  ::testing::AssertionResult leads(const Command& runner, const std::string& id = "t");
  // Waits until the latest run of the process is in that state, and returns the run; null if the
  // wait times out.
  Json run_in_state(const std::string& process, const std::string& state,
                    const std::string& id = "t");

 private:
  std::string path_;
  std::string root_;
  std::string bin_;  // the directory of the programs
  std::map<std::string, std::string> environment_;
  std::string boot_;  // the file with its id; empty: the machine's own
  int programs_ = 0;
  int configs_ = 0;
};

// ---- configurations ----------------------------------------------------------------------------

Json process(const std::string& name, const std::string& cmdline, const Json& more = {});
Json task(const std::vector<Json>& processes, const std::vector<Words>& orders = {},
          const Json& more = {});

// ---- what status says --------------------------------------------------------------------------

const Json& runs(const Json& status, const std::string& process);
// The states of a process's runs, as "FAILED FAILED SUCCESS"; empty if it never ran.
std::string states(const Json& status, const std::string& process);
// The task's states in the order of their records, without repeats: "ACTIVE CLEANING ...".
std::string stages(const Json& status);
// When the task first was in that state, in seconds since the epoch.
double time_of(const Json& status, const std::string& state);
// Of the process's latest run, in seconds since the epoch.
double stop_time(const Json& status, const std::string& process);
double fork_time(const Json& status, const std::string& process);

std::map<std::string, int> count_lines(const std::string& path);

}  // namespace thermos::real
