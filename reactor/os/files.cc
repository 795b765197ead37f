#include "reactor/os/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "reactor/os/descriptor.h"
#include "reactor/os/errors.h"

namespace thermos {
namespace {

// Removes the temporary file after a failure.
class Aside {
 public:
  explicit Aside(std::string path) : path_(std::move(path)) {}
  ~Aside() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

Status write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t put = write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error("cannot write " + path, errno);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return Done{};
}

}  // namespace

Status make_directories(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return Done{};
  if (errno != ENOENT) return system_error("cannot make " + path, errno);
  const auto slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return system_error("cannot make " + path, errno);
  if (auto made = make_directories(path.substr(0, slash), mode); !made) return made;
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return Done{};
  return system_error("cannot make " + path, errno);
}

Status replace_file(const std::string& path, std::string_view text) {
  const std::string aside = path + ".new";
  if (auto placed = place_file(path, text, aside, true); !placed) return placed;
  return sync_directory(path.substr(0, path.rfind('/')));
}

Result<Descriptor> write_file(const std::string& path, std::string_view text) {
  Aside file(path);
  Descriptor fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return system_error("cannot make " + path, errno);
  if (auto written = write_all(fd.get(), text, path); !written) return written.error();
  file.keep();
  return fd;
}

Status place_file(const std::string& path, std::string_view text, const std::string& aside,
                  bool durable) {
  const auto fd = write_file(aside, text);
  if (!fd) return fd.error();
  Aside file(aside);
  if (durable && fsync(fd->get()) != 0) return system_error("cannot sync " + aside, errno);
  if (rename(aside.c_str(), path.c_str()) != 0) return system_error("cannot make " + path, errno);
  file.keep();
  return Done{};
}

Status sync_directory(const std::string& path) {
  GroupSync alone;
  std::map<std::string, Status> paths{{path, Done{}}};
  sync_directories(paths, alone);
  return paths.begin()->second;
}

void sync_directories(std::map<std::string, Status>& paths, GroupSync& group_sync) {
  std::vector<Descriptor> opened;
  std::vector<GroupSync::File> files;
  std::vector<std::pair<const std::string, Status>*> which;
  for (auto& entry : paths) {
    Descriptor fd(open(entry.first.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) {
      entry.second = system_error(entry.first + ": cannot open the directory", errno);
      continue;
    }
    files.push_back({fd.get(), false});
    which.push_back(&entry);
    opened.push_back(std::move(fd));
  }
  group_sync.sync(files);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].error == 0) continue;
    which[i]->second =
        system_error(which[i]->first + ": cannot sync the directory", files[i].error);
  }
}

namespace {

// The room that read_file() adds when a file grows while it is read, or when stat(2) reports no
// size.
constexpr std::size_t kMore = std::size_t{64} << 10;
// The limit of the room that read_file() makes at first, because a sparse file may claim any size.
constexpr std::size_t kMostAtFirst = std::size_t{64} << 20;

Result<Descriptor> open_file(const std::string& path) {
  // O_NONBLOCK: opening a FIFO of this name must not block. It has no effect on a regular file.
  Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return system_error("cannot read " + path, errno);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return system_error("cannot read " + path, errno);
  if (!S_ISREG(info.st_mode))
    return Error{ErrorCode::System, "cannot read " + path + ": not a regular file"};
  return fd;
}

// Reads up to `room` bytes and returns their number; 0 at the end of the file.
Result<std::size_t> read_some(const Descriptor& fd, const std::string& path, void* to,
                              std::size_t room) {
  for (;;) {
    const ssize_t got = read(fd.get(), to, room);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return system_error("cannot read " + path, errno);
  }
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const auto fd = open_file(path);
  if (!fd) return fd.error();
  // Allocates the memory once: growing it step by step would copy a large file twice.
  struct stat info {};
  const bool known = fstat(fd->get(), &info) == 0 && info.st_size > 0;
  const auto size = known ? static_cast<std::size_t>(info.st_size) + 1 : 0;
  std::string text(std::min(size, kMostAtFirst), '\0');
  std::size_t end = 0;
  for (;;) {
    if (end == text.size()) text.resize(end + kMore);
    const auto got = read_some(*fd, path, text.data() + end, text.size() - end);
    if (!got) return got.error();
    if (*got == 0) break;
    end += *got;
  }
  text.resize(end);
  return text;
}

bool exists(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) == 0) return true;
  return errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG;
}

bool is_directory(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::uint32_t owner_of(const std::string& path) {
  struct stat file {};
  return ::stat(path.c_str(), &file) == 0 ? file.st_uid : 0;
}

std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(path.c_str()), closedir);
  if (!dir) return names;
  while (const dirent* entry = readdir(dir.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace thermos
