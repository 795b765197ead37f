# shellcheck shell=bash
# The nodes of cluster.sh as machines of their own, and the deaths of them. To be sourced after that.
# shellcheck disable=SC2034,SC2154  # of the scripts that source this, and of cluster.sh

# Each node has a host name and a boot id of its own, where that can be had.
machine=
if [ "$(id -u)" -eq 0 ] && unshare --uts --mount sh -c \
  'hostname n1 && mount --bind /dev/null /proc/sys/kernel/random/boot_id' 2>/dev/null; then
  for node in "${nodes[@]}"; do
    cat /proc/sys/kernel/random/uuid >"$cluster/boot.$node"
  done
  machine="unshare --uts --mount sh -c 'hostname \$SLURMD_NODENAME &&
    mount --bind $cluster/boot.\$SLURMD_NODENAME /proc/sys/kernel/random/boot_id && exec \"\$@\"' -"
else
  echo "skipped: other boot ids and host names, for which one must be a root that may mount"
fi

tree_of() {
  local child
  echo "$1"
  for child in $(pgrep -P "$1"); do tree_of "$child"; done
}
# node_dies JOB PID...: kills these, and the node of the job. Another one that died comes back.
dead=
node_dies() {
  local node pid
  if [ -n "$dead" ]; then
    start_node "$dead"
    scontrol update nodename="$dead" state=resume 2>/dev/null || true
  fi
  node=$(node_of "$1")
  pgrep -f "^slurmstepd: \[$1\." | xargs -r kill -9
  pid=$(pid_of "slurmd.$node")
  kill -9 "$pid"
  until_true 10 gone "$pid" || fail "slurmd of $node lives on"
  shift
  kill -9 "$@" 2>/dev/null || true
  rm -f "$cluster/run/slurmd.$node.pid"
  scontrol update nodename="$node" state=down reason=test
  dead=$node
}
all_dies() {
  local pids
  mapfile -t pids < <(tree_of "$(runner_of "$1")")
  node_dies "$1" "${pids[@]}"
}
# Its coordinators live on, and what they run ends meanwhile.
runner_dies() { node_dies "$1" "$(runner_of "$1")"; }
