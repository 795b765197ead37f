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
  // What happened within it.
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
  bool open = false;  // it goes on; `end` is the moment of the question
  SpanResult result = SpanResult::None;
  std::string message{};  // why it is an Error; may be empty
  std::vector<std::pair<std::string, Value>> attributes{};
  std::vector<Moment> moments{};
};

// A process could run because of what came about of another one.
struct Arrow {
  std::size_t from = 0;  // the spans of the processes, by their place in `spans`
  std::size_t to = 0;
  Microseconds at = 0;  // when it came about
};

struct Trace {
  std::string id;
  // The task first; then each process that has run or is free to, in the order of their first
  // record, with the waits and runs of it behind it in their order.
  std::vector<Span> spans;
  std::vector<Arrow> arrows;
};

// The spans up to the moment of the situation. What the record does not keep is not there: the runs
// that a compaction has dropped, and waits of which no record tells when they began. A wait is from
// when all that a process needed had come about, or from the end of the run before, to the decision
// to run it; a shorter one than kShortestWait is the runner's own time, and left out. Fails with
// NotFound if the task has no header yet.
inline constexpr Microseconds kShortestWait = 1000;
Result<Trace> trace_of(const Situation& situation);

}  // namespace thermos
