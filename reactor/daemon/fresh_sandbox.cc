#include "reactor/daemon/fresh_sandbox.h"

#include <unistd.h>

#include "reactor/os/descriptor.h"
#include "reactor/os/files.h"
#include "reactor/store/run_logs.h"
#include "reactor/store/task_store.h"

namespace thermos {

FreshSandbox::~FreshSandbox() {
  if (made_) rmdir(path_.c_str());
}

Status FreshSandbox::make(const std::string& path, const FileOwner& owner) {
  path_ = path;
  // Only root can write to the directory above, so no other user can have put anything there.
  if (auto above = make_directories(path.substr(0, path.rfind('/')), kTaskDirectoryMode); !above)
    return above;
  Descriptor directory;
  if (auto error = make_private_directory(path, owner, made_, directory)) {
    return Error{ErrorCode::System, error->reason};
  }
  return Done{};
}

}  // namespace thermos
