// Starting a process's shell: a child that shares our memory until its exec, so that it costs no
// copy of our page tables and can say in plain variables what it failed at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "capnp/launch.h"
#include "coordinator/text.h"

namespace thermos::coordinator {

// What the child does, in order. None: it got as far as running the shell.
enum class SpawnStep : std::uint8_t {
  None,
  Clone,
  Files,
  Group,
  Root,
  Groups,
  Gid,
  Uid,
  Directory,
  Shell
};

struct SpawnRequest {
  const LaunchView* launch = nullptr;
  const char* const* environment = nullptr;  // NULL-terminated
  std::span<const std::uint32_t> groups;
  int null = -1;  // becomes stdin
  int out = -1;
  int err = -1;
  int group = -1;  // the directory of its control group; -1: none
};

struct SpawnResult {
  std::int32_t pid = 0;  // 0: there was no child (step is Clone)
  SpawnStep step = SpawnStep::None;
  int error_number = 0;
  // The machine was short of pids, memory or files, and later it may not be.
  bool worth_retrying() const;
  // Why it failed, for people: "cannot enter directory /x: No such file or directory".
  void describe(const SpawnRequest& request, Text& text) const;
};

// Runs /bin/bash -c with the launch's environment, directory, root and user; in a process group of
// its own, every signal at its default and none blocked, with no descriptor but 0, 1 and 2. Returns
// once the child has run the shell or ended; a child that failed is still to be reaped. `stack` is
// the child's until then. REQUIRES: hold_all_signals().
SpawnResult spawn_shell(const SpawnRequest& request, std::span<std::byte> stack);

}  // namespace thermos::coordinator
