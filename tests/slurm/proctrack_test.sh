#!/usr/bin/env bash
# What becomes of a task when Slurm, which tracks processes in one way or another, ends the job or the
# runner dies: by parent pid the process may hear of it first, by process group nothing but the runner is
# signalled, and by control group all dies.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$(dirname "$(realpath "$0")")/cluster.sh"

ledger=$cluster/ledger

# `work` goes on until there is a gate, and tells of each run that begins and ends.
# When it is asked to end it says so, and fails.
jq -n --arg dir "$cluster" '{name: "t", processes: [
  {name: "work", min_duration: 0, cmdline: ("cd \($dir); trap \"echo asked $THERMOS_RUN >>ledger; exit 3\" TERM;" +
    " echo begins $THERMOS_RUN >>ledger; until [ -e gate ]; do sleep 0.1; done;" +
    " trap \"\" TERM; echo ends $THERMOS_RUN >>ledger")},
  {name: "after", cmdline: "true", needs: ["work"]}]}' >"$cluster/t.json"

# job TASK: a job that begins that task, or goes on with it; prints the job's id.
job() {
  cat >"$cluster/job.sh" <<END
#!/bin/sh
exec thermos run -v --root $root --sandbox $sandbox --task-id job-$1 --grace 3 $cluster/t.json
END
  sbatch --parsable --open-mode=append -o "$cluster/log/job" "$cluster/job.sh"
}
wrote() { grep -qx "$1" "$ledger" 2>/dev/null; }
forget() { rm -f "$ledger" "$cluster/gate"; }
over() { [ -z "$(state_of "$1")" ] || ! grep -qx -e PENDING -e RUNNING -e COMPLETING <<<"$(state_of "$1")"; }
is_led_by() { in_state "$1" RUNNING && ! gone "$(runner_of "$2")"; }
runs_of_work() { status "$1" | jq -r '[.processes.work[].state] | join(" ")'; }

for proctrack in linuxproc pgid cgroup; do
  if [ "$proctrack" = cgroup ] && [ "$(id -u)" -ne 0 ]; then
    echo "skipped: proctrack/cgroup, for which one must be root"
    continue
  fi
  if ! cluster_up "$proctrack"; then
    cluster_down
    continue
  fi

  step "$proctrack: scancel, and another job"
  forget
  task=cancelled-$proctrack
  first=$(job "$task")
  until_true 60 wrote "begins 0" || fail "it does not begin"
  scancel "$first"
  until_true 60 over "$first" || fail "it is $(state_of "$first")"
  # Slurm may signal the process as well as the runner, and the trap may run for each of the two.
  is "what the process heard" "asked 0" "$(grep asked "$ledger" | sort -u)"
  is "the task" "ACTIVE true" "$(status "$task" | jq -r '"\(.state) \(.leadership.yields)"')"
  is "its run" KILLED "$(runs_of_work "$task")"
  second=$(job "$task")
  until_true 60 wrote "begins 1" || fail "it does not go on"
  touch "$cluster/gate"
  until_true 60 over "$second" || fail "it is $(state_of "$second")"
  is "the job" COMPLETED "$(state_of "$second")"
  is "its runs" "KILLED SUCCESS" "$(runs_of_work "$task")"

  step "$proctrack: the runner is killed, and another job takes over"
  forget
  task=killed-$proctrack
  first=$(job "$task")
  until_true 60 wrote "begins 0" || fail "it does not begin"
  kill -9 "$(runner_of "$task")"
  until_true 60 over "$first" || fail "it is $(state_of "$first")"
  second=$(job "$task")
  if [ "$proctrack" != cgroup ]; then
    until_true 60 is_led_by "$second" "$task" || fail "nobody takes over"
    want="SUCCESS"
  else
    # Its end took everything of the job.
    until_true 60 wrote "begins 1" || fail "it does not go on"
    want="LOST SUCCESS"
  fi
  touch "$cluster/gate"
  until_true 60 over "$second" || fail "it is $(state_of "$second")"
  is "the job" COMPLETED "$(state_of "$second")"
  is "its runs" "$want" "$(runs_of_work "$task")"
  is "ends" 1 "$(grep -c ends "$ledger")"
  cluster_down
done

echo "passed"
