#include "reactor/os/account.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace thermos {
namespace {

// Calls one of the getpw*_r functions with a buffer that is large enough, and a second time if it
// found no user, because a shortage of descriptors looks the same.
template <typename Ask>
std::optional<Account> ask(const Ask& lookup) {
  std::vector<char> room(1024);
  bool again = true;
  for (;;) {
    passwd entry{};
    passwd* found = nullptr;
    const int error = lookup(&entry, room.data(), room.size(), &found);
    if (error == ERANGE) {
      room.resize(room.size() * 2);
      continue;
    }
    if (found == nullptr && again) {
      again = false;
      continue;
    }
    if (found == nullptr) return std::nullopt;
    return Account{found->pw_name, found->pw_uid, found->pw_gid};
  }
}

}  // namespace

Account caller_account() {
  const uid_t uid = ::geteuid();
  return find_account(uid).value_or(Account{std::to_string(uid), uid, ::getegid()});
}

std::optional<Account> find_account(uid_t uid) {
  return ask([uid](passwd* entry, char* room, std::size_t size, passwd** found) {
    return ::getpwuid_r(uid, entry, room, size, found);
  });
}

std::optional<Account> find_account(const std::string& name) {
  return ask([&name](passwd* entry, char* room, std::size_t size, passwd** found) {
    return ::getpwnam_r(name.c_str(), entry, room, size, found);
  });
}

int user_lookup_error() {
  const int fd = ::open("/etc/passwd", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    ::close(fd);
    return 0;
  }
  return errno == ENOENT ? 0 : errno;
}

}  // namespace thermos
