# shellcheck shell=bash
# A Slurm on this machine, for any user and without systemd: of three nodes, or of those in NODES. To be
# sourced. It ends with the shell that sources this.
# shellcheck source-path=SCRIPTDIR source=../engine.sh
. "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../engine.sh"
needs "slurmctld slurmd slurm-client munge" slurmctld slurmd munged

export SLURM_CONF=$cluster/slurm.conf
read -ra nodes <<<"${NODES:-n1 n2 n3}"
# Several of these may run at a time: by the shell's pid none has the ports or the jobs of another.
ports=$((12000 + $$ % 2000 * 10))
first_job=$((1 + $$ % 60000 * 100))
pid_of() { cat "$cluster/run/$1.pid" 2>/dev/null; }
start_node() {
  mkdir -p "$cluster/state/$1"
  # Not a child of ours that a job could be taken for.
  slurmd -c -N "$1"
  until_true 20 test -s "$cluster/run/slurmd.$1.pid"
}
idle_nodes() { [ "$(sinfo -h -N -p main -t idle -o %N | sort -u | wc -l)" -eq "$1" ]; }

# cluster_up PROCTRACK: linuxproc, pgid or cgroup. Fails, and says so, where that can't be had: where the
# nodes do not come up, or run no job.
cluster_up() {
  mkdir -p "$cluster"/{run,state}
  (umask 077 && mkdir -p "$cluster/munge")
  (umask 077 && head -c 1024 /dev/urandom >"$cluster/munge/key")
  cat >"$SLURM_CONF" <<END
ClusterName=trial
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$ports
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$cluster/run/munge.socket,cred_expire=5
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/state/%n
SlurmctldPidFile=$cluster/run/slurmctld.pid
SlurmdPidFile=$cluster/run/slurmd.%n.pid
SlurmctldLogFile=$cluster/log/slurmctld
SlurmdLogFile=$cluster/log/slurmd.%n
ProctrackType=proctrack/$1
TaskPlugin=task/none
MpiDefault=none
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
KillWait=5
SlurmdTimeout=10
JobRequeue=1
RequeueExit=75
ReturnToService=2
FirstJobId=$first_job
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MailProg=/bin/true
$(for i in "${!nodes[@]}"; do
    echo "NodeName=${nodes[i]} NodeHostname=$host NodeAddr=127.0.0.1 Port=$((ports + 1 + i)) CPUs=4" \
      "RealMemory=1000 State=UNKNOWN"
  done)
PartitionName=main Nodes=ALL Default=YES PriorityTier=1 PreemptMode=REQUEUE GraceTime=0
PartitionName=urgent Nodes=ALL PriorityTier=10 PreemptMode=OFF
END
  if [ "$1" = cgroup ]; then
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
      echo "CgroupPlugin=cgroup/v2"
    else
      printf '%s\n' CgroupPlugin=cgroup/v1 CgroupMountpoint=/sys/fs/cgroup CgroupAutomount=no
    fi >"$cluster/cgroup.conf"
  fi
  munged --key-file="$cluster/munge/key" --seed-file="$cluster/munge/seed" \
    --log-file="$cluster/log/munge" --socket="$cluster/run/munge.socket" \
    --pid-file="$cluster/run/munged.pid" --num-threads=2
  slurmctld -c
  for node in "${nodes[@]}"; do start_node "$node"; done
  local id
  if until_true 30 idle_nodes ${#nodes[@]} && id=$(sbatch --parsable -o /dev/null --wrap true) &&
    until_true 30 in_state "$id" COMPLETED; then
    return 0
  fi
  echo "skipped: Slurm with proctrack/$1 does not run here:"
  tail -n 20 "$cluster"/log/* || true
  return 1
}

cluster_down() {
  scancel -u "$user" 2>/dev/null || true
  local pid
  for name in slurmctld "${nodes[@]/#/slurmd.}" munged; do
    if pid=$(pid_of "$name"); then end "$pid"; fi
  done
  rm -f "$cluster"/run/*.pid
}
finish() {
  cluster_down
  remove_cluster
}
trap finish EXIT

# The task of the job's own id; where its leader runs; and whether that lives.
status() { task "job-$1"; }
runner_of() { status "$1" | jq '.statuses[-1].runner_pid'; }
is_led() { in_state "$1" RUNNING && ! gone "$(runner_of "$1")"; }

state_of() { scontrol show job "$1" -o 2>/dev/null | sed -n 's/.* JobState=\([A-Z_]*\).*/\1/p'; }
in_state() { [ "$(state_of "$1")" = "$2" ]; }
node_of() { scontrol show job "$1" -o | sed -n 's/.* NodeList=\([^ ]*\).*/\1/p'; }
# The job was taken off its machine, and waits for another.
taken_off() { [ "$(scontrol show job "$1" -o | sed -n 's/.* Restarts=\([0-9]*\).*/\1/p')" -ge "$2" ]; }

# A graph whose ledger shows what ran. A run is a line there when its work is done.
ledger=$cluster/ledger
lines() { wc -l 2>/dev/null <"$ledger" || echo 0; }
has_lines() { [ "$(lines)" -ge "$1" ]; }

# write_rows ROWS MORE WORK: makes the task $cluster/graph.json, with MORE (an object for jq) in it. It has rows of six
# processes; each waits for two of the row before, and for the row's gate, the last of a row for that of the
# next: so no row is done before what is to happen to it has.
write_rows() {
  jq -n --arg work "$3" --arg ledger "$ledger" --arg gate "$cluster/gate" --argjson rows "$1" "$2"' + {
    name: "graph", processes: [range(6 * $rows) as $i | {
      name: "p\($i)", min_duration: 0,
      cmdline: "until [ -e \($gate).\(($i + 1) / 6 | floor) ]; do sleep 0.1; done; \($work); echo $THERMOS_PROCESS $THERMOS_RUN ${THERMOS_NODE:-} >>\($ledger)",
      needs: (if $i < 6 then [] else
        [($i - 6), ($i / 6 | floor - 1) * 6 + ($i + 1) % 6] | map("p\(.)") end)}]}' \
    >"$cluster/graph.json"
}

# check_ledger ID ROWS: each process has succeeded once on record, and every line of the ledger is of a run that is
# on record: of that success, or of one that was cut off behind its work.
check_ledger() {
  status "$1" | jq -r '.processes | to_entries[] | .key as $name | .value[] |
    "\($name) \(.run) \(.node // "") \(.state)"' | sort >"$cluster/runs"
  is "processes that succeeded" $((6 * $2)) "$(grep -c SUCCESS "$cluster/runs")"
  is "the same, by name" $((6 * $2)) "$(awk '/SUCCESS/ {print $1}' "$cluster/runs" | sort -u | wc -l)"
  is "runs that failed" 0 "$(grep -c FAILED "$cluster/runs" || true)"
  is "lines that are there twice" "" "$(sort "$ledger" | uniq -d)"
  is "successes without a line" "" "$(comm -13 <(tidy "$ledger") <(grep SUCCESS "$cluster/runs" | tidy))"
  is "lines of no run" "" "$(comm -23 <(tidy "$ledger") <(tidy "$cluster/runs"))"
}
# The lines of a ledger, or of runs without their states.
tidy() { sed 's/ *[A-Z]*$//' "$@" | sort; }
