// What a configuration may hold: each object's keys, what they take, and what they mean. The
// loader, its messages and the JSON Schema all come from here.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/task/task.h"

namespace thermos::config {

// What a key takes, beyond what its member's type says.
enum class Kind : std::uint8_t {
  Name,  // a text that can't be empty
  Text,
  Flag,
  Count,
  Seconds,
  Cores,
  Bytes,
  Word,  // one of a few
  List,
  Object,
};

inline constexpr double kMaxSeconds = 1e9;
inline constexpr double kMaxCores = 1e6;
inline constexpr std::int64_t kMaxBytes = std::numeric_limits<std::int64_t>::max();
inline constexpr std::uint32_t kMaxCount = std::numeric_limits<std::uint32_t>::max();

template <typename S>
struct Field {
  // Where the value goes.
  using Member =
      std::variant<std::string S::*, bool S::*, std::uint32_t S::*, std::int64_t S::*, double S::*,
                   LogDestination S::*, LogMode S::*, std::vector<std::string> S::*,
                   std::optional<Resources> S::*, std::optional<Logger> S::*, RotatePolicy S::*,
                   std::vector<ProcessConfig> S::*, std::vector<Constraint> S::*>;
  std::string_view key;
  Kind kind;
  Member member;
  std::string_view about;     // one sentence for editors
  std::string_view required;  // why it can't be missing or empty; "" when it can be missing
};

// The words of an enumeration, in the order of its values.
template <typename E>
struct Words;
template <>
struct Words<LogDestination> {
  static constexpr std::array<std::string_view, 4> kAll = {"file", "console", "both", "none"};
};
template <>
struct Words<LogMode> {
  static constexpr std::array<std::string_view, 2> kAll = {"standard", "rotate"};
};
template <typename E>
constexpr std::string_view word_of(E value) {
  return Words<E>::kAll[static_cast<std::size_t>(value)];
}

// noun: "a task"; have: "has", in "a task has ..."; fields.
template <typename S>
struct Schema;

template <>
struct Schema<Resources> {
  static constexpr std::string_view kName = "resources";
  static constexpr std::string_view kNoun = "resources";
  static constexpr std::string_view kHave = "have";
  static constexpr std::string_view kAbout =
      "What is wanted of the machine: limits under a service with control groups, else recorded.";
  static constexpr std::array<Field<Resources>, 3> kFields = {{
      {"cpu", Kind::Cores, &Resources::cpu, "Cores; fractions are allowed.", ""},
      {"ram", Kind::Bytes, &Resources::ram, "Memory, in bytes.", ""},
      {"disk", Kind::Bytes, &Resources::disk, "Disk space, in bytes.", ""},
  }};
};

template <>
struct Schema<Constraint> {
  static constexpr std::string_view kName = "constraint";
  static constexpr std::string_view kNoun = "a constraint";
  static constexpr std::string_view kHave = "has";
  static constexpr std::string_view kAbout = "An order among processes of the task.";
  static constexpr std::array<Field<Constraint>, 1> kFields = {{
      {"order", Kind::List, &Constraint::order,
       "Names of processes: each waits until the one before it has succeeded.", "-"},
  }};
};

template <>
struct Schema<RotatePolicy> {
  static constexpr std::string_view kName = "rotate";
  static constexpr std::string_view kNoun = "a rotate policy";
  static constexpr std::string_view kHave = "has";
  static constexpr std::string_view kAbout = "How large log files get, and how many are kept.";
  static constexpr std::array<Field<RotatePolicy>, 2> kFields = {{
      {"log_size", Kind::Bytes, &RotatePolicy::log_size,
       "Bytes that one file may hold; a full one becomes stdout.1, and so on.", ""},
      {"backups", Kind::Count, &RotatePolicy::backups, "So many full files are kept.", ""},
  }};
};

template <>
struct Schema<Logger> {
  static constexpr std::string_view kName = "logger";
  static constexpr std::string_view kNoun = "a logger";
  static constexpr std::string_view kHave = "has";
  static constexpr std::string_view kAbout = "What becomes of what a process prints.";
  static constexpr std::array<Field<Logger>, 3> kFields = {{
      {"destination", Kind::Word, &Logger::destination,
       "To files, to the terminal of whoever runs the task, to both, or nowhere.", ""},
      {"mode", Kind::Word, &Logger::mode, "One file that grows, or files that are rotated.", ""},
      {"rotate", Kind::Object, &Logger::rotate, "For the mode rotate.", ""},
  }};
};

template <>
struct Schema<ProcessConfig> {
  static constexpr std::string_view kName = "process";
  static constexpr std::string_view kNoun = "a process";
  static constexpr std::string_view kHave = "has";
  static constexpr std::string_view kAbout = "One command, run by bash in the sandbox.";
  static constexpr std::array<Field<ProcessConfig>, 9> kFields = {{
      {"name", Kind::Name, &ProcessConfig::name,
       "1 to 243 bytes, unlike every other process's, without '/' and not beginning with '.'.",
       "-"},
      {"cmdline", Kind::Name, &ProcessConfig::cmdline, "What bash runs.", "-"},
      {"max_failures", Kind::Count, &ProcessConfig::max_failures,
       "So many failed runs fail the process; 0: no limit.", ""},
      {"daemon", Kind::Flag, &ProcessConfig::daemon,
       "A success means: run it again. Nothing can wait for it.", ""},
      {"ephemeral", Kind::Flag, &ProcessConfig::ephemeral,
       "Neither holds the task open nor fails it: it is ended with the others' work.", ""},
      {"min_duration", Kind::Seconds, &ProcessConfig::min_duration,
       "Seconds from the end of a run to the start of the next.", ""},
      {"final", Kind::Flag, &ProcessConfig::final,
       "A finalizer: runs after the others, whatever became of them.", ""},
      {"resources", Kind::Object, &ProcessConfig::resources,
       "What the process may have of the machine: limits under a service with control groups, else "
       "recorded.",
       ""},
      {"logger", Kind::Object, &ProcessConfig::logger,
       "What becomes of its output: without it, files that grow.", ""},
  }};
};

template <>
struct Schema<TaskConfig> {
  static constexpr std::string_view kName = "task";
  static constexpr std::string_view kNoun = "a task";
  static constexpr std::string_view kHave = "has";
  static constexpr std::string_view kAbout = "A graph of processes that run on one machine.";
  static constexpr std::array<Field<TaskConfig>, 8> kFields = {{
      {"name", Kind::Name, &TaskConfig::name,
       "The task's name, by the rules of a process's name; without one, the first process's.", ""},
      {"processes", Kind::List, &TaskConfig::processes, "The processes, in any order.",
       "a task needs at least one process"},
      {"constraints", Kind::List, &TaskConfig::constraints,
       "What waits for what. Processes in no order run at once.", ""},
      {"resources", Kind::Object, &TaskConfig::resources,
       "What the task may have of the machine: limits under a service with control groups, else "
       "recorded.",
       ""},
      {"max_failures", Kind::Count, &TaskConfig::max_failures,
       "So many failed processes fail the task; 0: no limit.", ""},
      {"max_concurrency", Kind::Count, &TaskConfig::max_concurrency,
       "So many processes run at a time; 0: no limit.", ""},
      {"finalization_wait", Kind::Seconds, &TaskConfig::finalization_wait,
       "Seconds for ending what still runs and for the finalizers; then SIGKILL.", ""},
      {"user", Kind::Text, &TaskConfig::user,
       "The user that the processes run as; only root may name another than himself.", ""},
  }};
};

}  // namespace thermos::config
