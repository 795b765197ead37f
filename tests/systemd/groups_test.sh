#!/usr/bin/env bash
# Control groups under a real systemd: each run in one of its own, which ends it whole, whatever
# died before; and a service that has none to give away.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=box.sh
. "$(dirname "$(realpath "$0")")/box.sh"

readonly SCOPE=/sys/fs/cgroup/system.slice/thermos-reactor-processes.scope

group_of() { box sed -n 's/^0:://p' "/proc/$1/cgroup"; }
groups_left() { box find "$SCOPE/tasks" -mindepth 1 -type d 2>/dev/null || true; }

# A task whose process leaves something behind that is no child, no member of its session and no
# member of its group, and says who that is.
escaping() {
  cat >"$THERMOS_BOX/share/escape.json" <<'END'
{"name": "escape", "processes": [{"name": "work", "min_duration": 0, "cmdline":
  "(setsid setsid sh -c 'echo $$ >/box/escaped; exec sleep infinity' &); exec sleep infinity"}]}
END
  [ -p "$THERMOS_BOX/share/escaped" ] || mkfifo "$THERMOS_BOX/share/escaped"
}

install_build
boot
start_service

step "the fork server dies, and the scope with it: the launches wait for another scope"
box pkill --signal KILL --exact thermos-forks
cat >"$THERMOS_BOX/share/first.json" <<'END'
{"name": "first", "processes": [{"name": "work", "cmdline": "exec sleep infinity"}]}
END
box thermos submit --task-id first /box/first.json
run=$(event first '.run == 0 and .state == "RUNNING"' | jq .pid)
coordinator=$(event first '.run == 0 and .state == "FORKED"' | jq .coordinator_pid)
is "group of the process" "${SCOPE#/sys/fs/cgroup}/tasks/first/work.0" "$(group_of "$run")"
is "group of the coordinator" "${SCOPE#/sys/fs/cgroup}/coordinators" "$(group_of "$coordinator")"
box thermos kill --wait 0 first

step "a scope that systemd has started for a fork server that was dead already is empty, and stays"
box systemctl stop thermos-reactor
cp "$BUILD/bin/start_scope" "$THERMOS_BOX/share"
mkfifo "$THERMOS_BOX/share/dead"
exec 6<>"$THERMOS_BOX/share/dead"
box sh -c 'sleep infinity & echo $! >/box/dead; exec sleep infinity' &
read -r dead <&6
parent=$(box ps -o ppid= -p "$dead")
until [ "$(box ps -o comm= -p "${parent// /}")" = sleep ]; do :; done # it reaps nobody
box kill -KILL "$dead"
until [[ "$(box ps -o stat= -p "$dead")" == Z* ]]; do :; done
box /box/start_scope "${SCOPE##*/}" "$dead"
is "the scope" active "$(box systemctl is-active "${SCOPE##*/}")"
is "who is in it" "" "$(box cat "$SCOPE/cgroup.procs")"
box systemctl start thermos-reactor
box thermos submit --task-id second /box/first.json
run=$(event second '.run == 0 and .state == "RUNNING"' | jq .pid)
is "group of the process" "${SCOPE#/sys/fs/cgroup}/tasks/second/work.0" "$(group_of "$run")"
box thermos kill --wait 0 second
box pkill --exact sleep

step "each run has its group, and coordinators have theirs"
escaping
exec 8<>"$THERMOS_BOX/share/escaped"
box thermos submit --task-id escape /box/escape.json
read -r escaped <&8
run=$(event escape '.run == 0 and .state == "RUNNING"' | jq .pid)
coordinator=$(event escape '.run == 0 and .state == "FORKED"' | jq .coordinator_pid)
is "group of the process" "${SCOPE#/sys/fs/cgroup}/tasks/escape/work.0" "$(group_of "$run")"
is "group of what escaped" "$(group_of "$run")" "$(group_of "$escaped")"
is "group of the coordinator" "${SCOPE#/sys/fs/cgroup}/coordinators" "$(group_of "$coordinator")"
is "group of the daemon" /system.slice/thermos-reactor.service "$(group_of "$(main_pid)")"

step "an adopted coordinator dies: what escaped it is ended"
box systemctl restart thermos-reactor
box kill -9 "$coordinator"
event escape '.run == 0 and .state == "LOST"' >/dev/null
read -r again <&8  # the next run has begun: then all of the first is gone
if box kill -0 "$run" 2>/dev/null; then fail "the process lives on"; fi
if box kill -0 "$escaped" 2>/dev/null; then fail "what escaped lives on"; fi
is "groups" "work.1" "$(box ls -F "$SCOPE/tasks/escape" | sed -n 's|/$||p')"

step "all die while no daemon runs: the next one clears up"
run=$(event escape '.run == 1 and .state == "RUNNING"' | jq .pid)
coordinator=$(event escape '.run == 1 and .state == "FORKED"' | jq .coordinator_pid)
box systemctl stop thermos-reactor
box kill -9 "$coordinator" "$run"
box kill -0 "$again" || fail "what escaped died too early to tell"
box systemctl start thermos-reactor
read -r third <&8
if box kill -0 "$again" 2>/dev/null; then fail "what escaped lives on"; fi
is "groups" "work.2" "$(box ls -F "$SCOPE/tasks/escape" | sed -n 's|/$||p')"

step "a kill ends what breeds faster than one can look"
cat >"$THERMOS_BOX/share/breed.json" <<'END'
{"name": "breed", "processes": [{"name": "work", "cmdline":
  "trap '' TERM; f() { (trap '' TERM; echo >/box/bred; setsid setsid sleep infinity & f) & }; f; sleep infinity"}]}
END
mkfifo "$THERMOS_BOX/share/bred"
exec 7<>"$THERMOS_BOX/share/bred"
box thermos submit --task-id breed /box/breed.json
for _ in {1..100}; do read -r <&7; done
box thermos kill --wait 0 breed
box thermos kill --wait 0 escape
if box kill -0 "$third" 2>/dev/null; then fail "what escaped lives on"; fi
is "groups left" "" "$(groups_left)"
is "sleepers left" "" "$(box pgrep --exact sleep || true)"

step "limits"
controllers=$(box cat "$SCOPE/cgroup.controllers")
if [[ " $controllers " == *" memory "* ]]; then
  cat >"$THERMOS_BOX/share/large.json" <<'END'
{"name": "large", "processes": [
  {"name": "work", "cmdline": "tail /dev/zero; exit 3", "resources": {"cpu": 0.5, "ram": 67108864}}]}
END
  box thermos submit --task-id large /box/large.json
  is "the reason" "killed by the kernel: out of memory, memory.max 64 MiB" \
    "$(event large '.state == "FAILED" and .kind == "process"' | jq -r .reason)"
  # What runs on under another configuration has its task's new limits at once.
  limited() {
    jq -n --argjson resources "$1" '{name: "kept", resources: $resources, processes: [
      {name: "work", cmdline: "exec sleep infinity"}]}' >"$THERMOS_BOX/share/kept.json"
  }
  task_limits() { box cat "$SCOPE/tasks/kept/cpu.max" "$SCOPE/tasks/kept/memory.max" | paste -sd ,; }
  limited '{"cpu": 0.5, "ram": 67108864}'
  box thermos submit --task-id kept /box/kept.json
  kept=$(event kept '.run == 0 and .state == "RUNNING"' | jq .pid)
  is "limits of the task" "50000 100000,67108864" "$(task_limits)"
  limited '{"ram": 134217728}'
  box thermos submit --replace --task-id kept /box/kept.json
  is "limits of the task, changed" "max 100000,134217728" "$(task_limits)"
  box kill -0 "$kept" || fail "what was kept has ended"
  box thermos kill --wait 0 kept
else
  echo "NOT TRIED: limits; the controllers here are '$controllers', without memory and cpu"
fi

step "a service without delegation"
box systemctl stop thermos-reactor
box sh -c 'mkdir -p /run/systemd/system/thermos-reactor.service.d
  printf "[Service]\nDelegate=no\n" >/run/systemd/system/thermos-reactor.service.d/own.conf'
box systemctl daemon-reload
box systemctl start thermos-reactor
escaping
box thermos submit --task-id escape2 /box/escape.json
read -r escaped <&8
is "group of what escaped" /system.slice/thermos-reactor.service "$(group_of "$escaped")"
box thermos drill
box thermos kill --wait 0 escape2
is "sleepers left" "" "$(box pgrep --exact sleep || true)"

step "what is left"
box systemctl stop thermos-reactor
is "coordinators and fork servers" "" "$(box ps -eo pid=,comm= | grep -E ' (coordinator|thermos-)' || true)"
power_off
step "all is well"
