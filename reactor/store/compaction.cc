#include "reactor/store/compaction.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "core/record/paths.h"
#include "reactor/os/counters.h"

namespace thermos {
namespace {

Error drop_aside(const std::string& path, Error error) {
  unlink(aside_of(path).c_str());
  return error;
}

Result<StreamWriter> open_aside(const std::string& path) {
  // Left by one who died in the middle: we hold the lock of what it was to replace.
  unlink(aside_of(path).c_str());
  auto aside = StreamWriter::open(aside_of(path));
  // On a full disk there is room for its name and none for its header.
  if (!aside) return drop_aside(path, aside.error());
  return aside;
}

}  // namespace

std::string aside_of(const std::string& path) {
  const std::size_t name = path.rfind('/') + 1;
  const std::string_view process = process_of_file(std::string_view(path).substr(name));
  if (process.empty()) return path + ".compact";
  // In front of the process's name and shorter than what stands there: behind it, it would be the
  // stream of a process named "X.compact", or longer than a file's name may be.
  return path.substr(0, name) + "compact." + std::string(process);
}

Result<StreamWriter> compact_stream(const std::string& path, const History& history, bool durable) {
  auto aside = open_aside(path);
  if (!aside) return aside.error();
  auto written = history.rewrite([&](const Record& record) { return aside->append_later(record); });
  if (written) written = aside->flush();
  if (!written) return drop_aside(path, written.error());

  auto back = read_runner_stream(aside_of(path));
  if (!back) return drop_aside(path, back.error());
  if (!(back->history == history)) {
    return drop_aside(path,
                      {ErrorCode::Corrupt,
                       path + ": compaction would change its contents; the file is left as it is"});
  }
  // Whatever `durable` says: the old file's records may have been on the disk for long, and some
  // file systems write a new name long before what is in the file.
  if (auto synced = aside->sync(); !synced) return drop_aside(path, synced.error());
  if (auto renamed = aside->rename_to(path); !renamed) return drop_aside(path, renamed.error());
  // The name means the new file by now, so its lock must be kept whatever comes: a failure closes
  // the new stream, and whoever appends next is told.
  if (durable) static_cast<void>(aside->sync_name());
  ++counters().compactions;
  return aside;
}

Result<StreamWriter> restart_stream(const std::string& path, const ProcessSummary& summary) {
  auto aside = open_aside(path);
  if (!aside) return aside.error();
  if (auto written = aside->append(summary); !written) return drop_aside(path, written.error());
  if (auto renamed = aside->rename_to(path); !renamed) return drop_aside(path, renamed.error());
  ++counters().compactions;
  return aside;
}

}  // namespace thermos
