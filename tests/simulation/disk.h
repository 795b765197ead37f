// The runner's stream as bytes, by the real codec: what was written, and how much of it would
// outlive a power cut, the file's name included. Writes and syncs may fail.
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

  // One write(2). Returns the record as it reads back; its views are valid until the next append.
  Result<Record> append(const Record& record);
  // A write that was cut short.
  void append_part(const Record& record, Random& random);
  void sync() { file_.synced = file_.bytes.size(); }
  // Somebody acts on what was written: it stays readable as long as the machine is up.
  void act() { file_.acted_on = file_.bytes.size(); }
  // A sync that failed: what nobody acted on yet is on the disk, or in memory, or nowhere.
  void fail_sync(Random& random);
  // After a power cut: any prefix of what was not synced, or zeros in its place; and with `names`
  // the file that had the name before, as long as the new one's name was not synced.
  void lose_tail(bool names, Random& random);

  // A stream in few records that means `history`, all of it synced, takes this one's place: in the
  // directory as it is read, and on the disk once the name is synced.
  Status rewrite(const History& history);
  void sync_name() { before_.reset(); }
  // Rises with every rewrite. Says which file has the name.
  std::uint64_t generation() const { return file_.generation; }

  struct Replay {
    History history;
    std::size_t records = 0;
  };
  // Reads the stream from its beginning and cuts a torn tail off, as who takes the lead does.
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
  // Any of what stands behind `from` may be lost, or be zeros.
  void lose_behind(std::size_t from, Random& random);

  File file_;
  std::optional<File> before_;  // what the disk's directory names yet
  std::uint64_t generations_ = 0;
};

}  // namespace thermos::sim
