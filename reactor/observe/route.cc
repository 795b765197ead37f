#include "reactor/observe/route.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/base/text.h"
#include "core/record/paths.h"
#include "core/task/check_name.h"

namespace thermos::observe {
namespace {

constexpr std::size_t kMostParameters = 16;
// Nobody makes a deeper path than this.
constexpr std::size_t kMostNames = 256;

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error unusable(std::string message) {
  return Error{ErrorCode::Usage, std::move(message)};
}

Error no_such_path(std::string_view path) {
  return Error{ErrorCode::NotFound,
               "there is no " + thermos::quoted(path) + " here; /api/tasks lists the tasks"};
}

template <typename Number>
Result<Number> number_of(std::string_view name, std::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, failure] = std::from_chars(text.data(), end, number);
  if (text.empty() || failure != std::errc() || at != end) {
    return unusable(std::string(name) + ": " + thermos::quoted(text) +
                    " is no number that it can be");
  }
  return number;
}

Result<std::vector<std::string>> names_of(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    path.remove_prefix(1);  // its '/'
    const std::size_t end = std::min(path.find('/'), path.size());
    Result<std::string> name = percent_decoded(path.substr(0, end));
    if (!name) return name.error();
    names.push_back(std::move(*name));
    if (names.size() > kMostNames) return unusable("the path has too many parts");
    path.remove_prefix(end);
  }
  return names;
}

Status check_way(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const bool leads_elsewhere = name.empty() || name == "." || name == "..";
    if (leads_elsewhere || name.find('/') != std::string::npos || name.size() > 255) {
      return unusable("files: " + thermos::quoted(name) + " is no name of a file");
    }
  }
  return Done{};
}

// Parses the path of a run's output or of its resources.
Status take_run(const std::vector<std::string>& names, Route& route) {
  route.resource = names[7] == "resources" ? Resource::Use : Resource::Log;
  if (auto why = check_name(names[4])) return unusable("process: " + *why);
  route.process = names[4];
  const auto run = number_of<std::uint32_t>("run", names[6]);
  if (!run) return run.error();
  route.run = *run;
  if (route.resource == Resource::Log) route.stream = names[7];
  return Done{};
}

// `names` begins with "api", "tasks".
Status take_task(std::vector<std::string> names, Route& route, std::string_view path) {
  if (!may_be_task(names[2])) return unusable(thermos::quoted(names[2]) + " is no id of a task");
  route.task = names[2];
  route.resource = Resource::Task;
  if (names.size() == 3) return Done{};
  const std::string& part = names[3];
  if (names.size() == 4 && (part == "graph" || part == "why")) {
    route.resource = part == "graph" ? Resource::Graph : Resource::Why;
    return Done{};
  }
  if (part == "processes" && names.size() == 5) {
    route.resource = Resource::Process;
    if (auto why = check_name(names[4])) return unusable("process: " + *why);
    route.process = names[4];
    return Done{};
  }
  if (part == "processes" && names.size() == 8 && names[5] == "runs" &&
      (names[7] == "stdout" || names[7] == "stderr" || names[7] == "resources")) {
    return take_run(names, route);
  }
  if (part != "files") return no_such_path(path);
  route.resource = Resource::Files;
  names.erase(names.begin(), names.begin() + 4);
  // "files/" and "files/directory/" mean the directory itself.
  if (!names.empty() && names.back().empty()) names.pop_back();
  if (Status good = check_way(names); !good) return good;
  route.names = std::move(names);
  return Done{};
}

Result<Route> route_of_path(std::string_view path) {
  if (!path.starts_with('/')) return no_such_path(path);
  Route route;
  if (path == "/events" || path == "/metrics") {
    route.resource = path == "/events" ? Resource::Events : Resource::Metrics;
    return route;
  }
  constexpr std::string_view kPage = "/page/";
  if (path == "/" || path.starts_with(kPage)) {
    route.resource = Resource::Page;
    route.page = path == "/" ? "index.html" : path.substr(kPage.size());
    return route;
  }
  const auto names = names_of(path);
  if (!names) return names.error();
  if (names->size() < 2 || (*names)[0] != "api" || (*names)[1] != "tasks") {
    return no_such_path(path);
  }
  if (names->size() == 2) return route;
  if (Status taken = take_task(*names, route, path); !taken) return taken.error();
  return route;
}

Status take_flag(const std::string& name, const std::string& value, bool& flag) {
  if (!value.empty() && value != "1") return unusable(name + " takes no value");
  flag = true;
  return Done{};
}

template <typename Number, typename Place>
Status take_number(const std::string& name, const std::string& value, Place& place) {
  const auto number = number_of<Number>(name, value);
  if (!number) return number.error();
  place = *number;
  return Done{};
}

Status take_time(const std::string& name, const std::string& value, Microseconds& time) {
  constexpr double kMost = 1e12;
  const auto seconds = number_of<double>(name, value);
  if (!seconds) return seconds.error();
  if (!(*seconds >= 0 && *seconds < kMost))
    return unusable(name + ": it is a time since the epoch");
  time = std::llround(*seconds * static_cast<double>(kSecond));
  return Done{};
}

Status take_only(const std::string& value, Route& route) {
  constexpr std::array<std::string_view, 3> kKinds = {"active", "finished", "failed"};
  if (std::find(kKinds.begin(), kKinds.end(), value) == kKinds.end()) {
    return unusable("only: it is active, finished or failed");
  }
  route.only = value;
  return Done{};
}

Status take_parameter(const std::string& name, const std::string& value, Route& route) {
  const Resource of = route.resource;
  const bool of_moment = of == Resource::Task || of == Resource::Why;
  if (name == "at" && of_moment) {
    route.at = value;
    return Done{};
  }
  if (name == "only" && of == Resource::Tasks) return take_only(value, route);
  if (name == "limit" && of == Resource::Tasks) {
    return take_number<std::uint64_t>(name, value, route.limit);
  }
  if (name == "process" && of == Resource::Why) {
    if (auto why = check_name(value)) return unusable("process: " + *why);
    route.process = value;
    return Done{};
  }
  if (name == "run" && of == Resource::Why) {
    return take_number<std::uint32_t>(name, value, route.asked_run);
  }
  if (name == "after" && of == Resource::Use) return take_time(name, value, route.after);
  if (name == "follow" && of == Resource::Log) return take_flag(name, value, route.follow);
  if (name == "from" && of == Resource::Log) {
    return take_number<std::uint64_t>(name, value, route.from);
  }
  if (name == "since" && of == Resource::Events) {
    route.since = value;
    return Done{};
  }
  return unusable("there is no parameter " + thermos::quoted(name) + " here");
}

}  // namespace

Target split_target(std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  return {target.substr(0, mark), target.substr(std::min(mark + 1, target.size()))};
}

Result<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? digit_of(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
    if (high < 0 || low < 0) return unusable("a % without two hexadecimal digits behind it");
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (decoded.find('\0') != std::string::npos) return unusable("a NUL is in no name");
  return decoded;
}

Result<Parameters> parse_query(std::string_view query) {
  Parameters parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (one.empty()) continue;
    const std::size_t equals = std::min(one.find('='), one.size());
    auto name = percent_decoded(one.substr(0, equals));
    if (!name) return name.error();
    auto value = percent_decoded(one.substr(std::min(equals + 1, one.size())));
    if (!value) return value.error();
    if (parameters.size() == kMostParameters) return unusable("there are too many parameters");
    if (!parameters.emplace(std::move(*name), std::move(*value)).second) {
      return unusable("a parameter is given twice");
    }
  }
  return parameters;
}

Result<Route> route(std::string_view path, std::string_view query) {
  Result<Route> found = route_of_path(path);
  if (!found) return found;
  const Result<Parameters> parameters = parse_query(query);
  if (!parameters) return parameters.error();
  for (const auto& [name, value] : *parameters) {
    if (Status taken = take_parameter(name, value, *found); !taken) return taken.error();
  }
  if (found->from != 0 && !found->follow) {
    return unusable("from goes with follow; without it, ask for a Range");
  }
  if (found->asked_run && found->process.empty()) return unusable("run is of a process");
  return found;
}

}  // namespace thermos::observe
