// A fault point: a system call of one of the programs, and the fault injected there. README.md
// explains the names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace thermos::faults {

// What is run, and which of its programs the tracer follows.
enum class Scenario {
  Run,       // `thermos run` and all processes that it starts
  RunCrash,  // the same with --sync crash
  Daemon,    // thermos-reactor and all processes that it starts, while a task is submitted
  Submit,    // the client that submits it
};

// The role of a process in a scenario. An exec changes the role.
enum class Role {
  Runner,
  Daemon,
  Client,
  Spawned,      // the child that will execute the fork server
  Server,       // the fork server
  Coordinator,  // a clone of the fork server
  Shell,        // the child that will execute the process's shell
};

// A call of a certain name in a process of a certain role. The n-th such call is far more often the
// same call in the next run than the n-th of all calls.
struct Place {
  Role role = Role::Runner;
  int which = 0;  // coordinators and their shells: the order of their creation, from 1
  std::string call;
  bool operator==(const Place&) const = default;
  bool operator<(const Place& other) const {
    return std::tie(role, which, call) < std::tie(other.role, other.which, other.call);
  }
};

// A call's name may be followed by its use: "write@pipe", "openat@create". This is the use of calls
// that look at all processes of the machine.
constexpr const char* kAnyProcess = "@proc";
// The use of writes to a program's own stdout and stderr.
constexpr const char* kOutput = "@output";
// The use of non-blocking calls, which can fail with EAGAIN.
constexpr const char* kNeverWaits = "@nonblock";
// Returns the call's name without its use.
std::string base_of(const std::string& call);

struct Fault {
  enum class Kind {
    Kill,       // SIGKILL before the call takes effect
    KillAfter,  // SIGKILL after it took effect, before the program sees its result
    Error,      // the call does nothing and fails
    Short,      // the call writes half of its bytes
  };
  Kind kind = Kind::Kill;
  int error = 0;
  bool lasting = false;  // the calls after it fail too, for a while

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
// "EIO"; "errno 200" for an error that no table has.
std::string error_name(int error);
// "kill", "kill-after", "short", "EIO", "EIO+" (lasting)
std::string name_of(const Fault& fault);
// "run/coordinator2/write/1/EIO"
std::string to_text(const Point& point);
std::optional<Point> parse_point(std::string_view text);

// Returns a hash that depends only on the text and the seed.
std::uint32_t hash_of(const std::string& text, std::uint32_t seed = 0);

const std::vector<Scenario>& all_scenarios();

}  // namespace thermos::faults
