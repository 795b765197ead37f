// A task that is to run as a job of an engine. Each engine's file is made from this.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/task/peak_use.h"

namespace thermos {

struct ExportJob {
  std::string name;     // the job's name; the task's name if no other is given
  std::string task_id;  // --task-id; empty: made from what is the same in each start of the job
  std::string user;     // the user who exports the task; empty: root
  std::string config;   // the absolute path of CONFIG
  // The text of CONFIG, for an engine that shares no file system with this machine.
  std::string config_text;
  bool names_files = false;           // CONFIG has an env_file or a secret's file
  std::string thermos;                // the path or name of this program
  std::string root;                   // --root; empty: the engine's usual place
  std::string sandbox;                // --sandbox; empty: the engine's usual place
  std::string image;                  // the image of containers
  std::uint64_t grace = 0;            // seconds
  std::vector<std::string> bindings;  // --task, -P and -E, as words of `thermos run`
  std::vector<std::pair<std::string, std::uint16_t>> ports;  // those with a fixed number
  Demand demand;
  std::uint64_t longest = 0;    // seconds: the longest `time` of a process; 0: none has one
  std::string longest_process;  // the name of that process
  std::size_t processes = 0;
};

// Seconds that an engine allows in addition to --grace: for the records of the ends to reach the
// disk, and for the engine itself.
inline constexpr std::uint64_t kGraceMargin = 15;

// The words of `thermos run` in a job, without the task's id and CONFIG. The caller inserts these,
// because it may be that only the job knows them.
struct RunWords {
  std::vector<std::string> before_task_id;  // the last is "--task-id"
  std::vector<std::string> after_task_id;   // before CONFIG
};
RunWords run_words(const ExportJob& job, const std::string& root, const std::string& sandbox);

// Return the resources that the job asks for, rounded up: whole cores, at least 1; MiB of memory,
// with those that thermos itself needs, or 0 if the task gives none; MiB of disk.
std::uint64_t cores_of(const Demand& demand);
std::uint64_t ram_mib_of(const Demand& demand);
std::uint64_t disk_mib_of(const Demand& demand);
// Returns one line, without a newline, for a comment that says where these numbers are from.
std::string demand_text(const ExportJob& job);

}  // namespace thermos
