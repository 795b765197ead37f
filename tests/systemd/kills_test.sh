#!/usr/bin/env bash
# The daemon is killed again and again under a task of 200 processes that end and start meanwhile:
# each of them must run exactly once. THERMOS_KILLS says how often (default 30).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=box.sh
. "$(dirname "$(realpath "$0")")/box.sh"

readonly KILLS=${THERMOS_KILLS-30}
readonly PROCESSES=200
readonly LANES=50

# Lanes of processes in a row. Each writes its name and goes on when it gets a token.
make_task() {
  jq -n --argjson count "$PROCESSES" --argjson lanes "$LANES" '{
    name: "many",
    processes: [range($count) | {name: "p\(.)",
      cmdline: "echo p\(.) >>/box/ledger; read -r -n 1 token <>/box/gate"}],
    constraints: [range($lanes) | {order: [range(.; $count; $lanes) | "p\(.)"]}]}' \
    >"$THERMOS_BOX/share/many.json"
  mkfifo "$THERMOS_BOX/share/gate"
  : >"$THERMOS_BOX/share/ledger"
}
tokens() { head -c "$1" /dev/zero | tr '\0' . >"$THERMOS_BOX/share/gate"; }

install_build
make_task
boot
start_service
box thermos submit --task-id many /box/many.json

step "$KILLS kills, under $LANES processes at a time"
# Kept open, so that a token waits for whoever starts next.
exec 8<>"$THERMOS_BOX/share/gate"
given=0
for ((kill = 1; kill <= KILLS; ++kill)); do
  tokens $((PROCESSES * kill / KILLS - given))
  given=$((PROCESSES * kill / KILLS))
  # Every other one without a word before: whatever it is doing just now.
  if ((kill % 2)); then
    box kill -9 "$(main_pid)"
  else
    box thermos drill --json >>"$THERMOS_BOX/drills" || fail "kill $kill: $(tail -n 1 "$THERMOS_BOX/drills")"
  fi
done
box thermos wait --timeout 300 many || fail "the task ended with status $?"

step "what is on record"
is "lines in the ledger" "$PROCESSES" "$(wc -l <"$THERMOS_BOX/share/ledger")"
is "names in the ledger" "$PROCESSES" "$(sort -u "$THERMOS_BOX/share/ledger" | wc -l)"
box thermos status --json many >"$THERMOS_BOX/status"
is "processes, runs and ends" "$PROCESSES $PROCESSES SUCCESS" "$(jq -r '.tasks[0].processes |
  "\(length) \([.[] | length] | add) \([.[][].state] | unique | join(" "))"' "$THERMOS_BOX/status")"
is "fsck" 0 "$(box thermos fsck >&2; echo $?)"
if [ -s "$THERMOS_BOX/drills" ]; then
  jq -s -r '(map(.seconds) | sort) as $s | "from kill to answer, in \($s | length) drills: " +
    "least \($s[0]) s, median \($s[length / 2 | floor]) s, most \($s[-1]) s; " +
    "adopted \(map(.adopted) | add), ended meanwhile \(map(.ended) | add), lost \(map(.lost | length) | add)"' \
    "$THERMOS_BOX/drills"
fi
is "systemd's count of restarts" "$KILLS" "$(box systemctl show -P NRestarts thermos-reactor)"
box systemctl stop thermos-reactor
is "coordinators and fork servers" "" "$(box ps -eo pid=,comm= | grep -E ' (coordinator|thermos-)' || true)"
power_off
step "all is well"
