#include "reactor/os/path_control.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <string_view>
#include <utility>

#include "reactor/os/descriptor.h"
#include "reactor/os/errors.h"

namespace thermos {
namespace {

constexpr int kMostLinks = 40;

// Puts the names in `path` before the remaining steps.
void put_before(std::deque<std::string>& steps, std::string_view path) {
  std::deque<std::string> more;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) more.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  steps.insert(steps.begin(), more.begin(), more.end());
}

class Walk {
 public:
  explicit Walk(const std::string& path) : path_(path) { put_before(steps_, path); }

  Result<std::set<uid_t>> carry_out();

 private:
  bool from(const char* start);
  Status note(const struct stat& info, bool last);
  Status step();

  const std::string& path_;
  std::deque<std::string> steps_;
  Descriptor at_;
  std::set<uid_t> users_;
  int links_ = 0;
  bool ends_ = false;
};

bool Walk::from(const char* start) {
  at_.reset(::open(start, O_PATH | O_DIRECTORY | O_CLOEXEC));
  return static_cast<bool>(at_);
}

Status Walk::note(const struct stat& info, bool last) {
  if (info.st_uid != 0) users_.insert(info.st_uid);
  if (!S_ISDIR(info.st_mode)) return Done{};
  // Gid 0 is root's own group.
  const bool group = (info.st_mode & S_IWGRP) != 0 && info.st_gid != 0;
  const bool others = (info.st_mode & S_IWOTH) != 0;
  // In a sticky directory, other users cannot rename or remove an existing entry. But if the sticky
  // directory is the end of the path, anybody can create entries in it.
  const bool sticky = (info.st_mode & S_ISVTX) != 0 && !last;
  if ((!group && !others) || sticky) return Done{};
  return Error{ErrorCode::NotPermitted,
               path_ +
                   ": others than its owner can write to it, or to a directory above it, so "
                   "root removes nothing there: take the right from them, or let the owner "
                   "remove it"};
}

Status Walk::step() {
  const std::string name = std::move(steps_.front());
  steps_.pop_front();
  Descriptor next(::openat(at_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!next || ::fstat(next.get(), &info) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) return system_error(path_, errno);
    ends_ = true;
    return Done{};
  }
  if (Status noted = note(info, steps_.empty()); !noted) return noted;
  if (!S_ISLNK(info.st_mode)) {
    at_ = std::move(next);
    return Done{};
  }
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlinkat(next.get(), "", target.data(), target.size());
  if (length < 0) return system_error(path_, errno);
  if (++links_ > kMostLinks) return system_error(path_, ELOOP);
  const std::string_view leads_to(target.data(), static_cast<std::size_t>(length));
  if (leads_to.starts_with("/") && !from("/")) return system_error("/", errno);
  put_before(steps_, leads_to);
  return Done{};
}

Result<std::set<uid_t>> Walk::carry_out() {
  if (!from(path_.starts_with("/") ? "/" : ".")) return system_error(path_, errno);
  struct stat info {};
  if (::fstat(at_.get(), &info) != 0) return system_error(path_, errno);
  if (Status noted = note(info, steps_.empty()); !noted) return noted.error();
  while (!steps_.empty() && !ends_) {
    if (Status gone = step(); !gone) return gone.error();
  }
  return std::move(users_);
}

}  // namespace

Result<std::set<uid_t>> controllers_of(const std::string& path) {
  return Walk(path).carry_out();
}

}  // namespace thermos
