// The sandbox that the daemon makes for a task.
#pragma once

#include <string>

#include "core/base/result.h"
#include "reactor/os/as_user.h"

namespace thermos {

// A directory made for a task that then was not made goes away again.
class FreshSandbox {
 public:
  FreshSandbox() = default;
  ~FreshSandbox();
  FreshSandbox(const FreshSandbox&) = delete;
  FreshSandbox& operator=(const FreshSandbox&) = delete;

  // Makes the directory for `owner` alone, or takes the one that is there and theirs.
  Status make(const std::string& path, const FileOwner& owner);
  // The task is made.
  void keep() { made_ = false; }

 private:
  std::string path_;
  bool made_ = false;
};

}  // namespace thermos
