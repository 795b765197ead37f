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
  // Removes a leftover of a program that died during a compaction. The caller holds the lock of the
  // stream that it was to replace.
  unlink(aside_of(path).c_str());
  auto aside = StreamWriter::open(aside_of(path));
  // On a full disk there may be room for the file's name but not for its header.
  if (!aside) return drop_aside(path, aside.error());
  return aside;
}

}  // namespace

std::string aside_of(const std::string& path) {
  const std::size_t name = path.rfind('/') + 1;
  const std::string_view process = process_of_file(std::string_view(path).substr(name));
  if (process.empty()) return path + ".compact";
  // The word is a prefix, and shorter than "coordinator". As a suffix it would make the name of the
  // stream of a process "X.compact", or a name that is too long for a file.
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
  // Synced whatever `durable` says: the old file's records may have been on the disk for long, and
  // some file systems write a new name long before the file's contents.
  if (auto synced = aside->sync(); !synced) return drop_aside(path, synced.error());
  if (auto renamed = aside->rename_to(path); !renamed) return drop_aside(path, renamed.error());
  // The name already means the new file, so its lock must be kept. A failure closes the new writer,
  // and its next append returns the error.
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
