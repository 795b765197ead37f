# shellcheck shell=bash disable=SC2154
# What processes cost while they run: memory and wake-ups, and very many at once. Sourced by
# compare.sh.

sleepers=${SLEEPERS:-1000}
watch_seconds=${WATCH_SECONDS:-10}

# wait_until COUNT COMMAND: until as many processes run that command under us, at most two minutes.
wait_until() {
  local i
  for ((i = 0; i < 600; i++)); do
    if [ "$(pgrep -c -f "$2")" -ge "$1" ]; then return 0; fi
    sleep 0.2
  done
  echo "only $(pgrep -c -f "$2") of $1 came to run" >&2
  return 1
}

wait_gone() {
  local i
  for ((i = 0; i < 600; i++)); do
    if [ "$(pgrep -c -f "$1")" -eq 0 ]; then return 0; fi
    sleep 0.2
  done
}

# cost NAME PIDS: one line of the table.
cost() {
  local count own shared switches
  read -r count own shared switches < <("$bin/process_cost" "$watch_seconds" <<<"$2")
  awk -v n="$1" -v p="$count" -v s="$sleepers" -v a="$own" -v b="$shared" -v w="$switches" \
    -v t="$watch_seconds" 'BEGIN {
      printf "%-28s %10d %14.1f %14.1f %14.1f\n", n, p, a / s, b / s, w / t }'
}

section_memory() {
  local i pid nap children
  echo "memory: $sleepers sleeping processes, the supervisors alone, KiB for each process;" \
    "context switches a second of them all, over $watch_seconds s"
  say_standing "$place"
  printf '%-28s %10s %14s %14s %14s\n' "" supervisors private PSS "switches/s"
  # A time of sleep that nobody else on the machine has, to find them by.
  nap=86$RANDOM

  write_task "$work/task.json" "$sleepers" 0 free "exec sleep $nap"
  "$bin/thermos" --root "$work/root" run --quiet --sync crash --sandbox "$work/sandbox" \
    --task-id sleepers "$work/task.json" >/dev/null 2>&1 &
  pid=$!
  wait_until "$sleepers" "^sleep $nap"
  children=$(pgrep -P "$pid")
  cost "thermos" "$pid
$children"
  cost "  the coordinators" "$(pgrep -P "$pid" coordinator)"
  cost "  the reactor" "$pid"
  "$bin/thermos" --root "$work/root" kill --wait 0 sleepers >/dev/null 2>&1 || true
  wait "$pid" || true
  wait_gone "^sleep $nap"

  if have s6-svscan; then
    for ((i = 0; i < sleepers; i++)); do
      mkdir -p "$work/s6/s$i"
      printf '#!/bin/sh\nexec sleep %s\n' "$nap" >"$work/s6/s$i/run"
      chmod +x "$work/s6/s$i/run"
    done
    s6-svscan -c $((sleepers * 2)) "$work/s6" >/dev/null 2>&1 &
    pid=$!
    started+=("$pid")
    wait_until "$sleepers" "^sleep $nap"
    cost "s6" "$pid
$(pgrep -P "$pid")"
    s6-svscanctl -t "$work/s6"
    wait "$pid" || true
    wait_gone "^sleep $nap"
  else
    echo "s6: absent"
  fi

  if have runsvdir; then
    for ((i = 0; i < sleepers; i++)); do
      mkdir -p "$work/runit/s$i"
      printf '#!/bin/sh\nexec sleep %s\n' "$nap" >"$work/runit/s$i/run"
      chmod +x "$work/runit/s$i/run"
    done
    runsvdir "$work/runit" >/dev/null 2>&1 &
    pid=$!
    started+=("$pid")
    wait_until "$sleepers" "^sleep $nap"
    cost "runit" "$pid
$(pgrep -P "$pid")"
    kill -HUP "$pid"
    wait "$pid" || true
    wait_gone "^sleep $nap"
  else
    echo "runit: absent"
  fi

  if have supervisord; then
    cat >"$work/supervisord.conf" <<END
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=$work/supervisord.pid
minfds=$((sleepers * 8))
[program:s]
command=sleep $nap
numprocs=$sleepers
process_name=s%(process_num)d
stdout_logfile=/dev/null
stdout_logfile_maxbytes=0
stderr_logfile=/dev/null
stderr_logfile_maxbytes=0
END
    supervisord -c "$work/supervisord.conf" >/dev/null 2>&1 &
    pid=$!
    started+=("$pid")
    if wait_until "$sleepers" "^sleep $nap"; then cost "supervisord" "$pid"; fi
    kill "$pid"
    wait "$pid" || true
    wait_gone "^sleep $nap"
  else
    echo "supervisord: absent"
  fi

  if have catatonit; then
    children=
    for ((i = 0; i < sleepers; i++)); do
      catatonit -- sleep "$nap" >/dev/null 2>&1 &
      children+="$!"$'\n'
    done
    wait_until "$sleepers" "^sleep $nap"
    cost "catatonit" "$children"
    # shellcheck disable=SC2086
    kill $children
    wait || true
  else
    echo "catatonit: absent"
  fi
}

# What bare_spawn starts is no group of ours: each is killed by its own number.
# bare_many SIZE NAP: seconds until all run, and until all are killed, into up and down.
bare_many() {
  local pid begin
  begin=$(now)
  "$bin/bare_spawn" "$1" "$1" bash -c "exec sleep $2" >/dev/null 2>&1 &
  pid=$!
  started+=("$pid")
  wait_until "$1" "^sleep $2"
  up=$(($(now) - begin))
  begin=$(now)
  pgrep -P "$pid" | xargs kill -KILL
  wait "$pid" 2>/dev/null || true
  wait_gone "^sleep $2"
  down=$(($(now) - begin))
}

# In turns with a bare loop. DESCRIPTORS=20000 limits those of thermos.
section_many() {
  local size pid nap begin up down reactor bare_up bare_down said
  echo "many at once: seconds until all run, and until all are killed, with ${DESCRIPTORS:-no fewer}" \
    "descriptors; KiB of the reactor; the lines that it wrote to the end; and a bare loop of the same"
  say_standing "$place"
  printf '%-10s %8s %8s %12s %6s %14s %14s\n' processes "all run" killed "reactor RSS" lines \
    "bare, all run" "bare, killed"
  : >"$notes/growth"
  for size in ${MANY:-1000 3000 10000}; do
    nap=86$RANDOM
    bare_many "$size" "$nap"
    bare_up=$up bare_down=$down
    nap=87$RANDOM
    write_task "$work/task.json" "$size" 0 free "exec sleep $nap"
    rm -rf "$work/root"
    begin=$(now)
    (
      if [ -n "${DESCRIPTORS-}" ]; then ulimit -n "$DESCRIPTORS"; fi
      exec "$bin/thermos" --root "$work/root" run --quiet --sync crash --sandbox "$work/sandbox" \
        --task-id many "$work/task.json"
    ) >/dev/null 2>"$notes/said" &
    pid=$!
    started+=("$pid")
    wait_until "$size" "^sleep $nap"
    up=$(($(now) - begin))
    reactor=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")
    begin=$(now)
    "$bin/thermos" --root "$work/root" kill --wait 0 many >/dev/null 2>&1 || true
    wait "$pid" || true
    down=$(($(now) - begin))
    said=$(wc -l <"$notes/said")
    awk -v n="$size" -v u="$up" -v d="$down" -v m="$reactor" -v l="$said" -v x="$bare_up" \
      -v y="$bare_down" 'BEGIN {
      printf "%-10d %8.2f %8.2f %12d %6d %14.2f %14.2f\n", n, u / 1e6, d / 1e6, m, l, x / 1e6, y / 1e6 }'
    echo "$size $up" >>"$notes/growth"
  done
  echo "growth until all run: exponent $(exponent "$notes/growth")"
}

# A child in a control group of its own.
section_groups() {
  local mount group status=0
  echo "groups: a child that is made in a control group, by processes that do it side by side"
  echo "no disk is touched"
  mount=$(findmnt -nt cgroup2 -o TARGET | head -1)
  if [ -z "$mount" ] || ! group=$(mktemp -d "$mount/bench.XXXXXX" 2>/dev/null); then
    echo "absent: no control groups of version 2 that we may make"
    return
  fi
  "$bin/group_cost" "$group" "$jobs" 1 2 8 || status=$?
  rmdir "$group"
  return "$status"
}
