// A fault point: where among the system calls of a few programs something goes wrong, and what.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace thermos::faults {

// What is run, and which of its programs is followed.
enum class Scenario {
  Run,       // `thermos run`, and all that it starts
  RunCrash,  // the same with --sync crash
  Daemon,    // thermos-reactor, and all that it starts, while a task is submitted
  Submit,    // the client that submits it
};

// What a process is in it. Whoever becomes another program is something else before.
enum class Role {
  Runner,
  Daemon,
  Client,
  Spawned,      // what will be the fork server
  Server,       // the fork server
  Coordinator,  // what it clones
  Shell,        // what will be the process's shell
};

// A call by its name, in a process by its role. An n-th occurrence of that is the same thing from
// one run to the next far more often than the n-th call of all.
struct Place {
  Role role = Role::Runner;
  int which = 0;  // coordinators and their shells: in the order of birth, from 1
  std::string call;
  bool operator==(const Place&) const = default;
  bool operator<(const Place& other) const {
    return std::tie(role, which, call) < std::tie(other.role, other.which, other.call);
  }
};

// Behind the name of a call, where it matters, is what it is about: "write@pipe", "openat@create".
// This is that of looking at one process after the other, whichever there are.
constexpr const char* kAnyProcess = "@proc";
// And this that of a program's own stdout and stderr.
constexpr const char* kOutput = "@output";
// And this that of what would rather fail than wait, so that EAGAIN can be.
constexpr const char* kNeverWaits = "@nonblock";
// The call's name alone.
std::string base_of(const std::string& call);

struct Fault {
  enum class Kind {
    Kill,       // before the call takes effect
    KillAfter,  // it has, and nobody has seen the result
    Error,      // it does nothing, and fails
    Short,      // it writes half of what it was given
  };
  Kind kind = Kind::Kill;
  int error = 0;
  bool lasting = false;  // the calls after it fail as well, for a while

  bool kills() const { return kind == Kind::Kill || kind == Kind::KillAfter; }
};

struct Point {
  Scenario scenario = Scenario::Run;
  Place place;
  int nth = 1;
  Fault fault;
};

std::string_view name_of(Scenario scenario);
std::string_view name_of(Role role);
// "coordinator2"
std::string name_of(Role role, int which);
// "EIO"; "errno 200" for one that no table of ours has.
std::string error_name(int error);
// "kill", "kill-after", "short", "EIO", "EIO+" (lasting)
std::string name_of(const Fault& fault);
// "run/coordinator2/write/1/EIO"
std::string to_text(const Point& point);
std::optional<Point> parse_point(std::string_view text);

// The same for the same text, whatever else there is.
std::uint32_t hash_of(const std::string& text, std::uint32_t seed = 0);

const std::vector<Scenario>& all_scenarios();

}  // namespace thermos::faults
