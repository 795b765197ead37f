#include "reactor/store/file_owner_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "reactor/os/account.h"

namespace thermos {

std::string foreign_file(const Paths& paths, const TaskEntry& task, std::optional<uid_t> also) {
  const std::string file = task.directory == TaskDirectory::Active ? paths.active_task(task.id)
                                                                   : paths.finished_task(task.id);
  for (const std::string& path :
       {file, paths.checkpoint_dir(task.id), paths.runner_stream(task.id)}) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || info.st_uid == ::geteuid()) continue;
    if (also && info.st_uid == *also) continue;
    return path + " belongs to uid " + std::to_string(info.st_uid);
  }
  return {};
}

Status check_own_files(const Paths& paths, const TaskEntry& task, const std::string& user) {
  const std::optional<Account> account = find_account(user);
  const std::string foreign =
      foreign_file(paths, task, account ? std::optional(account->uid) : std::nullopt);
  if (foreign.empty()) return Done{};
  return Error{ErrorCode::NotPermitted,
               foreign + ", who could have you run anything: do this as that user"};
}

}  // namespace thermos
