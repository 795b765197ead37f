// The system's users (getpwnam(3)).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace thermos {

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

// The user that this program runs as (its effective uid). If it has no name, its number is the
// name.
Account caller_account();
// Looks a user up by name or by number. Returns nothing if there is no such user, and also if the
// lookup failed: see user_lookup_error().
std::optional<Account> find_account(const std::string& name);
std::optional<Account> find_account(uid_t uid);
// Returns the errno with which /etc/passwd cannot be opened, or 0. The C library reports a missing
// user and a lookup that failed for lack of a descriptor in the same way; this call tells them
// apart.
int user_lookup_error();

}  // namespace thermos
