// Makes the child of spawn(): it shares our memory until its exec, and is born in its control
// group.
#pragma once

#include <cstddef>
#include <span>

namespace thermos::coordinator {

// Runs `child` with `argument` in a child that shares our memory, and returns when the child has
// executed a program or has ended (CLONE_VM, CLONE_VFORK). `child` must not return. The child uses
// `stack` until then. `group` is the directory of a control group (version 2), or -1. `in_group`
// tells the child whether it was born in this group; if not, it has to enter the group itself.
// Returns the pid, or -1 with errno.
//
// CLONE_INTO_CGROUP (Linux 5.7) is used where it works, because a write to cgroup.procs takes a
// lock of all processes of the machine (cgroup_threadgroup_rwsem).
int clone_child(int (*child)(void*), void* argument, std::span<std::byte> stack, int group,
                volatile bool& in_group);

}  // namespace thermos::coordinator
