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
}
