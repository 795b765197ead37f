// The sandbox that the daemon makes for a task.
#pragma once

#include <string>

#include "core/base/result.h"
#include "reactor/os/as_user.h"

namespace thermos {

// Creates a sandbox, and its destructor removes it again if the task was not created after all.
class FreshSandbox {
 public:
  FreshSandbox() = default;
  ~FreshSandbox();
  FreshSandbox(const FreshSandbox&) = delete;
  FreshSandbox& operator=(const FreshSandbox&) = delete;

  // Creates the directory `path` (0700) for `owner`, or uses an existing one that belongs to
  // `owner`. Fails with System.
  Status make(const std::string& path, const FileOwner& owner);
  // The task was created: keeps the directory.
  void keep() { made_ = false; }

 private:
  std::string path_;
  bool made_ = false;
};

}  // namespace thermos
