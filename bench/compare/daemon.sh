# shellcheck shell=bash disable=SC2154
# A daemon with very many small tasks. Sourced by compare.sh.

daemon_tasks=${TASKS:-20000}
daemon_clients=${CLIENTS:-50}
spooled=${SPOOLED:-1000}
box_jobs=${BOX_JOBS:-500}
box_at_once=${BOX_AT_ONCE:-50}

# flushes: how often a disk in a file of its own was told to bring what it holds to the file, by now. Of a disk
# that others write to as well it says nothing, as of a kernel that does not count it.
flushes() {
  local device
  device=$(basename "$(df --output=source "$work" | tail -1)")
  if [[ $device == loop* ]]; then awk 'NF >= 16 { print $16 }' "/sys/class/block/$device/stat"; fi
}

# load AT_ONCE: a daemon of its own, its clients, and so many tasks at once.
load() {
  local pid before after
  rm -rf "$work/root"
  "$bin/thermos-reactor" --root "$work/root" --socket "$work/socket" --sync power \
    >"$notes/output" 2>&1 &
  pid=$!
  started+=("$pid")
  until [ -S "$work/socket" ]; do
    kill -0 "$pid" 2>/dev/null || { tail -1 "$notes/output" >&2 && return 1; }
    sleep 0.1
  done
  before=$(flushes)
  "$bin/daemon_load" "$work/socket" "$daemon_clients" "$1" "$daemon_tasks" "$work/task.json"
  after=$(flushes)
  if [ -n "$before" ]; then
    awk -v a="$before" -v b="$after" -v n="$daemon_tasks" 'BEGIN {
      printf "flushes of the disk: %d, %.2f a task\n", b - a, (b - a) / n }'
  else
    echo "flushes of the disk: not counted here"
  fi
  kill "$pid"
  wait "$pid" 2>/dev/null || true
}

section_daemon() {
  local at_once
  write_task "$work/task.json" 1 0 free true
  echo "daemon: $daemon_tasks tasks of one \"bash -c true\", $daemon_clients clients, power; CPU and RSS of the daemon"
  say_standing "$place"
  for at_once in ${AT_ONCE:-50 1000}; do
    echo "$at_once at once:"
    load "$at_once"
  done
  bare_flushes 100
  section_daemon_peers
}

# What one line that is appended and waited for (fdatasync) costs this disk.
bare_flushes() {
  local before after
  before=$(flushes)
  if [ -z "$before" ]; then return; fi
  "$bin/bare_spawn" --sync "$work/journal" "$1" 1 true
  after=$(flushes)
  awk -v a="$before" -v b="$after" -v n="$1" 'BEGIN {
    printf "flushes of a bare loop that appends a line and waits for it each step: %.2f a step\n", (b - a) / n }'
}

# The same without a daemon's record: jobs of task-spooler, and in a booted systemd transient units and jobs of at,
# beside tasks of the service there. Each has a client of its own, which is most of what it costs.
section_daemon_peers() {
  local begin status=0
  echo "$spooled jobs of task-spooler, 50 at a time, one client after the other, where the daemon was:"
  prepare "$spooled" 50 free true
  begin=$(now)
  if try_task_spooler >"$notes/output" 2>&1; then
    awk -v t="$(($(now) - begin))" -v n="$spooled" 'BEGIN { printf "%22.0f tasks/s\n", n / t * 1e6 }'
  else
    echo "absent"
  fi
  if [ "$box_jobs" -eq 0 ]; then return; fi
  echo "in a booted systemd, its disk in memory, $box_jobs jobs with a client each, $box_at_once at a time," \
    "in turns, jobs/s:"
  # What is measured there is installed, and only a build directory can be.
  if [ ! -e "$(dirname "$bin")/CMakeCache.txt" ]; then
    echo "absent: $bin is not in a build directory"
    return
  fi
  "$here/compare/in_a_box.sh" "$(dirname "$bin")" "$box_jobs" "$box_at_once" "${BOX_ROUNDS:-3}" || status=$?
  case $status in
    0) ;;
    77) echo "absent" ;; # it has said why
    *) return "$status" ;;
  esac
}
