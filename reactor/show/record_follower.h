// Follows the records of one task while they are written: from its runner's stream, or from the
// daemon.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "core/base/result.h"
#include "core/record/history.h"
#include "core/record/paths.h"
#include "reactor/control/control_client.h"
#include "reactor/os/descriptor.h"
#include "reactor/store/stream_reader.h"

namespace thermos {

class RecordFollower {
 public:
  RecordFollower() = default;
  virtual ~RecordFollower() = default;
  RecordFollower(const RecordFollower&) = delete;
  RecordFollower& operator=(const RecordFollower&) = delete;

  // Applies new records to history(), without waiting for more. Adds the indexes of the processes
  // whose status changed to `touched`.
  virtual Status read_on(std::set<std::uint32_t>& touched) = 0;
  // The uid that vouches for the records; see log_reader_of().
  virtual Result<std::uint32_t> recorded_by() const = 0;
  // The directory to watch (inotify) for new records; "": none.
  virtual std::string directory() const { return {}; }
  // Becomes readable when there are new records; -1: watch directory() instead.
  virtual int fd() const { return -1; }

  const History& history() const { return history_; }

 protected:
  Status apply(const Record& record, std::set<std::uint32_t>& touched);

  History history_;
};

// Reads a runner's stream while it grows and while it is compacted.
class StreamFollower : public RecordFollower {
 public:
  StreamFollower(const Paths& paths, const std::string& task_id)
      : path_(paths.runner_stream(task_id)), directory_(paths.checkpoint_dir(task_id)) {}

  // Fails with NotFound if the stream was removed. If the runner has not written the stream yet,
  // there are no records.
  Status read_on(std::set<std::uint32_t>& touched) override;
  Result<std::uint32_t> recorded_by() const override;
  std::string directory() const override { return directory_; }

 private:
  Status reopen(std::uint64_t inode);

  std::string path_;
  std::string directory_;
  Descriptor fd_;
  std::uint64_t inode_ = 0;
  StreamPosition position_;
};

// Follows the daemon's events of one task.
class EventFollower : public RecordFollower {
 public:
  // `so_far` is the history that the daemon's status returned after `client` had received the
  // snapshot of the task's events. `daemon` is the uid that runs the daemon.
  EventFollower(ControlClient client, History so_far, std::uint32_t daemon)
      : client_(std::move(client)), daemon_(daemon) {
    history_ = std::move(so_far);
  }

  Status read_on(std::set<std::uint32_t>& touched) override;
  Result<std::uint32_t> recorded_by() const override { return daemon_; }
  int fd() const override { return client_.fd(); }

 private:
  ControlClient client_;
  std::uint32_t daemon_;
};

}  // namespace thermos
