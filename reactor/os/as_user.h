// Accesses files with another user's rights for a moment, so that a symbolic link made by the user
// cannot lead root to a file that the user may not access.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace thermos {

// The owner of a task's files. `change` is true if the owner is not the user that this program runs
// as.
struct FileOwner {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;
  bool change = false;
};

// While this object lives, the calling thread opens and creates files as `owner`, with the owner's
// groups and without root's capabilities over files (setfsuid(2)). Does nothing unless
// owner.change. The destructor aborts the program if it cannot restore the identity, because
// nothing could then be trusted to run with the right one.
class AsUser {
 public:
  explicit AsUser(const FileOwner& owner);
  ~AsUser();
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;

  // False if the identity could not be changed completely. The caller must not access files then.
  bool holds() const { return holds_; }

 private:
  bool changed_ = false;
  bool holds_ = true;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  std::vector<gid_t> groups_;
};

// The error where an AsUser of `owner` does not hold.
Error cannot_act_as(const FileOwner& owner);

}  // namespace thermos
