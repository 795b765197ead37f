// Acting on files as another user for a moment: what that user may not do, fails, wherever the
// links lead that they put in the way.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace thermos {

// Whose files a task's are. `change`: not who we are ourselves.
struct FileOwner {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;
  bool change = false;
};

// While it lives, files are opened and made as `owner`, with their groups and without root's
// privileges over files. The calling thread only. Ends the program should we fail to become
// ourselves again: to go on as a half would be worse.
class AsUser {
 public:
  explicit AsUser(const FileOwner& owner);
  ~AsUser();
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;

  // False: we could not become them, and nothing may be done in their name.
  bool holds() const { return holds_; }

 private:
  bool changed_ = false;
  bool holds_ = true;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  std::vector<gid_t> groups_;
};

}  // namespace thermos
