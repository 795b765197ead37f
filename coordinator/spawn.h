// Starts a process's shell, or its program, in a child that shares our memory until its exec
// (CLONE_VM, CLONE_VFORK). So the page tables are not copied, and the child reports a failed step
// in a plain variable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "capnp/launch.h"
#include "coordinator/line_buffer.h"

namespace thermos::coordinator {

// The step that failed, in the order in which the child takes them. None: the shell runs.
enum class SpawnStep : std::uint8_t {
  None,
  Notify,  // before there is a child
  Clone,
  Files,
  Group,
  Root,
  Groups,
  Gid,
  Uid,
  Input,
  Directory,
  Subdirectory,
  Program,
  Copy
};

struct SpawnRequest {
  const LaunchView* launch = nullptr;
  int null = -1;  // becomes stdin, unless the launch names an input
  int out = -1;
  int err = -1;
  int group = -1;  // the directory of its control group; -1: none
  // If not nullptr, no program is run: this file, outside of the root, is copied to `out` with the
  // user's rights. `out` must not block.
  const char* copied = nullptr;
};

struct SpawnResult {
  std::int32_t pid = 0;  // 0: there was no child (step is Clone)
  SpawnStep step = SpawnStep::None;
  int error_number = 0;
  // Whether a temporary shortage of pids, memory or files caused the failure.
  bool worth_retrying() const;
  // Appends why the spawn failed, as "cannot enter directory /x: No such file or directory".
  void describe(const SpawnRequest& request, LineBuffer& text) const;
};

// Runs the launch's arguments, or else its cmdline by /bin/bash -c, with its environment,
// directory, input, root and user, in a process group of its own, with every signal at its default
// and none blocked, and with no descriptor but 0, 1 and 2. A program without a '/' is searched for
// in the PATH of that environment. Files are opened and directories made with that user's rights,
// inside the root. Returns when the child has executed the program or has ended; the caller reaps a
// child that failed. The child uses `stack` until then. REQUIRES: hold_all_signals() was called.
SpawnResult spawn(const SpawnRequest& request, std::span<std::byte> stack);

}  // namespace thermos::coordinator
