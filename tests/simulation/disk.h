// Simulates the runner's stream as bytes, written by the real codec: what was written, and how much
// of it survives a power cut, the file's name included. Writes and syncs may fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/record/history.h"
#include "random.h"

namespace thermos::sim {

class Disk {
 public:
  Disk();

  // Appends a record by one write(2). Returns it as it reads back; its views are valid until the
  // next append.
  Result<Record> append(const Record& record);
  // What a writer knows of the stream. One whose lock another has taken knows less than there is.
  struct End {
    std::size_t size = 0;
    std::uint32_t chain = 0;
    std::uint64_t generation = 0;
    bool operator==(const End&) const = default;
  };
  End end() const { return {file_.bytes.size(), file_.chain, file_.generation}; }
  // Appends by what the writer knows, as StreamWriter does. Fails with Busy if another has written
  // meanwhile.
  Result<Record> append(const Record& record, End& end);
  // Simulates a write that was cut short.
  void append_part(const Record& record, Random& random);
  void sync() { file_.synced = file_.bytes.size(); }
  // Someone acts on what was written. From here on it stays readable as long as the machine is up.
  void act() { file_.acted_on = file_.bytes.size(); }
  // Simulates a failed sync: bytes that nobody acted on are on the disk, or in memory only, or
  // lost.
  void fail_sync(Random& random);
  // Simulates a power cut: any prefix of the unsynced bytes stays, or zeros take their place. With
  // `names`, the name may mean the earlier file again if the rename was not synced.
  void lose_tail(bool names, Random& random);

  // Replaces the stream by a compacted one that holds `history` in few records, all synced. The
  // name is durable after sync_name().
  Status rewrite(const History& history);
  void sync_name() { before_.reset(); }
  // The number of the file that has the name; it rises with every rewrite().
  std::uint64_t generation() const { return file_.generation; }

  struct Replay {
    History history;
    std::size_t records = 0;
  };
  // Reads the stream from its beginning and cuts off a torn record, as a new leader does.
  Result<Replay> recover();

 private:
  struct File {
    std::vector<std::byte> bytes;
    std::size_t synced = 0;
    std::size_t acted_on = 0;
    std::uint32_t chain = 0;
    std::uint64_t generation = 0;
  };
  static File empty(std::uint64_t generation);
  // Loses any of the bytes after `from`, or replaces them by zeros.
  void lose_behind(std::size_t from, Random& random);

  File file_;
  std::optional<File> before_;  // the file that the directory on the disk still names
  std::uint64_t generations_ = 0;
};

}  // namespace thermos::sim
