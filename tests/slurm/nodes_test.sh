#!/usr/bin/env bash
# A task over the nodes of a real Slurm job: leaders, servers, launchers, coordinators and nodes die,
# and Slurm calls nodes down whose processes run on. Each success counts once. ROUNDS is how many times
# something dies, NODES the nodes: ROUNDS=410 NODES="n1 n2 n3 n4" kills about a thousand processes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$(dirname "$(realpath "$0")")/cluster.sh"

rounds=${ROUNDS:-10}

# The servers of the job on a node, by what Slurm has told them.
servers() {
  local pid
  for pid in $(pgrep -x thermos-node); do
    grep -qsxz "SLURMD_NODENAME=$1" "/proc/$pid/environ" &&
      grep -qsxz "SLURM_CONF=$SLURM_CONF" "/proc/$pid/environ" && echo "$pid"
  done
  return 0
}
tree_of() {
  local child
  echo "$1"
  for child in $(pgrep -P "$1"); do tree_of "$child"; done
}
# What runs there on record, and what is below it.
runs_on() {
  local pid
  for pid in $(status "$id" | jq --arg node "$1" '.processes[][-1] |
    select(.node == $node and (.state == "FORKED" or .state == "RUNNING")) | .coordinator_pid'); do
    tree_of "$pid"
  done
}
some_node() { printf '%s\n' "${nodes[@]}" | shuf -n 1; }
# One on which the job's script is not: the job goes on without it.
other_node() { printf '%s\n' "${nodes[@]}" | grep -vx "$batch" | shuf -n 1; }

leader_dies() { runner_of "$id" | kill_all; }
# What is named may have ended meanwhile.
kill_all() {
  local pid
  while read -r pid; do
    if kill -9 "$pid" 2>/dev/null; then echo "$pid" >>"$cluster/killed"; fi
  done
}
server_dies() { servers "$(some_node)" | kill_all; }
servers_die() { for node in "${nodes[@]}"; do servers "$node" | kill_all; done; }
launchers_die() { pgrep -f "srun --overlap.*$bin/thermos-coordinator" | kill_all; }
coordinator_dies() {
  status "$id" | jq '.processes[][-1] | select(.state == "RUNNING") | .coordinator_pid' |
    shuf -n 2 | kill_all
}
# With all that is on it.
node_dies() {
  local node pids
  node=$(other_node)
  mapfile -t pids < <(runs_on "$node"; for pid in $(servers "$node"); do tree_of "$pid"; done)
  printf '%s\n' "$(pid_of "slurmd.$node")" "${pids[@]}" | kill_all
  scontrol update nodename="$node" state=down reason=test
  dead+=("$node")
}
# What runs there runs on, and is LOST all the same.
node_is_called_down() {
  local node
  node=$(other_node)
  scontrol update nodename="$node" state=down reason=test
  dead+=("$node")
}
requeue() {
  local node
  for node in "${dead[@]}"; do
    gone "$(pid_of "slurmd.$node")" && rm -f "$cluster/run/slurmd.$node.pid" && start_node "$node"
    scontrol update nodename="$node" state=resume 2>/dev/null || true
  done
  dead=()
  scontrol requeue "$id"
  restarts=$((restarts + 1))
  until_true 60 taken_off "$id" "$restarts" || fail "it is $(state_of "$id")"
}
leads_again() { is_led "$id" && [ "$(runner_of "$id")" != "$led_by" ]; }

cluster_up linuxproc || exit 77
write_rows "$rounds" '{nodes: "slurm"}' 'sleep 0.3'
cat >"$cluster/job.sh" <<END
#!/bin/bash
while :; do
  thermos run --once -v --root $root --sandbox $sandbox --task-id job-\$SLURM_JOB_ID --grace 3 $cluster/graph.json
  status=\$?
  [ \$status -ge 128 ] || exit \$status
done
END

step "a graph over ${#nodes[@]} nodes through $rounds troubles"
dead=()
restarts=0
id=$(sbatch --parsable --open-mode=append --no-kill -N ${#nodes[@]} --exclusive -o "$cluster/log/job" "$cluster/job.sh")
troubles=(server_dies leader_dies coordinator_dies node_dies requeue launchers_die servers_die
  node_is_called_down requeue leader_dies)
for ((round = 0; round < rounds; round++)); do
  trouble=${troubles[round % ${#troubles[@]}]}
  until_true 60 is_led "$id" || fail "nobody leads it: $(state_of "$id")"
  batch=$(scontrol show job "$id" -o | sed -n 's/.* BatchHost=\([^ ]*\).*/\1/p')
  touch "$cluster/gate.$round"
  until_true 90 has_lines $((6 * round + 2)) || fail "the graph does not go on: $(state_of "$id"), $(lines) lines"
  led_by=$(runner_of "$id")
  $trouble
  if [ "$trouble" = leader_dies ]; then until_true 60 leads_again || fail "nobody leads it again"; fi
  echo "$trouble: $(lines) lines"
done
touch "$cluster/gate.$rounds"
until_true 120 in_state "$id" COMPLETED || fail "the job ended as $(state_of "$id")"
is "the task's state" SUCCESS "$(status "$id" | jq -r .state)"
check_ledger "$id" "$rounds"
awk '{print $NF}' "$cluster/runs" | sort | uniq -c
echo "$(wc -l <"$cluster/killed") processes killed"
is "nodes that ran something" "${nodes[*]}" "$(awk '{print $3}' "$cluster/runs" | sort -u | xargs)"

echo "passed"
