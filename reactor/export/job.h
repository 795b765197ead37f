// A task that is to run as a job of an engine: what each engine's file is made from.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/task/demand.h"

namespace thermos {

struct ExportJob {
  std::string name;     // the job's; the task's name where nobody gives another
  std::string task_id;  // --task-id; empty: made from what stays the same in each start of the job
  std::string user;     // who exports it; empty: root
  std::string config;   // the path of CONFIG, absolute
  // CONFIG itself, for an engine that has no file system in common with this machine.
  std::string config_text;
  bool names_files = false;           // CONFIG has an env_file or a secret's file
  std::string thermos;                // the program
  std::string root;                   // --root; empty: the engine's usual place
  std::string sandbox;                // --sandbox; empty: the same
  std::string image;                  // of containers
  std::uint64_t grace = 0;            // seconds
  std::vector<std::string> bindings;  // --task, -P and -E, as words of `thermos run`
  std::vector<std::pair<std::string, std::uint16_t>> ports;  // those with a number
  Demand demand;
  std::uint64_t longest = 0;    // seconds, of the process with the longest `time`; 0: none has one
  std::string longest_process;  // its name
  std::size_t processes = 0;
};

// So many seconds are an engine's allowance above --grace: for the records of the ends to reach the
// disk, and for the engine itself.
inline constexpr std::uint64_t kGraceMargin = 15;

// The words of `thermos run` in a job. `task_id` and `config` stand in the places of theirs, so
// that a caller can put there what only the job knows.
struct RunWords {
  std::vector<std::string> before_task_id;  // the last is "--task-id"
  std::vector<std::string> after_task_id;   // before CONFIG
};
RunWords run_words(const ExportJob& job, const std::string& root, const std::string& sandbox);

// What the job asks for, rounded up: whole cores, at least 1; MiB with what thermos itself takes,
// or 0 if nothing says how much.
std::uint64_t cores_of(const Demand& demand);
std::uint64_t ram_mib_of(const Demand& demand);
std::uint64_t disk_mib_of(const Demand& demand);
// One line for a comment that says where these numbers are from; no newline.
std::string demand_text(const ExportJob& job);

}  // namespace thermos
