# shellcheck shell=bash disable=SC2154
# A daemon with very many small tasks. Sourced by compare.sh.

daemon_tasks=${TASKS:-20000}

# load AT_ONCE: a daemon of its own, 50 clients, and so many tasks at once.
load() {
  local pid
  rm -rf "$work/root"
  "$bin/thermos-reactor" --root "$work/root" --socket "$work/socket" --sync power \
    >"$notes/output" 2>&1 &
  pid=$!
  started+=("$pid")
  until [ -S "$work/socket" ]; do
    kill -0 "$pid" 2>/dev/null || { tail -1 "$notes/output" >&2 && return 1; }
    sleep 0.1
  done
  "$bin/daemon_load" "$work/socket" 50 "$1" "$daemon_tasks" "$work/task.json"
  kill "$pid"
  wait "$pid" 2>/dev/null || true
}

section_daemon() {
  write_task "$work/task.json" 1 0 free true
  echo "daemon: $daemon_tasks tasks of one \"bash -c true\", 50 clients, power; CPU and RSS of the daemon"
  say_standing "$place"
  echo "50 at once:"
  load 50
  echo "1,000 at once:"
  load 1000
  section_daemon_peers
}

# The same without a daemon's record: jobs of task-spooler, and in a booted systemd transient units and jobs of at,
# beside tasks of the service there. Each has a client of its own, which is most of what it costs.
section_daemon_peers() {
  local begin
  echo "1,000 jobs of task-spooler, 50 at a time, one client after the other:"
  prepare 1000 50 free true
  begin=$(now)
  if try_task_spooler >"$notes/output" 2>&1; then
    awk -v t="$(($(now) - begin))" 'BEGIN { printf "%22.0f tasks/s\n", 1000 / t * 1e6 }'
  else
    echo "absent"
  fi
  echo "in a booted systemd, its disk in memory, 500 jobs with a client each, 50 at a time, in turns, jobs/s:"
  "$here/compare/in_a_box.sh" "$PWD/build" 500 50 3 || true
}
