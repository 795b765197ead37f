#!/usr/bin/env bash
# The service under a real systemd: installed, started, given tasks by root and by an ordinary user,
# restarted, stopped, hung, reloaded and rebooted under them.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=box.sh
. "$(dirname "$(realpath "$0")")/box.sh"

# gate NAME: a task whose process `work` goes on until `open_gate NAME`; then `after` runs. Each run
# of `work` is a line in /box/NAME.runs.
gate() {
  cat >"$THERMOS_BOX/share/$1.json" <<END
{"name": "$1", "processes": [
  {"name": "work", "cmdline": "echo run >>/box/$1.runs; read -r word <>/box/$1.gate; echo \$word",
   "min_duration": 0},
  {"name": "after", "cmdline": "echo done"}],
 "constraints": [{"order": ["work", "after"]}]}
END
  mkfifo -m 0666 "$THERMOS_BOX/share/$1.gate"
  install -m 0666 /dev/null "$THERMOS_BOX/share/$1.runs"
}
open_gate() { echo open >"$THERMOS_BOX/share/$1.gate"; }
runs() { wc -l <"$THERMOS_BOX/share/$1.runs"; }

# Waits until run N (0 at first) of a task's `work` is RUNNING, and prints its pid.
running() { event "$1" ".process == \"work\" and .run == ${2-0} and .state == \"RUNNING\"" | jq .pid; }
alive() { box kill -0 "$@" 2>/dev/null; }
ends_well() {
  open_gate "$1"
  box thermos wait --timeout 120 "$1" || fail "$1 ended with status $?"
}

install_build
chmod 0777 "$THERMOS_BOX/share"
boot
box useradd --create-home ann
box useradd --create-home --groups users bob

step "install and start"
start_service
box usermod --append --groups thermos ann
is "state" active "$(box systemctl is-active thermos-reactor)"
is "enabled" enabled "$(box systemctl is-enabled thermos-reactor)"
is "status text" "0 active tasks" "$(box systemctl show -P StatusText thermos-reactor)"
is "socket" "660 root:thermos" "$(box stat -c '%a %U:%G' /run/thermos/reactor.sock)"
is "main process" thermos-reactor "$(box cat "/proc/$(main_pid)/comm")"

step "submit as root and as an ordinary user; a stranger may not"
gate roots
gate anns
box thermos submit --task-id roots /box/roots.json
box_as ann thermos submit --socket /run/thermos/reactor.sock --task-id anns /box/anns.json
status=0
box_as bob thermos submit --socket /run/thermos/reactor.sock /box/anns.json 2>/dev/null || status=$?
is "a stranger's submit" 77 "$status"
roots=$(running roots)
anns=$(running anns)
is "who runs ann's" ann "$(box stat -c %U "/proc/$anns")"
is "who runs root's" root "$(box stat -c %U "/proc/$roots")"
is "status text" "2 active tasks" "$(box systemctl show -P StatusText thermos-reactor)"

step "restart"
before=$(main_pid)
box systemctl restart thermos-reactor
[ "$(main_pid)" != "$before" ] || fail "the same daemon"
alive "$roots" "$anns" || fail "a process did not survive the restart"

step "reload"
before=$(main_pid)
box systemctl reload thermos-reactor
is "the daemon" "$before" "$(main_pid)"
is "state" active "$(box systemctl is-active thermos-reactor)"

step "stop, an end in the gap, start"
box systemctl stop thermos-reactor
is "state" inactive "$(box systemctl is-active thermos-reactor || true)"
status=0
box thermos wait roots 2>/dev/null || status=$?
is "wait without a daemon" 69 "$status"
alive "$roots" "$anns" || fail "a process did not survive the stop"
open_gate roots
box tail --follow /dev/null --pid "$roots"  # until it has ended
box systemctl start thermos-reactor
box thermos wait --timeout 120 roots
is "runs of root's" 1 "$(runs roots)"
alive "$anns" || fail "ann's process did not survive the start"

step "kill -9, with a client that connects in the gap"
before=$(main_pid)
box kill -9 "$before"
box_as ann thermos wait --socket /run/thermos/reactor.sock --timeout 0 anns || status=$?
is "wait over the gap" 124 "$status"
[ "$(main_pid)" != "$before" ] || fail "the same daemon"
alive "$anns" || fail "ann's process did not survive the kill"

step "a daemon that hangs"
mkdir -p "$ROOT/run" "$ROOT/etc/systemd/system/thermos-reactor.service.d"
box sh -c 'mkdir -p /run/systemd/system/thermos-reactor.service.d
  printf "[Service]\nWatchdogSec=1\n" >/run/systemd/system/thermos-reactor.service.d/fast.conf'
box systemctl daemon-reload
box systemctl restart thermos-reactor
before=$(main_pid)
box kill -STOP "$before"
status=0
box thermos wait --timeout 0 anns || status=$?
is "wait over the hang" 124 "$status"
[ "$(main_pid)" != "$before" ] || fail "the same daemon"
box journalctl --quiet --unit thermos-reactor --grep 'Watchdog timeout' >/dev/null ||
  fail "no word of the watchdog"
alive "$anns" || fail "ann's process did not survive the hang"
is "runs of ann's" 1 "$(runs anns)"
ends_well anns
is "runs of ann's" 1 "$(runs anns)"

step "levels in the journal"
is "lines of level info" info \
  "$(box journalctl -u thermos-reactor -o json -n 1 --grep 'listening at' | jq -r \
    'if .PRIORITY == "6" and (.MESSAGE | startswith("<") | not) then "info" else . end')"

step "reboot"
gate again
box thermos submit --task-id again /box/again.json
running again >/dev/null
# Gives up when it is asked to end: with a failure, did the machine not go down.
cat >"$THERMOS_BOX/share/quitter.json" <<'END'
{"name": "quitter", "processes": [{"name": "work", "cmdline":
  "trap 'exit 3' TERM; echo ready >/box/ready; read -r word <>/box/quitter.gate & wait"}]}
END
mkfifo "$THERMOS_BOX/share/quitter.gate" "$THERMOS_BOX/share/ready"
exec 9<>"$THERMOS_BOX/share/ready"
box thermos submit --task-id quitter /box/quitter.json
read -r _ <&9
boot_id=$(box cat /proc/sys/kernel/random/boot_id)
reboot_box
[ "$(box cat /proc/sys/kernel/random/boot_id)" != "$boot_id" ] || fail "the same boot id"
is "state" active "$(box systemctl is-active thermos-reactor)"
running again 1 >/dev/null
is "runs over the reboot" 2 "$(runs again)"
# By the SIGTERM that all get at the end, or with its coordinator by SIGKILL: no failure either way.
first=$(box thermos status --json again | jq -r '.tasks[0].processes.work[0].state')
[[ $first == KILLED || $first == LOST ]] || fail "the first run ended $first"
ends_well again
running quitter 1 >/dev/null
is "the end of one that gave up" "KILLED 3 ended by the service manager" \
  "$(box thermos status --json quitter |
    jq -r '.tasks[0].processes.work[0] | "\(.state) \(.return_code) \(.reason)"')"
ends_well quitter

step "what is left"
box systemctl stop thermos-reactor
is "coordinators and fork servers" "" "$(box ps -eo pid=,comm= | grep -E ' (coordinator|thermos-)' || true)"
is "/run/thermos" "" "$(box ls /run 2>/dev/null | grep thermos || true)"
is "fsck" 0 "$(box thermos fsck >&2; echo $?)"
box systemd-analyze security --no-pager thermos-reactor | tail -n 1
box journalctl --quiet --unit thermos-reactor --priority warning --output cat | sort | uniq -c
power_off
step "all is well"
