#include "reactor/observe/sandbox_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "reactor/os/errors.h"

namespace thermos::observe {
namespace {

constexpr int kStep = O_PATH | O_NOFOLLOW | O_CLOEXEC;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::string_view kind_of(mode_t mode) {
  if (S_ISREG(mode)) return "file";
  if (S_ISDIR(mode)) return "directory";
  if (S_ISLNK(mode)) return "link";
  if (S_ISFIFO(mode)) return "fifo";
  return S_ISSOCK(mode) ? "socket" : "device";
}

Error failure(const std::string& path, int error_number) {
  Error error = system_error(printable(path), error_number);
  if (error_number == ELOOP || error_number == ENAMETOOLONG) error.code = ErrorCode::NotPermitted;
  return error;
}

Error not_shown(const std::string& path, std::string_view kind) {
  return Error{ErrorCode::NotPermitted,
               printable(path) + " is a " + std::string(kind) + ", which is not followed or read"};
}

// Goes one name down. O_PATH opens a link itself instead of following it, and does not open a
// device's driver.
Result<struct stat> step(Descriptor& at, const std::string& name, const std::string& path) {
  Descriptor below(::openat(at.get(), name.c_str(), kStep));
  if (!below) return failure(path, errno);
  struct stat info {};
  if (::fstat(below.get(), &info) != 0) return failure(path, errno);
  at = std::move(below);
  return info;
}

Json entry_json(int directory, const char* name) {
  Json json = Json::object();
  json["name"] = name;
  json["href"] = percent_encoded(name);
  struct stat info {};
  if (::fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    json["error"] = error_text(errno);
    return json;
  }
  json["kind"] = kind_of(info.st_mode);
  if (S_ISREG(info.st_mode)) json["size"] = info.st_size;
  json["modify_time"] =
      static_cast<double>(info.st_mtim.tv_sec) + static_cast<double>(info.st_mtim.tv_nsec) * 1e-9;
  if (S_ISLNK(info.st_mode)) {
    std::array<char, 4096> target;
    const ssize_t size = ::readlinkat(directory, name, target.data(), target.size());
    if (size > 0) json["target"] = std::string(target.data(), static_cast<std::size_t>(size));
  }
  return json;
}

Result<Json> listing_of(const Descriptor& at, const std::string& path) {
  // A descriptor with O_PATH can't be read from.
  Descriptor readable(::openat(at.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!readable) return failure(path, errno);
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(readable.get()));
  if (!directory) return failure(path, errno);
  readable.release();
  std::vector<std::string> names;
  bool more = false;
  while (const dirent* const entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    more = names.size() == kMostEntries;
    if (more) break;
    names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  Json entries = Json::array();
  for (const std::string& name : names) {
    entries.push_back(entry_json(::dirfd(directory.get()), name.c_str()));
  }
  Json json = Json::object();
  json["path"] = path;
  json["entries"] = std::move(entries);
  if (more) json["more"] = true;
  return json;
}

// The same check as LogDirectory::open() makes for a log. If root reads with its own rights, a file
// of another user that has a second name may have been linked into the sandbox.
Status check_owner(const struct stat& info, const FileOwner& reader, const std::string& path) {
  if (::geteuid() != 0 || reader.change) return Done{};
  if (info.st_nlink > 1 && info.st_uid != reader.uid) {
    return not_shown(path, "file of another user that has another name, too");
  }
  return Done{};
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4U];
    encoded += kDigits[byte & 15U];
  }
  return encoded;
}

Result<SandboxFile> open_in_sandbox(const RunnerHeader& header, const FileOwner& reader,
                                    const std::vector<std::string>& names) {
  const AsUser self(reader);
  if (!self.holds()) return cannot_act_as(reader);
  Descriptor at(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!at) return failure("/", errno);
  struct stat info {};
  std::string path;
  const auto down = [&](const std::string& name) -> Status {
    path += "/" + name;
    const auto below = step(at, name, path);
    if (!below) return below.error();
    info = *below;
    if (S_ISLNK(info.st_mode)) return not_shown(path, "link");
    return Done{};
  };
  std::string_view way = header.sandbox;
  info.st_mode = S_IFDIR;
  while (!way.empty()) {
    const std::size_t end = std::min(way.find('/'), way.size());
    const std::string name(way.substr(0, end));
    way.remove_prefix(std::min(end + 1, way.size()));
    if (name.empty() || name == ".") continue;
    if (Status entered = down(name); !entered) return entered.error();
  }
  for (const std::string& name : names) {
    if (Status entered = down(name); !entered) return entered.error();
  }
  SandboxFile found;
  if (S_ISDIR(info.st_mode)) {
    std::string shown;
    for (const std::string& name : names) shown += (shown.empty() ? "" : "/") + name;
    Result<Json> listing = listing_of(at, shown);
    if (!listing) return listing.error();
    found.listing = std::move(*listing);
    return found;
  }
  if (!S_ISREG(info.st_mode)) return not_shown(path, kind_of(info.st_mode));
  if (Status good = check_owner(info, reader, path); !good) return good.error();
  // Opens the very file that was checked, even if its name means another file by now.
  const std::string same = "/proc/self/fd/" + std::to_string(at.get());
  found.file.reset(::open(same.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!found.file) return failure(path, errno);
  found.size = static_cast<std::uint64_t>(info.st_size);
  return found;
}

}  // namespace thermos::observe
