// Simulates the coordinators' streams: their contents, who holds their locks, and who is told of
// changes. As with flock(2), a lock belongs to an open file description and is free when the last
// descriptor that refers to it is closed: the runner's, a message's, a coordinator's.
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
    ProcessStatus status;  // of a report only the run, with a number that no transition has
    Moment moment;
    std::optional<ProcessReport> report{};
  };

  // `late`: a close is reported some time before the lock is free, as the kernel does.
  Streams(std::size_t count, bool late, Timeline& timeline, Random& random);

  bool exists(ProcessIndex p) const { return files_[p].exists; }
  const std::vector<Written>& records(ProcessIndex p) const { return files_[p].records; }
  // Where the file ends: the number of records, plus one for a torn record.
  std::size_t end(ProcessIndex p) const {
    return files_[p].records.size() + (files_[p].torn ? 1 : 0);
  }

  // Opens the stream, creates it if there is none, and takes its lock. Returns nothing if another
  // holds it.
  std::optional<Description> lock(ProcessIndex p);
  bool locked(ProcessIndex p) const { return files_[p].holder != 0; }
  // Whether the last descriptor is being closed, and the lock is not free yet.
  bool closing(ProcessIndex p) const { return closing_[p] > 0; }
  bool holds(ProcessIndex p, Description description) const {
    return description != 0 && files_[p].holder == description && open_.count(description) == 1;
  }
  // Adds a descriptor that refers to it.
  void dup(Description description);
  // Closes one descriptor by close(2). If it was the last, the lock is free when this returns.
  void close(Description description);
  // Closes one descriptor because its owner dies. If it was the last, the lock becomes free some
  // time after the close was reported; then `freed` is called.
  void close_dying(Description description, std::function<void()> freed = {});

  // Appends a record. REQUIRES: the description holds the lock. `durable`: the record is on the
  // disk when this returns.
  void append(Description description, const Written& record, bool durable);
  // Appends a part of a record: the writer died during its write.
  void append_part(Description description);
  // Cuts off everything after the first `count` records.
  void cut(Description description, std::size_t count);

  // A power cut: every lock is free, and unsynced records may be lost; with `names`, whole files as
  // well.
  void power_cut(bool names);

  // Called when the file changed. `closed`: someone who could write it closed it.
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
  // Returns true if it was the last descriptor.
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
