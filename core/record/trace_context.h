// The ids of a task and its runs in a trace (W3C Trace Context). They are computed from what is on
// record, so that a run and every later reader agree on them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/record/record.h"

namespace thermos {

// A traceparent. Its ids are hexadecimal digits in lower case, never all zeros.
struct TraceParent {
  std::string trace_id;  // 32 digits
  std::string span_id;   // 16 digits
  bool operator==(const TraceParent&) const = default;
};

// Parses the value of a TRACEPARENT. Returns nothing if it is invalid: an invalid one counts as
// absent.
std::optional<TraceParent> trace_parent_from(std::string_view text);
// Returns the text of a traceparent of version 00 with the flag "sampled".
std::string text_of(const TraceParent& parent);

// The ids of the task with a given header. Each id is the first digits of the SHA-256 of these
// texts with a NUL between each two: "thermos", the task id, the launch time in microseconds, and
//   "trace"                  the trace, unless the header names a parent, whose trace it is
//   "task"                   the span of the task
//   "process", NAME          of a process
//   "run", NAME, NUMBER      of a run
//   "wait", NAME, NUMBER     of the wait before that run
// The launch time is among the texts because a task id may be used again elsewhere, or later.
class TraceIds {
 public:
  explicit TraceIds(const RunnerHeader& header);

  const std::string& trace() const { return trace_; }
  // The span that the task's span is a child of; empty: none.
  const std::string& parent() const { return parent_; }
  std::string task() const;
  std::string process(std::string_view name) const;
  std::string run(std::string_view name, std::uint32_t number) const;
  std::string wait(std::string_view name, std::uint32_t number) const;

 private:
  std::string span(std::string_view what) const;

  std::string seed_;
  std::string trace_;
  std::string parent_;
};

}  // namespace thermos
