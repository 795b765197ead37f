#include "reactor/views/log_end.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/utf8.h"
#include "core/record/paths.h"
#include "reactor/os/descriptor.h"
#include "reactor/store/log_directory.h"

namespace thermos {
namespace {

// The most bytes that are read from the end of a file, because a file without newlines may have
// gigabytes in one line.
constexpr std::size_t kMostBytes = 65536;
constexpr std::size_t kLongestShown = 1000;

// Returns the last bytes of a file; "" if it can't be read.
std::string last_bytes(const LogDirectory& directory, const std::string& name) {
  const Result<Descriptor> file = directory.open(name);
  struct stat info {};
  if (!file || ::fstat(file->get(), &info) != 0 || info.st_size <= 0) return {};
  const auto size = static_cast<std::size_t>(info.st_size);
  std::string bytes(std::min(size, kMostBytes), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::pread(file->get(), bytes.data() + have, bytes.size() - have,
                                static_cast<off_t>(size - bytes.size() + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;  // it was truncated meanwhile
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

std::string shortened(std::string_view line) {
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.size() <= kLongestShown) return std::string(line);
  return std::string(line.substr(0, utf8_boundary(line, kLongestShown))) + "...";
}

}  // namespace

std::vector<std::string> last_lines(std::string_view text, std::size_t most) {
  std::vector<std::string> lines;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  while (!text.empty() && lines.size() < most) {
    const std::size_t newline = text.rfind('\n');
    const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
    lines.push_back(shortened(text.substr(start)));
    text = text.substr(0, newline == std::string_view::npos ? 0 : newline);
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

LogEnd read_log_end(const RunnerHeader& header, const FileOwner& reader, const std::string& process,
                    std::uint32_t run, std::size_t lines) {
  const std::string path = run_log_dir(header.log_dir, process, run);
  const Result<LogDirectory> directory = LogDirectory::enter(header, reader, process, run);
  if (!directory) return {path + "/stderr", {}};
  for (const std::string name : {"stderr", "stdout"}) {
    std::string text = last_bytes(*directory, name);
    std::vector<std::string> found = last_lines(text, lines);
    if (found.size() < lines) {
      // A rotation may have moved the earlier lines.
      text.insert(0, last_bytes(*directory, name + ".1"));
      found = last_lines(text, lines);
    }
    if (!found.empty()) return {path + "/" + name, std::move(found)};
  }
  return {path + "/stderr", {}};
}

}  // namespace thermos
