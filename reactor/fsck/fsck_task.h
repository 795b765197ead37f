// Checks one task. Only reads.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/record/history.h"
#include "core/record/paths.h"
#include "core/task/task.h"
#include "reactor/fsck/fsck.h"
#include "reactor/fsck/fsck_stream.h"

namespace thermos {

class TaskCheck {
 public:
  // `leading` means that the caller holds the lock of the task's runner.
  TaskCheck(const Paths& paths, std::string task_id, bool leading);

  // Checks everything. Checks again if the task moves or changes its leader meanwhile.
  void look();

  std::vector<Finding>& findings() { return findings_; }
  std::size_t streams() const { return streams_; }
  std::size_t records() const { return records_; }
  bool corrupt() const;

 private:
  // The directories that have the task, and whether it is led. A check is valid only if these do
  // not change meanwhile.
  struct Presence {
    bool active = false;
    bool finished = false;
    bool checkpoints = false;
    bool led = false;
    bool operator==(const Presence&) const = default;
  };
  Presence presence() const;

  void look_once();
  void read_task_file();
  void read_runner();
  void read_coordinators();
  void read_node_stream(const std::string& path, const std::string& process);
  void check_directory();
  void check_processes();
  void check_unborn(const std::vector<std::string>& files);
  void check_other_files(const std::vector<std::string>& files);
  void check_lock(const CoordinatorReading& coordinator);
  void check_end_is_recorded(const CoordinatorReading& coordinator);

  // In fsck_agreement.cc: comparison of a coordinator's stream with the runner's history.
  void check_agreement(const CoordinatorReading& coordinator);
  void check_unread(const CoordinatorReading& coordinator, std::size_t first);

  // Adds the findings and the counts of a reading to this check's.
  void count(StreamReading& reading);
  Finding& find(Severity severity, std::string file, std::string what, std::string advice = {});
  bool stream_of_task(const std::string& file) const;
  bool stream_of_removed(const std::string& file) const;
  // Returns whether nobody leads the task. If somebody does, unfinished work is left to that
  // leader.
  bool left_alone() const { return !now_.led; }

  const Paths& paths_;
  std::string id_;
  bool leading_;
  Presence now_;
  std::optional<TaskConfig> task_;
  StreamReading runner_;
  History history_;
  std::vector<CoordinatorReading> coordinators_;
  bool ran_on_nodes_ = false;
  std::vector<Finding> findings_;
  std::size_t streams_ = 0;
  std::size_t records_ = 0;
};

}  // namespace thermos
