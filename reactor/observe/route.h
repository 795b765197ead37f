// Parses a request's target into a Route. Pure, so that a fuzzer can try all of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/times.h"

namespace thermos::observe {

enum class Resource : std::uint8_t {
  Page,
  Tasks,
  Task,
  Graph,
  Why,
  Process,
  Log,
  Use,
  Files,
  Events,
  Metrics,
};

struct Route {
  Resource resource = Resource::Tasks;
  std::string page;  // for Page: the name of its file
  std::string task;
  std::string process;             // for Process, Log and Use, and for Why if given
  std::uint32_t run = 0;           // for Log and Use
  std::string stream;              // for Log: "stdout" or "stderr"
  std::vector<std::string> names;  // for Files: the path below the sandbox
  // The query's parameters.
  std::optional<std::string> at;           // for Task and Why: a moment, as for `--at`
  std::string only;                        // for Tasks: "active", "finished" or "failed"
  std::optional<std::uint64_t> limit;      // for Tasks
  std::optional<std::uint32_t> asked_run;  // for Why
  bool follow = false;                     // for Log
  std::uint64_t from = 0;                  // for Log with `follow`: the offset of the first byte
  std::optional<std::string> since;        // for Events: a position
  Microseconds after = 0;                  // for Use: a wall time
  bool operator==(const Route&) const = default;
};

// The two parts of a target.
struct Target {
  std::string_view path;
  std::string_view query;  // without the '?'
};
Target split_target(std::string_view target);

// Decodes escapes such as "%41". Fails with Usage for a '%' without two hexadecimal digits after
// it, or for an escape that means NUL.
Result<std::string> percent_decoded(std::string_view text);

using Parameters = std::map<std::string, std::string>;
// Parses "a=b&c". Fails with Usage for a malformed escape, a name that is given twice, or more than
// 16 parameters.
Result<Parameters> parse_query(std::string_view query);

// Returns the route of a target. Fails with NotFound for an unknown path, and with Usage for an
// invalid name or parameter.
Result<Route> route(std::string_view path, std::string_view query);

}  // namespace thermos::observe
