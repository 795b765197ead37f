// Where and as whom a task's processes run: all that a launch takes from the machine and not from
// the run itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capnp/launch.h"
#include "core/record.h"
#include "core/result.h"
#include "reactor/descriptor.h"

namespace thermos {

// A launch that can't be: `retry` when the machine is short of something and may have it later.
struct LaunchTrouble {
  bool retry = false;
  std::string reason;
};

// For an errno of a call that a launch needs.
LaunchTrouble trouble_of(const std::string& what, int error_number);

class LaunchSite {
 public:
  explicit LaunchSite(const RunnerHeader& header);

  // Fills in directory, root, environment and user. Users are looked up here and now, in the
  // reactor: the coordinator is static and has no name service.
  std::optional<LaunchTrouble> fill(Launch& launch);

  struct Logs {
    Descriptor out;
    Descriptor err;
  };
  // Makes <log_dir>/<process>/<run>/ and the two files in it, for the task's user alone.
  std::optional<LaunchTrouble> open_logs(const std::string& process, std::uint32_t run, Logs& logs);
  // Takes away the output of the run that is one too old now that `run` starts, unless it is the
  // first that failed. What a user put beside it stays.
  void drop_logs(const std::string& process, std::uint32_t run,
                 std::optional<std::uint32_t> first_failed) const;

 private:
  struct User {
    std::string name;
    std::string home;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;
    bool change = false;
  };
  // Once for all launches; a user who is missing is looked up again, as they may appear.
  std::optional<LaunchTrouble> find_user();

  RunnerHeader header_;
  std::optional<User> user_;
};

}  // namespace thermos
