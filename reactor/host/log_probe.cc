#include "reactor/host/log_probe.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "reactor/store/run_logs.h"

namespace thermos {
namespace {

// The limit of bytes that one look() reads of each of the two files. The next look() reads on.
constexpr std::size_t kMostBytes = std::size_t{4} << 20;
// The limit of a line. The rest of a longer line is not searched.
constexpr std::size_t kMostOfLogLine = std::size_t{64} << 10;

// Returns the name of the `backup`-th file before the current one, such as "stdout.1". 0 is the
// current file itself.
std::string name_of(const char* name, std::uint32_t backup) {
  return backup == 0 ? name : std::string(name) + "." + std::to_string(backup);
}

}  // namespace

LogProbe::LogProbe(const RunnerHeader& header, const FileOwner& owner, std::string process,
                   std::uint32_t run, std::uint32_t backups, Pattern pattern)
    : header_(header),
      owner_(owner),
      process_(std::move(process)),
      run_(run),
      backups_(backups),
      pattern_(std::move(pattern)) {
  outputs_[0].name = "stdout";
  outputs_[1].name = "stderr";
}

std::string LogProbe::look() {
  Descriptor directory;
  if (auto error = enter_run_logs(header_, owner_, process_, run_, directory)) {
    return error->message;
  }
  for (Output& output : outputs_) {
    for (std::size_t bytes = 0; !found_ && bytes < kMostBytes;) {
      if (output.file && read_some(output)) {
        bytes += kMostOfLogLine;
      } else if (!advance(directory.get(), output)) {
        break;
      }
    }
  }
  return {};
}

// Full files are renamed from stdout to stdout.1, and so on. The file that was read last may have
// any of these names by now, or be gone.
bool LogProbe::advance(int directory, Output& output) const {
  const AsUser as_user(owner_);
  if (!as_user.holds()) return false;
  std::optional<std::uint32_t> next;
  for (std::uint32_t backup = 0; backup <= backups_; ++backup) {
    struct stat info {};
    if (fstatat(directory, name_of(output.name, backup).c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      break;
    }
    if (!S_ISREG(info.st_mode) || (output.file && info.st_ino == output.inode)) break;
    next = backup;
  }
  if (!next) return false;
  // O_NONBLOCK: the name may mean a FIFO by now.
  Descriptor file(openat(directory, name_of(output.name, *next).c_str(),
                         O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  output.inode = info.st_ino;
  output.file = std::move(file);
  return true;
}

bool LogProbe::read_some(Output& output) {
  std::vector<char> bytes(kMostOfLogLine);
  const ssize_t got = ::read(output.file.get(), bytes.data(), bytes.size());
  if (got <= 0) return false;
  take(output, {bytes.data(), static_cast<std::size_t>(got)});
  return true;
}

void LogProbe::take(Output& output, std::string_view bytes) {
  while (!bytes.empty() && !found_) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::size_t room = kMostOfLogLine - std::min(kMostOfLogLine, output.line.size());
    output.line.append(bytes.substr(0, std::min(end, room)));
    const bool whole = end < bytes.size();
    bytes.remove_prefix(whole ? end + 1 : end);
    // An unfinished last line is searched, too, because a prompt has no newline.
    const bool is_long = output.line.size() >= kMostOfLogLine;
    if (!output.cut && (whole || bytes.empty() || is_long)) {
      found_ = pattern_.found_in(output.line);
    }
    output.cut = is_long && !whole;
    if (whole) output.line.clear();
  }
}

}  // namespace thermos
