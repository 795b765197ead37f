#include "reactor/os/as_user.h"

#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include <spdlog/spdlog.h>

namespace thermos {
namespace {

// Makes the system call itself, because the C library's setgroups() changes all threads.
bool set_groups(const std::vector<gid_t>& groups) {
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
}

// setfsuid() reports no failure. With an invalid user it changes nothing and returns the current
// one.
uid_t current_uid() {
  return static_cast<uid_t>(::setfsuid(static_cast<uid_t>(-1)));
}
gid_t current_gid() {
  return static_cast<gid_t>(::setfsgid(static_cast<gid_t>(-1)));
}

}  // namespace

AsUser::AsUser(const FileOwner& owner) {
  if (!owner.change) return;
  const int count = ::getgroups(0, nullptr);
  if (count < 0) {
    holds_ = false;
    return;
  }
  groups_.resize(static_cast<std::size_t>(count));
  if (::getgroups(count, groups_.data()) != count) {
    holds_ = false;
    return;
  }
  uid_ = current_uid();
  gid_ = current_gid();
  changed_ = true;
  // The user last, because the other two calls need root's rights.
  holds_ = set_groups(owner.groups);
  ::setfsgid(owner.gid);
  ::setfsuid(owner.uid);
  holds_ = holds_ && current_uid() == owner.uid && current_gid() == owner.gid;
}

AsUser::~AsUser() {
  if (!changed_) return;
  ::setfsuid(uid_);
  ::setfsgid(gid_);
  if (set_groups(groups_) && current_uid() == uid_ && current_gid() == gid_) return;
  spdlog::critical("cannot become uid {} again", uid_);
  std::abort();
}

Error cannot_act_as(const FileOwner& owner) {
  return {ErrorCode::System, "cannot act as " + owner.name};
}

}  // namespace thermos
