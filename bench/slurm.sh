#!/usr/bin/env bash
# What a task over the nodes of a Slurm job costs: slurm.sh [BUILD]. A Slurm of four nodes, all on this machine,
# so that what is shown is the cost of the way to a process, and not that of more machines. One step a node
# carries the task's processes; beside it the same task in the same job without nodes, and `srun` for each process.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
set -- "${1:-build}"
export NODES=${NODES:-n1 n2 n3 n4}
# shellcheck source-path=SCRIPTDIR/../tests/slurm source=cluster.sh
. "$here/../tests/slurm/cluster.sh"

processes=${PROCESSES:-10000}
steps=${STEPS:-400}
at_a_time=${AT_A_TIME:-16}

# in_job COMMAND: runs it as the script of a job that has all nodes.
in_job() {
  local id
  id=$(sbatch --parsable -N ${#nodes[@]} --exclusive -o "$cluster/log/job" --wrap "$1")
  until_true 1800 in_state "$id" COMPLETED || fail "the job ended as $(state_of "$id")"
}
# seconds_of ID: from the first launch to the last end.
seconds_of() {
  thermos status --json --root "$root" "$1" | jq '.tasks[0].processes |
    ([.[][].stop_time] | max) - ([.[][].fork_time] | min)'
}
line() { printf '%-36s %6.0f launches/s  %7.1f s\n' "$1" "$(jq -n "$2 / $3")" "$3"; }

cluster_up linuxproc || exit 77
jq -n --argjson n "$processes" --argjson most "$at_a_time" '{name: "wide", max_concurrency: $most, processes:
  [range($n) | {name: "p\(.)", argv: ["/bin/true"], resources: {cpu: 0.1}}]}' >"$cluster/wide.json"

echo "$processes processes, $at_a_time at a time; srun: $steps of them"
run="thermos run -q --sync crash --root $root --sandbox $sandbox"
in_job "$run --task-id nodes --nodes slurm $cluster/wide.json"
line "one step a node, ${#nodes[@]} nodes" "$processes" "$(seconds_of nodes)"
in_job "$run --task-id here $cluster/wide.json"
line "no nodes" "$processes" "$(seconds_of here)"
in_job "date +%s.%N >$cluster/began; seq $steps | xargs -P $at_a_time -I{} srun --overlap -N1 -n1 /bin/true; date +%s.%N >$cluster/ended"
line "srun for each" "$steps" "$(jq -n "$(cat "$cluster/ended") - $(cat "$cluster/began")")"
