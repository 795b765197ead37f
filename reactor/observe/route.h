// What a request asks for, from the text of its target alone. Pure, so that a fuzzer can try all of
// it.
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
  std::string page;  // of Page: the name of its file
  std::string task;
  std::string process;             // of Process, Log and Use, and of Why where one is asked for
  std::uint32_t run = 0;           // of Log and Use
  std::string stream;              // of Log: "stdout" or "stderr"
  std::vector<std::string> names;  // of Files: the way from the sandbox down
  // The parameters, each as it was given.
  std::optional<std::string> at;           // a moment, as for `--at`
  std::string only;                        // of Tasks: "active", "finished" or "failed"
  std::optional<std::uint64_t> limit;      // of Tasks
  std::optional<std::uint32_t> asked_run;  // of Why
  bool follow = false;                     // of Log
  std::uint64_t from = 0;                  // of Log that is followed: the first byte
  std::optional<std::string> since;        // of Events: a position
  Microseconds after = 0;                  // of Use: a wall time
  bool operator==(const Route&) const = default;
};

// A target, in its two parts.
struct Target {
  std::string_view path;
  std::string_view query;  // without the '?'
};
Target split_target(std::string_view target);

// Decodes "%41". Fails with Usage for a '%' without two digits behind it, or for what becomes a
// NUL.
Result<std::string> percent_decoded(std::string_view text);

using Parameters = std::map<std::string, std::string>;
// Parses "a=b&c". Fails with Usage for a malformed escape, a name that is given twice, or more than
// 16 of them.
Result<Parameters> parse_query(std::string_view query);

// The route that a target means. Fails with NotFound for a path that is none, and with Usage for a
// name or a parameter that can't be.
Result<Route> route(std::string_view path, std::string_view query);

}  // namespace thermos::observe
