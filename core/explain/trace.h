// "thermos trace": what happened in a task as the spans of a trace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/base/times.h"
#include "core/explain/situation.h"
#include "core/record/trace_context.h"

namespace thermos {

enum class SpanKind : std::uint8_t { Task, Process, Wait, Run };
// "task", "process", "wait", "run".
std::string_view name_of(SpanKind kind);

enum class SpanResult : std::uint8_t { None, Ok, Error };

struct Span {
  using Value = std::variant<bool, std::int64_t, double, std::string>;
  // A moment within the span.
  struct Moment {
    Microseconds at = 0;
    std::string name;
  };

  SpanKind kind = SpanKind::Task;
  std::string id;
  std::string parent;  // empty: none
  std::string name;    // of the task or the process
  std::optional<std::uint32_t> run{};
  // Wall times. A child lies within its parent, and no two children of a process overlap.
  Microseconds begin = 0;
  Microseconds end = 0;
  bool open = false;  // the span goes on; `end` is the moment of the question
  SpanResult result = SpanResult::None;
  std::string message{};  // why the result is Error; may be empty
  std::vector<std::pair<std::string, Value>> attributes{};
  std::vector<Moment> moments{};
};

// A process could run because a condition of another one was met.
struct Arrow {
  std::size_t from = 0;  // the spans of the two processes, by their place in `spans`
  std::size_t to = 0;
  Microseconds at = 0;  // when the condition was met
};

struct Trace {
  std::string id;
  // The task comes first; then each process that has run or is free to run, in the order of their
  // first records, each followed by its waits and runs in their order.
  std::vector<Span> spans;
  std::vector<Arrow> arrows;
};

// Returns the spans up to the moment of the situation. Leaves out what the record does not keep:
// the runs that a compaction has dropped, and waits whose beginning is on no record. A wait lasts
// from when all that a process needs was met, or from the end of the run before, to the decision to
// run it. A wait shorter than kShortestWait is the runner's own time, and left out. Fails with
// NotFound if the task has no header yet.
inline constexpr Microseconds kShortestWait = 1000;
Result<Trace> trace_of(const Situation& situation);

}  // namespace thermos
