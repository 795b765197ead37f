#!/usr/bin/env bash
# A job's time is over. Slurm counts it in minutes, and looks each half minute: so this takes more than
# two, and runs only where THERMOS_LONG_TESTS is set.
set -euo pipefail
[ -n "${THERMOS_LONG_TESTS-}" ] || {
  echo "skipped: Slurm's time limits take minutes; set THERMOS_LONG_TESTS=1 to run this"
  exit 77
}
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$(dirname "$(realpath "$0")")/cluster.sh"

cluster_up linuxproc || exit 77
jq -n --arg dir "$cluster" '{name: "t", processes: [
  {name: "before", min_duration: 0, cmdline: "echo $THERMOS_TASK_ID before >>\($dir)/ledger"},
  {name: "long", needs: ["before"], min_duration: 0, cmdline:
    "until [ -e \($dir)/gate ]; do sleep 0.1; done; echo $THERMOS_TASK_ID long >>\($dir)/ledger"}]}' \
  >"$cluster/t.json"

# One that only ends in time, and one that is warned a minute before.
cat >"$cluster/plain.sh" <<END
#!/bin/sh
exec thermos run --root $root --sandbox $sandbox/plain --task-id plain --grace 3 $cluster/t.json
END
thermos export --to slurm --root "$root" --sandbox "$sandbox/warned" --grace 3 --task-id warned \
  -o "$cluster/warned.sh" "$cluster/t.json"
plain=$(sbatch --parsable --time=1 -o "$cluster/log/plain" "$cluster/plain.sh")
warned=$(sbatch --parsable --time=2 -o "$cluster/log/warned" "$cluster/warned.sh")
began=$SECONDS

step "a job that is warned goes back into the queue"
until_true 200 taken_off "$warned" 1 || fail "it is $(state_of "$warned")"
echo "after $((SECONDS - began)) s"
is "its run" KILLED "$(task warned | jq -r '.processes.long[0].state')"

step "so does one that is not: it yields at its SIGTERM, and 75 is in RequeueExit"
until_true 200 taken_off "$plain" 1 || fail "it is $(state_of "$plain")"
echo "after $((SECONDS - began)) s"
is "its run" KILLED "$(task plain | jq -r '.processes.long[0].state')"
touch "$cluster/gate"
for id in "$plain" "$warned"; do
  until_true 60 in_state "$id" COMPLETED || fail "it is $(state_of "$id")"
done
is "the ledger" "plain before,plain long,warned before,warned long" \
  "$(sort "$cluster/ledger" | paste -sd,)"

echo "passed"
