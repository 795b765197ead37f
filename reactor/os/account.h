// Who runs this, and who a task is to run as.
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

// Whoever this program acts as. One without a name is called by number.
Account caller_account();
// Nothing when the system knows no such user.
std::optional<Account> find_account(const std::string& name);
std::optional<Account> find_account(uid_t uid);
// What keeps the list of users from being read, as an errno; 0: nothing. The C library says the
// same when it finds nobody and when it lacks a descriptor to look.
int user_lookup_error();

}  // namespace thermos
