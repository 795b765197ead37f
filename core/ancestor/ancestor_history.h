// Converts a stream of Apache Thermos to the history that this program would have recorded.
//
// The two state machines differ little: in Apache Thermos a task may go straight from ACTIVE to its
// end, the header may stand behind other records, and a process that never ran may be KILLED. The
// records that are missing are added in between, with the time of the next one. Nobody goes on with
// such a task, so a task or a launched run without an end on record is LOST.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ancestor/checkpoint.h"
#include "core/base/result.h"
#include "core/record/history.h"

namespace thermos::ancestor {

class AncestorHistory {
 public:
  // Takes the next record of the runner's stream. Fails with Corrupt if the record can't follow the
  // earlier ones.
  Status take(const Record& record);
  // Takes the next record of a coordinator's stream, after the whole of the runner's. Skips the
  // records that the runner's stream had, too.
  Status take_from_coordinator(const ProcessStep& step);

  const std::optional<Header>& header() const { return header_; }
  // Whether a task's end is on record.
  bool ended() const;
  // Whether nothing is on record.
  bool empty() const { return !header_ && steps_.empty() && records_.empty(); }

  struct Finish {
    std::string task_id;  // for a stream without a header
    std::string log_dir;  // for a header without one
    std::string mark;     // the reason of the first task status; may be empty
  };
  Result<History> finish(const Finish& with) const;

 private:
  struct Process {
    std::uint64_t next_theirs = 0;  // the next sequence number in the stream,
    std::uint64_t next_ours = 0;    // and in the history, which may have more records
    std::uint32_t run = 0;          // the number of the latest run
    std::optional<ProcessState> state;
  };
  using Named = std::map<std::string, Process, std::less<>>::value_type;

  Named& process_of(const std::string& name);
  Status add(const ProcessStep& step, bool from_coordinator);
  void bridge(Named& process, ProcessState to, Microseconds at);
  ProcessStatus& record(Named& process, ProcessState state, Microseconds at);
  Microseconds time_of(const ProcessStep& step) const;
  RunnerHeader header_for(const Finish& with) const;
  std::vector<TaskStatus> statuses(TaskState end, Microseconds begun) const;

  std::optional<Header> header_;
  std::vector<TaskStep> steps_;
  std::map<std::string, Process, std::less<>> processes_;
  std::vector<ProcessStatus> records_;  // their views borrow keys of processes_, and constants
  Microseconds latest_ = 0;             // the latest time on record
};

// Converts each record of a stream, a runner's or a coordinator's, to one of this program's, for a
// listing.
class Listing {
 public:
  // `process` of a ProcessStatus is borrowed from `record`. A record without a time, such as
  // WAITING, gets the time of the record before it.
  thermos::Record plain(const Record& record);

 private:
  struct Runs {
    std::uint32_t number = 0;  // of the latest run
    bool ended = false;
  };
  std::map<std::string, Runs, std::less<>> runs_;
  Microseconds latest_ = 0;
};

}  // namespace thermos::ancestor
