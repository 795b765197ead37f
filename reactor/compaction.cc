#include "reactor/compaction.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace thermos {
namespace {

constexpr const char* kAside = ".compact";

Result<StreamWriter> open_aside(const std::string& path) {
  // Left by one who died in the middle: we hold the lock of what it was to replace.
  unlink((path + kAside).c_str());
  return StreamWriter::open(path + kAside);
}

Error drop_aside(const std::string& path, Error error) {
  unlink((path + kAside).c_str());
  return error;
}

}  // namespace

Result<StreamWriter> compact_stream(const std::string& path, const History& history, bool durable) {
  auto aside = open_aside(path);
  if (!aside) return aside.error();
  auto written = history.rewrite([&](const Record& record) { return aside->append_later(record); });
  if (written) written = aside->flush();
  if (!written) return drop_aside(path, written.error());

  auto back = read_runner_stream(path + kAside);
  if (!back) return drop_aside(path, back.error());
  if (!(back->history == history)) {
    return drop_aside(path, {ErrorCode::Corrupt,
                             path + ": compacted, it would say something else; left as it is"});
  }
  if (durable) {
    if (auto synced = aside->sync(); !synced) return drop_aside(path, synced.error());
  }
  if (auto renamed = aside->rename_to(path); !renamed) return drop_aside(path, renamed.error());
  if (durable) {
    if (auto synced = sync_directory(path.substr(0, path.rfind('/'))); !synced) {
      return synced.error();
    }
  }
  return aside;
}

Result<StreamWriter> restart_stream(const std::string& path, const ProcessSummary& summary) {
  auto aside = open_aside(path);
  if (!aside) return aside.error();
  if (auto written = aside->append(summary); !written) return drop_aside(path, written.error());
  if (auto renamed = aside->rename_to(path); !renamed) return drop_aside(path, renamed.error());
  return aside;
}

}  // namespace thermos
