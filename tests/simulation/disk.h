// The runner's stream as bytes, by the real codec: what was written, and how much of it would
// outlive a power cut.
#pragma once

#include <cstddef>
#include <vector>

#include "core/record/history.h"
#include "random.h"

namespace thermos::sim {

class Disk {
 public:
  Disk();

  // One write(2). Returns the record as it reads back; its views are valid until the next append.
  Result<Record> append(const Record& record);
  // A write that was cut short.
  void append_part(const Record& record, Random& random);
  void sync() { synced_ = bytes_.size(); }
  // The file after a power cut: any prefix of what was not synced, or zeros in its place.
  void lose_tail(Random& random);

  // A stream in few records that means `history`, all of it synced: what compaction renames into
  // this one's place.
  static Result<Disk> rewritten(const History& history);

  struct Replay {
    History history;
    std::size_t records = 0;
  };
  // Reads the stream from its beginning and cuts a torn tail off, as who takes the lead does.
  Result<Replay> recover();

 private:
  std::vector<std::byte> bytes_;
  std::size_t synced_ = 0;
  std::uint32_t chain_ = 0;
};

}  // namespace thermos::sim
