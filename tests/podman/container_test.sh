#!/usr/bin/env bash
# thermos as PID 1 of a real container, as reactor/examples/Containerfile says to run it: a read-only
# root, one volume, and a user that the image does not know.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=pods.sh
. "$(dirname "$(realpath "$0")")/pods.sh"

mkdir "$cluster/state"
make_image sleep touch id <<'END'
FROM scratch
COPY image /
COPY --chown=1000:1000 state /var/lib/thermos
VOLUME /var/lib/thermos
USER 1000:1000
ENTRYPOINT ["/usr/bin/thermos"]
END
pod volume create state >/dev/null

jq -n '{name: "t", processes: [
  {name: "first", min_duration: 0, cmdline: "id -u >>ledger; touch /not-here || echo read-only >>ledger"},
  {name: "work", needs: ["first"], min_duration: 0,
    cmdline: "trap \"exit 3\" TERM; echo begins $THERMOS_RUN >>ledger; until [ -e gate ]; do sleep 0.1; done"},
  {name: "fails", needs: ["work"], cmdline: "exit 4", max_failures: 1}]}' >"$cluster/task.json"
chmod 644 "$cluster/task.json"
volume=$(pod volume inspect state -f '{{.Mountpoint}}')
ledger=$volume/sandboxes/t/ledger
# The options are those of the example.
start() {
  pod run "$@" --name c --network none "${limits[@]}" --read-only --tmpfs /tmp --stop-timeout 40 \
    -v state:/var/lib/thermos -v "$cluster/task.json:/task.json:ro" task run --once --on-term yield \
    --root /var/lib/thermos --task-id t --sandbox /var/lib/thermos/sandboxes/t /task.json
}
wrote() { inside grep -qsx "$1" "$ledger"; }
ended_with() { [ "$(pod wait c)" = "$1" ] && pod rm c >/dev/null; }
runs_of_work() {
  inside thermos status --root "$volume" --json t | jq -r '.tasks[0].processes.work | map(.state) | join(" ")'
}

step "the container is stopped"
start -d >/dev/null
until_true 60 wrote "begins 0" || fail "it does not begin: $(pod logs c 2>&1)"
pod stop c >/dev/null
ended_with 75 || fail "it ended with $(pod wait c): $(pod logs c 2>&1)"
is "its run" KILLED "$(runs_of_work)"

step "it is killed"
start -d >/dev/null
until_true 60 wrote "begins 1" || fail "it does not go on: $(pod logs c 2>&1)"
pod kill -s KILL c >/dev/null
ended_with 137 || fail "it ended with $(pod wait c)"

step "it is stopped as soon as it is started"
start -d >/dev/null
pod stop c >/dev/null
ended_with 75 || fail "it ended with $(pod wait c): $(pod logs c 2>&1)"

step "it runs to its end, and exits as the task did"
inside touch "$volume/sandboxes/t/gate"
code=0
start --rm >"$cluster/log/last" 2>&1 || code=$?
is "exit status" 1 "$code"
runs=$(runs_of_work)
[[ $runs = "KILLED LOST "*SUCCESS ]] || fail "its runs are $runs"
is "what ran, as whom, and where it may not write" "1000 read-only" \
  "$(inside grep -v begins "$ledger" | paste -sd' ')"
code=0
start --rm >"$cluster/log/last" 2>&1 || code=$?
is "exit status of one more start" 1 "$code"

echo "passed"
