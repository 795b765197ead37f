// The sandbox that the daemon makes for a task.
#pragma once

#include <string>

#include "core/base/result.h"
#include "reactor/os/as_user.h"

namespace thermos {

// Removes the directory again if the task was not created after all.
class FreshSandbox {
 public:
  FreshSandbox() = default;
  ~FreshSandbox();
  FreshSandbox(const FreshSandbox&) = delete;
  FreshSandbox& operator=(const FreshSandbox&) = delete;

  // Creates the directory `path` (0700) for `owner`, or takes one that exists and is theirs. Fails
  // with System.
  Status make(const std::string& path, const FileOwner& owner);
  // The task was created: the directory stays.
  void keep() { made_ = false; }

 private:
  std::string path_;
  bool made_ = false;
};

}  // namespace thermos
