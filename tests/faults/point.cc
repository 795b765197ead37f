#include "point.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace thermos::faults {
namespace {

constexpr std::array<std::pair<Scenario, std::string_view>, 4> kScenarios = {
    {{Scenario::Run, "run"},
     {Scenario::RunCrash, "run-crash"},
     {Scenario::Daemon, "daemon"},
     {Scenario::Submit, "submit"}}};

constexpr std::array<std::pair<Role, std::string_view>, 7> kRoles = {
    {{Role::Runner, "runner"},
     {Role::Daemon, "daemon"},
     {Role::Client, "client"},
     {Role::Spawned, "spawned"},
     {Role::Server, "server"},
     {Role::Coordinator, "coordinator"},
     {Role::Shell, "shell"}}};

#define NAMED(error)                 \
  std::pair<int, std::string_view> { \
    error, #error                    \
  }
constexpr std::array kErrors = {
    NAMED(EACCES),       NAMED(EADDRINUSE),   NAMED(EAGAIN),     NAMED(EBUSY),  NAMED(ECHILD),
    NAMED(ECONNABORTED), NAMED(ECONNREFUSED), NAMED(ECONNRESET), NAMED(EDQUOT), NAMED(EINTR),
    NAMED(EINVAL),       NAMED(EIO),          NAMED(EMFILE),     NAMED(ENFILE), NAMED(ENOBUFS),
    NAMED(ENOENT),       NAMED(ENOLCK),       NAMED(ENOMEM),     NAMED(ENOSPC), NAMED(ENOSYS),
    NAMED(EPERM),        NAMED(EPIPE),        NAMED(EROFS),      NAMED(ESRCH),  NAMED(ETOOMANYREFS),
    NAMED(ETXTBSY)};
#undef NAMED

template <typename Table, typename Key>
std::string_view look_up(const Table& table, Key key) {
  for (const auto& [known, name] : table) {
    if (known == key) return name;
  }
  return {};
}

template <typename Key, typename Table>
std::optional<Key> look_back(const Table& table, std::string_view name) {
  for (const auto& [known, its_name] : table) {
    if (its_name == name) return known;
  }
  return std::nullopt;
}

std::optional<int> number_in(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t slash = text.find('/');
    parts.push_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    text.remove_prefix(slash + 1);
  }
}

std::optional<Fault> parse_fault(std::string_view text) {
  if (text == "kill") return Fault{Fault::Kind::Kill};
  if (text == "kill-after") return Fault{Fault::Kind::KillAfter};
  if (text == "short") return Fault{Fault::Kind::Short};
  Fault fault{Fault::Kind::Error};
  fault.lasting = text.ends_with('+');
  if (fault.lasting) text.remove_suffix(1);
  const auto error = look_back<int>(kErrors, text);
  if (!error) return std::nullopt;
  fault.error = *error;
  return fault;
}

}  // namespace

const std::vector<Scenario>& all_scenarios() {
  static const std::vector<Scenario> all = {Scenario::Run, Scenario::RunCrash, Scenario::Daemon,
                                            Scenario::Submit};
  return all;
}

std::string base_of(const std::string& call) {
  return call.substr(0, call.find('@'));
}

std::string_view name_of(Scenario scenario) {
  return look_up(kScenarios, scenario);
}

std::string_view name_of(Role role) {
  return look_up(kRoles, role);
}

std::string name_of(Role role, int which) {
  return std::string(name_of(role)) + (which == 0 ? "" : std::to_string(which));
}

std::string error_name(int error) {
  const std::string_view name = look_up(kErrors, error);
  return name.empty() ? "errno " + std::to_string(error) : std::string(name);
}

std::string name_of(const Fault& fault) {
  switch (fault.kind) {
    case Fault::Kind::Kill:
      return "kill";
    case Fault::Kind::KillAfter:
      return "kill-after";
    case Fault::Kind::Short:
      return "short";
    case Fault::Kind::Error:
      break;
  }
  return error_name(fault.error) + (fault.lasting ? "+" : "");
}

std::string to_text(const Point& point) {
  const Place& place = point.place;
  return std::string(name_of(point.scenario)) + "/" + name_of(place.role, place.which) + "/" +
         place.call + "/" + std::to_string(point.nth) + "/" + name_of(point.fault);
}

std::optional<Point> parse_point(std::string_view text) {
  const std::vector<std::string_view> parts = split(text);
  if (parts.size() != 5) return std::nullopt;
  Point point;
  const auto scenario = look_back<Scenario>(kScenarios, parts[0]);
  const std::size_t digits = parts[1].find_first_of("0123456789");
  const auto role = look_back<Role>(kRoles, parts[1].substr(0, digits));
  const auto which =
      digits == std::string_view::npos ? std::optional<int>(0) : number_in(parts[1].substr(digits));
  const auto nth = number_in(parts[3]);
  const auto fault = parse_fault(parts[4]);
  if (!scenario || !role || !which || !nth || !fault) return std::nullopt;
  point.scenario = *scenario;
  point.place = {*role, *which, std::string(parts[2])};
  point.nth = *nth;
  point.fault = *fault;
  return point;
}

std::uint32_t hash_of(const std::string& text, std::uint32_t seed) {
  std::uint32_t hash = 2166136261U ^ seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  // The lowest bits of that are those of the text alone.
  hash ^= hash >> 16U;
  hash *= 0x7feb352dU;
  return hash ^ (hash >> 15U);
}

}  // namespace thermos::faults
