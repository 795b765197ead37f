// The coordinators' streams: what each holds, who has its lock, and who is told of both. As with
// flock(2), a lock lives in an open file description, and is free when the last descriptor that
// refers to it is closed: the runner's, a message's, a coordinator's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "core/record/record.h"
#include "lifetime.h"
#include "moment.h"
#include "random.h"

namespace thermos::sim {

class Streams {
 public:
  // An open file description; 0: none.
  using Description = std::uint64_t;

  struct Written {
    ProcessStatus status;
    Moment moment;
  };

  // `late`: a close is told some time before the lock is free, as the kernel does it.
  Streams(std::size_t count, bool late, Timeline& timeline, Random& random);

  bool exists(ProcessIndex p) const { return files_[p].exists; }
  const std::vector<Written>& records(ProcessIndex p) const { return files_[p].records; }
  // Where the file ends: records, and one more for a piece of one.
  std::size_t end(ProcessIndex p) const {
    return files_[p].records.size() + (files_[p].torn ? 1 : 0);
  }

  // Opens the stream, which is made if there is none, and takes its lock. Nothing: another has it.
  std::optional<Description> lock(ProcessIndex p);
  bool locked(ProcessIndex p) const { return files_[p].holder != 0; }
  // The last descriptor is being closed, and the lock is not free yet.
  bool closing(ProcessIndex p) const { return closing_[p] > 0; }
  bool holds(ProcessIndex p, Description description) const {
    return description != 0 && files_[p].holder == description && open_.count(description) == 1;
  }
  // One descriptor more refers to it.
  void dup(Description description);
  // One fewer, by close(2): if it was the last, the lock is free when this returns.
  void close(Description description);
  // One fewer, as its owner dies: if it was the last, the lock comes free some time after the close
  // was told, and `freed` is called then.
  void close_dying(Description description, std::function<void()> freed = {});

  // The holder's alone. `durable`: on the disk when this returns.
  void append(Description description, const Written& record, bool durable);
  // The writer died in the middle of its write.
  void append_part(Description description);
  // Cuts off what stands behind the first `count` records.
  void cut(Description description, std::size_t count);

  // Every lock is free, and what was not on the disk may be gone: records, and with `names` whole
  // files.
  void power_cut(bool names);

  // The file changed; `closed`: somebody who could write it closed it.
  std::function<void(ProcessIndex, bool closed)> on_change = [](ProcessIndex, bool) {};

 private:
  struct File {
    bool exists = false;
    bool torn = false;
    bool named = false;  // its name is on the disk
    std::vector<Written> records;
    std::size_t synced = 0;
    Description holder = 0;
  };
  struct Open {
    ProcessIndex process = 0;
    std::uint32_t descriptors = 0;
  };

  File& file_of(Description description);
  // True if that was the last.
  bool drop(Description description);

  bool late_;
  Random& random_;
  Lifetime life_;
  std::vector<File> files_;
  std::vector<std::uint32_t> closing_;
  std::map<Description, Open> open_;
  Description next_ = 1;
};

}  // namespace thermos::sim
