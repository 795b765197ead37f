#!/usr/bin/env bash
# A task on a file system whose locks are perhaps not seen by other machines: there Slurm alone can tell
# whether the job that led it is over.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$(dirname "$(realpath "$0")")/cluster.sh"
# shellcheck source-path=SCRIPTDIR source=machines.sh
. "$(dirname "$(realpath "$0")")/machines.sh"

[ -n "$machine" ] || exit 77
needs bindfs bindfs
mkdir "$cluster/disk" "$cluster/shared"
mkfifo "$cluster/open"  # which nobody writes into
trap 'cluster_down; umount -l "$cluster/shared" 2>/dev/null || true; remove_cluster' EXIT
bindfs "$cluster/disk" "$cluster/shared" || {
  echo "skipped: FUSE can't be mounted here"
  exit 77
}
root=$cluster/shared/root
cluster_up linuxproc || exit 77

jq -n --arg dir "$cluster" '{name: "t", processes: [{name: "p", min_duration: 0, cmdline:
  "echo $THERMOS_RUN >>\($dir)/ledger; until [ -e \($dir)/gate ]; do sleep 0.1; done"}]}' >"$cluster/t.json"
# Its script outlives thermos, and so does the job.
cat >"$cluster/first.sh" <<END
#!/bin/sh
$machine thermos run --root $root --sandbox $sandbox --task-id t $cluster/t.json
read -r word <$cluster/open
END
cat >"$cluster/second.sh" <<END
#!/bin/sh
exec $machine thermos resume --root $root t
END

step "nothing of it lives, and the job that led it goes on"
first=$(sbatch --parsable -o "$cluster/log/first" "$cluster/first.sh")
until_true 60 grep -qsx 0 "$cluster/ledger" || fail "it does not begin"
mapfile -t pids < <(tree_of "$(task t | jq '.statuses[-1].runner_pid')")
kill -9 "${pids[@]}"
second=$(sbatch --parsable --open-mode=append -o "$cluster/log/second" \
  --exclude="$(node_of "$first")" "$cluster/second.sh")
until_true 60 taken_off "$second" 1 || fail "it is $(state_of "$second")"
grep -q "was led on $(node_of "$first"), by slurm job $first, and nothing tells here" \
  "$cluster/log/second" || fail "it does not say why it does not go on"
is "its runs" RUNNING "$(task t | jq -r '[.processes.p[].state] | join(" ")')"

step "the job has ended"
touch "$cluster/gate"
scancel "$first"
until_true 60 in_state "$second" COMPLETED || fail "it is $(state_of "$second")"
is "its runs" "LOST SUCCESS" "$(task t | jq -r '[.processes.p[].state] | join(" ")')"
decision=$(task t | jq -r .leadership.decision)
[[ $decision = *"slurm job $first has ended" ]] || fail "what was decided: $decision"

echo "passed"
