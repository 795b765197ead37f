#!/usr/bin/env bash
# A task inside jobs of a real Slurm: requeued, preempted, told by a signal, and left by dying nodes,
# each of which is a machine of its own where we are root. Each success counts once.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$(dirname "$(realpath "$0")")/cluster.sh"
# shellcheck source-path=SCRIPTDIR source=machines.sh
. "$(dirname "$(realpath "$0")")/machines.sh"

# 60 processes; no signal but SIGKILL ends one behind its line in the ledger.
write_graph() { write_rows 10 '{max_concurrency: 3}' 'sleep 0.5; trap "" TERM'; }

# job CONFIG OPTION...: runs it in a job whose task id is that of the job, and prints the job's id.
job() {
  local config=$1
  shift
  cat >"$cluster/job.sh" <<END
#!/bin/sh
exec $machine thermos run --once -v --root $root --sandbox $sandbox --task-id job-\$SLURM_JOB_ID --grace 3 $config
END
  sbatch --parsable --open-mode=append -o "$cluster/log/job" "$@" "$cluster/job.sh"
}

requeue() { scontrol requeue "$1"; }
preempt() { sbatch -Q -p urgent --nodelist="$(node_of "$1")" --exclusive -o /dev/null --wrap true; }
# The runner yields, and exits with 75, which is in RequeueExit.
signal() { scancel --batch --signal=USR1 "$1"; }

cluster_up linuxproc || exit 77
write_graph

step "a graph of 60 processes through ten jobs that end too soon"
id=$(job "$cluster/graph.json")
round=0
for trouble in requeue preempt all_dies requeue runner_dies signal preempt runner_dies all_dies signal; do
  until_true 60 is_led "$id" || fail "nobody leads it"
  touch "$cluster/gate.$round"
  until_true 60 has_lines $((6 * round + 2)) || fail "the graph does not go on: $(state_of "$id")"
  $trouble "$id"
  round=$((round + 1))
  until_true 60 taken_off "$id" "$round" || fail "$trouble: the job runs on: $(state_of "$id")"
  echo "$trouble: $(lines) lines"
done
touch "$cluster/gate.$round"
until_true 120 in_state "$id" COMPLETED || fail "the job ended as $(state_of "$id")"
is "the task's state" SUCCESS "$(status "$id" | jq -r .state)"
check_ledger "$id" 10
if [ -n "$machine" ]; then
  decisions=$(thermos read --root "$root" "$root/checkpoints/job-$id/runner" | grep -c 'came back here' || true)
  [ "$decisions" -gt 0 ] || fail "no word of the other machines is on record"
fi

step "resume, of a task that has ended, exits as that did"
code=0
thermos resume --root "$root" "job-$id" >/dev/null || code=$?
is "exit status" 0 "$code"

step "a node that is called dead, and whose runner lives"
rm -f "$ledger"
id=$(job "$cluster/graph.json")
until_true 60 has_lines 3 || fail "it does not begin"
node_dies "$id"
# Each start of the job finds the task led, exits with 75 and is requeued, until the task is over.
until_true 120 in_state "$id" COMPLETED || fail "it is $(state_of "$id")"
taken_off "$id" 1 || fail "the job was not started again"
is "leads" 1 "$(status "$id" | jq '[.statuses[] | select(.state == "ACTIVE")] | length')"
check_ledger "$id" 10

step "the job file that export writes"
rm -f "$ledger"
(cd "$cluster" && thermos export --to slurm --root "$root" --sandbox "$sandbox" --grace 3 \
  --name job -o "$cluster/exported" "$cluster/graph.json")
id=$(cd "$cluster" && sbatch --parsable -o "$cluster/log/exported" "$cluster/exported")
until_true 60 has_lines 3 || fail "it does not begin"
signal "$id"
until_true 60 taken_off "$id" 1 || fail "it is $(state_of "$id")"
until_true 120 in_state "$id" COMPLETED || fail "it is $(state_of "$id")"
check_ledger "$id" 10

step "scancel leaves a task that another job can go on with"
rm -f "$ledger"
write_graph
first=$(job "$cluster/graph.json")
until_true 60 has_lines 3 || fail "it does not begin"
scancel "$first"
until_true 30 in_state "$first" CANCELLED || fail "it is $(state_of "$first")"
is "the task's state" ACTIVE "$(status "$first" | jq -r .state)"
is "it yields" true "$(status "$first" | jq .leadership.yields)"
cat >"$cluster/again.sh" <<END
#!/bin/sh
exec $machine thermos resume --root $root job-$first
END
second=$(sbatch --parsable -o "$cluster/log/again" "$cluster/again.sh")
until_true 60 in_state "$second" COMPLETED || fail "it is $(state_of "$second")"
check_ledger "$first" 10

step "no process starts whose time is more than the job has"
jq -n '{name: "timed", processes: [{name: "short", cmdline: "true", time: 5},
  {name: "long", cmdline: "true", time: 360000}]}' >"$cluster/timed.json"
timed=$(job "$cluster/timed.json" --time=10)
until_true 60 taken_off "$timed" 1 || fail "it is $(state_of "$timed")"
is "what ran" short "$(status "$timed" | jq -r '.processes | keys | join(" ")')"
is "why it yields" "what is left to run takes longer than the allocation lasts" \
  "$(status "$timed" | jq -r .leadership.decision)"
scancel "$timed"

echo "passed"
