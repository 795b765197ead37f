#!/usr/bin/env bash
# The machine dies under a task, without a word to anybody: all processes at once, the first among
# them. It comes up again with another boot id and with its pids given out anew. What had ended does
# not run again, what ran is LOST and runs again, and no process of the new boot is signalled.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=box.sh
. "$(dirname "$(realpath "$0")")/box.sh"

readonly CYCLES=${THERMOS_CYCLES-3}
readonly PROCESSES=8

# The first ends at once. The others write their names and each waits for a token; the finalizer
# comes behind them.
make_task() {
  jq -n --argjson count "$PROCESSES" '{
    name: "powered",
    processes: ([range($count) | {name: "p\(.)", min_duration: 0,
      cmdline: "echo p\(.) >>/box/ledger; [ \(.) -eq 0 ] || read -r -n 1 token <>/box/gate"}]
      + [{name: "tidy", final: true, cmdline: "echo tidy >>/box/ledger"}])}' \
    >"$THERMOS_BOX/share/powered.json"
  mkfifo "$THERMOS_BOX/share/gate"
  : >"$THERMOS_BOX/share/ledger"
}

# all_running N: returns when each of those that wait is in its run number N.
all_running() {
  local name
  for ((name = 1; name < PROCESSES; ++name)); do
    event powered ".process == \"p$name\" and .run == $1 and .state == \"RUNNING\"" >/dev/null
  done
}

cut_power() {
  kill -KILL "$LEADER"
  wait "$NSPAWN" || true
}

install_build
make_task
boot
start_service
box thermos submit --task-id powered /box/powered.json
exec 8<>"$THERMOS_BOX/share/gate"
boots=("$(box cat /proc/sys/kernel/random/boot_id)")
for ((cycle = 0; cycle < CYCLES; ++cycle)); do
  all_running "$cycle"
  step "power cut $((cycle + 1)) of $CYCLES"
  cut_power
  boot
  boots+=("$(box cat /proc/sys/kernel/random/boot_id)")
done
all_running "$CYCLES"
head -c "$((PROCESSES - 1))" /dev/zero | tr '\0' . >"$THERMOS_BOX/share/gate"
box thermos wait --timeout 120 powered || fail "the task ended with status $?"

step "what is on record"
is "boot ids" "$((CYCLES + 1))" "$(printf '%s\n' "${boots[@]}" | sort -u | wc -l)"
box thermos status --json powered >"$THERMOS_BOX/status"
is "what ended before runs once" "SUCCESS" \
  "$(jq -r '[.tasks[0].processes.p0[].state] | join(" ")' "$THERMOS_BOX/status")"
is "what ran is lost by each cut and runs again" \
  "$(printf 'LOST %.0s' $(seq "$CYCLES"))SUCCESS" \
  "$(jq -r '[.tasks[0].processes | to_entries[] | select(.key != "p0" and .key != "tidy") |
    [.value[].state] | join(" ")] | unique | join(", ")' "$THERMOS_BOX/status")"
is "runs of the finalizer" 1 "$(grep -c tidy "$THERMOS_BOX/share/ledger")"
is "lines in the ledger" "$((1 + (PROCESSES - 1) * (CYCLES + 1) + 1))" \
  "$(wc -l <"$THERMOS_BOX/share/ledger")"
is "units that failed" "" "$(box systemctl list-units --failed --plain --no-legend)"
is "fsck" 0 "$(box thermos fsck >&2; echo $?)"
power_off
step "all is well"
