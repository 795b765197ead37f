#include "reactor/pipe/sandbox_disk.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/text.h"
#include "reactor/os/errors.h"

namespace thermos {
namespace {

using carry::Failure;

// The loop stands still while a file is synced to the disk, so it is synced after so many bytes.
constexpr std::uint64_t kSyncEvery = std::uint64_t{32} * 1024 * 1024;
constexpr std::size_t kMostOfName = 100;
constexpr mode_t kDirectoryMode = 0777;  // as mkdir(1) makes them: less the umask

Failure failure(std::string_view what, const std::string& path, int error_number) {
  if (error_number == EXDEV || error_number == ELOOP) {
    return {false, quoted(path, 200) + " leads out of the sandbox, or in a circle"};
  }
  return {may_pass(error_number),
          std::string(what) + " " + quoted(path, 200) + ": " + error_text(error_number)};
}

Descriptor open_beneath(int directory, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return Descriptor(
      static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how)));
}

Descriptor open_sandbox(const SandboxDisk& disk) {
  return Descriptor(::open(disk.sandbox.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

carry::FileFacts facts_of(const struct stat& info) {
  return {static_cast<std::uint64_t>(info.st_size),
          info.st_mtim.tv_sec * std::int64_t{1'000'000'000} + info.st_mtim.tv_nsec, info.st_ino,
          info.st_mode & 0777};
}

// Syncs a directory. Its descriptor may be O_PATH, which fsync(2) does not take. Returns 0 or an
// errno.
int sync_directory(int directory) {
  const Descriptor readable(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return readable && ::fsync(readable.get()) == 0 ? 0 : errno;
}

struct Place {
  Descriptor directory;
  std::string name;
};

// Finds the directory in which a file lies. With `make`, makes the directories that are missing. On
// an error the place has no directory, and errno says why.
Place find_place(const SandboxDisk& disk, const std::string& path, bool make) {
  Place place;
  Descriptor above = open_sandbox(disk);
  const std::size_t last = path.rfind('/');
  place.name = last == std::string::npos ? path : path.substr(last + 1);
  if (!above || last == std::string::npos) {
    place.directory = std::move(above);
    return place;
  }
  const Descriptor sandbox(::fcntl(above.get(), F_DUPFD_CLOEXEC, 0));
  for (std::size_t begin = 0; begin <= last;) {
    const std::size_t end = path.find('/', begin);
    const std::string to_here = path.substr(0, end);
    Descriptor next = open_beneath(sandbox.get(), to_here, O_PATH | O_DIRECTORY);
    if (!next && errno == ENOENT && make) {
      const std::string name = path.substr(begin, end - begin);
      if (::mkdirat(above.get(), name.c_str(), kDirectoryMode) != 0 && errno != EEXIST)
        return place;
      if (const int error = sync_directory(above.get()); error != 0) {
        errno = error;
        return place;
      }
      next = open_beneath(sandbox.get(), to_here, O_PATH | O_DIRECTORY);
    }
    if (!next) return place;
    above = std::move(next);
    begin = end + 1;
  }
  place.directory = std::move(above);
  return place;
}

std::string hex(const carry::Digest& digest, std::size_t bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

// Returns the temporary name of a file. It shows that the file is a part, and of which file; and it
// is the same after a crash, so that remove_leftover() finds it.
std::string name_aside(const std::string& path, const std::string& name, const std::string& pipe) {
  return ".thermos-part." + name.substr(0, kMostOfName) + "." + hex(sha256(path + '\0' + pipe), 8);
}

}  // namespace

// ---- sent --------------------------------------------------------------------------------------

std::optional<Failure> FileSource::open(const std::string& path) {
  path_ = path;
  read_ = 0;
  sum_ = {};
  int error_number = EPERM;
  if (const AsUser as_user(disk_.owner); as_user.holds()) {
    const Descriptor sandbox = open_sandbox(disk_);
    // O_NONBLOCK is for a FIFO, which would block here.
    file_ = open_beneath(sandbox.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    error_number = errno;
  }
  if (!file_ && (error_number == ENOENT || error_number == ENOTDIR)) {
    return Failure{false, quoted(path, 200) + " is not in the sandbox"};
  }
  if (!file_) return failure("cannot read", path, error_number);
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0) return failure("cannot read", path, errno);
  if (!S_ISREG(info.st_mode)) return Failure{false, quoted(path, 200) + " is no regular file"};
  facts_ = facts_of(info);
  return std::nullopt;
}

std::optional<Failure> FileSource::read(std::span<std::byte> bytes, std::size_t& size) {
  const std::size_t most = std::min<std::uint64_t>(bytes.size(), facts_.size - read_);
  size = 0;
  while (size < most) {
    const ssize_t got = ::read(file_.get(), bytes.data() + size, most - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("cannot read", path_, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  read_ += size;
  sum_.add({reinterpret_cast<const char*>(bytes.data()), size});
  return std::nullopt;
}

bool FileSource::has_changed() const {
  struct stat info {};
  return ::fstat(file_.get(), &info) != 0 || !carry::is_same_file(facts_of(info), facts_);
}

// ---- coming ------------------------------------------------------------------------------------

bool FileTarget::is_there(const std::string& path, const carry::FileFacts& facts) const {
  const AsUser as_user(disk_.owner);
  if (!as_user.holds()) return false;
  const Descriptor sandbox = open_sandbox(disk_);
  const Descriptor file = open_beneath(sandbox.get(), path, O_PATH);
  struct stat info {};
  return file && ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode) &&
         carry::is_same_file(facts_of(info), facts);
}

std::optional<Failure> FileTarget::begin(const std::string& path, const carry::FileFacts& facts) {
  discard();
  path_ = path;
  unsynced_ = 0;
  sum_ = {};
  const AsUser as_user(disk_.owner);
  if (!as_user.holds()) return failure("cannot write", path, EPERM);
  Place place = find_place(disk_, path, true);
  if (!place.directory) return failure("cannot make the directory of", path, errno);
  const std::string aside = name_aside(path, place.name, disk_.pipe);
  ::unlinkat(place.directory.get(), aside.c_str(), 0);
  file_.reset(::openat(place.directory.get(), aside.c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_) return failure("cannot write", path, errno);
  directory_ = std::move(place.directory);
  name_ = std::move(place.name);
  aside_ = aside;
  if (::fchmod(file_.get(), facts.mode & 0777) == 0) return std::nullopt;
  auto failed = failure("cannot write", path, errno);
  discard();
  return failed;
}

std::optional<Failure> FileTarget::write(std::string_view bytes) {
  sum_.add(bytes);
  for (std::string_view rest = bytes; !rest.empty();) {
    const ssize_t size = ::write(file_.get(), rest.data(), rest.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failure("cannot write", path_, errno);
    rest.remove_prefix(static_cast<std::size_t>(size));
  }
  unsynced_ += bytes.size();
  if (unsynced_ < kSyncEvery) return std::nullopt;
  unsynced_ = 0;
  if (::fdatasync(file_.get()) != 0) return failure("cannot write", path_, errno);
  return std::nullopt;
}

std::optional<Failure> FileTarget::place(const carry::Digest& digest,
                                         const std::function<bool()>& may_place) {
  if (sum_.digest() != digest) {
    return Failure{true, quoted(path_, 200) + " did not come as it was sent"};
  }
  if (::fsync(file_.get()) != 0) return failure("cannot write", path_, errno);
  // The sync may have taken long, and another leader may have the task by now.
  if (!may_place()) return Failure{true, quoted(path_, 200) + " is not for this leader any more"};
  const AsUser as_user(disk_.owner);
  if (!as_user.holds()) return failure("cannot write", path_, EPERM);
  if (!is_aside()) return Failure{true, quoted(path_, 200) + " was removed while it came"};
  if (::renameat(directory_.get(), aside_.c_str(), directory_.get(), name_.c_str()) != 0) {
    const int number = errno;
    Failure failed = failure("cannot write", path_, number);
    failed.retry |= number == ENOENT;  // it was removed just now
    return failed;
  }
  aside_.clear();
  const int error = sync_directory(directory_.get());
  file_.reset();
  directory_.reset();
  if (error != 0) return failure("cannot write", path_, error);
  return std::nullopt;
}

// Whether the file with the temporary name is the one that we write. Two leaders use the same name
// aside, so that it may be the one that the other leader receives.
bool FileTarget::is_aside() const {
  struct stat ours {};
  struct stat there {};
  return ::fstat(file_.get(), &ours) == 0 &&
         ::fstatat(directory_.get(), aside_.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

void FileTarget::discard() {
  if (!aside_.empty()) {
    const AsUser as_user(disk_.owner);
    if (as_user.holds() && is_aside()) ::unlinkat(directory_.get(), aside_.c_str(), 0);
  }
  aside_.clear();
  file_.reset();
  directory_.reset();
}

void FileTarget::remove_leftover(const std::string& path) const {
  const AsUser as_user(disk_.owner);
  if (!as_user.holds()) return;
  const Place place = find_place(disk_, path, false);
  if (!place.directory) return;
  ::unlinkat(place.directory.get(), name_aside(path, place.name, disk_.pipe).c_str(), 0);
}

}  // namespace thermos
