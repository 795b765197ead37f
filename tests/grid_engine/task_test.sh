#!/usr/bin/env bash
# A task inside jobs of a real Grid Engine of one host: told by the signals that -notify sends, put back
# into the queue by 99, deleted, rescheduled without a warning, and out of its time.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../engine.sh
. "$(dirname "$(realpath "$0")")/../engine.sh"
needs "gridengine-master gridengine-exec gridengine-client" sge_qmaster sge_execd qsub qconf
[ "$(id -u)" -eq 0 ] || {
  echo "skipped: sge_execd starts jobs as root only"
  exit 77
}

ledger=$cluster/ledger
share=/usr/share/gridengine
export SGE_ROOT=$cluster/sge SGE_CELL=default
# Several of these may run at a time.
export SGE_QMASTER_PORT=$((32100 + $$ % 300 * 2))
export SGE_EXECD_PORT=$((SGE_QMASTER_PORT + 1))

cell_down() {
  qdel -f -u "$user" >/dev/null 2>&1 || true
  local file
  for daemon in execd qmaster; do
    file=$(find "$SGE_ROOT" -name "$daemon.pid" 2>/dev/null)
    if [ -n "$file" ]; then end "$(cat "$file")"; fi
  done
}
trap 'cell_down; remove_cluster' EXIT

knows_us() { qconf -sh >/dev/null 2>&1; }
# has_started: the queue's only host says how it is.
has_started() { qhost -h "$host" 2>/dev/null | awk 'NR > 3 && $2 != "-" {found = 1} END {exit !found}'; }

# cell_up: fails where the daemons do not come up.
cell_up() {
  local common=$SGE_ROOT/default/common spool=$SGE_ROOT/spool
  mkdir -p "$common" "$spool/job_scripts"
  cat >"$common/bootstrap" <<END
admin_user              none
default_domain          none
ignore_fqdn             true
spooling_method         classic
spooling_lib            libspoolc
spooling_params         $common;$spool
binary_path             /usr/sbin
qmaster_spool_dir       $spool
security_mode           none
listener_threads        2
worker_threads          2
scheduler_threads       1
END
  echo "$host" >"$common/act_qmaster"
  echo "$host localhost" >"$common/host_aliases"
  sed -E "s|^(execd_spool_dir ).*|\1 $spool|; s|^(mailer ).*|\1 /bin/true|; s|^(min_[ug]id ).*|\1 0|
    s|^(load_report_time ).*|\1 00:00:01|; s|flush_time=[0-9:]*|flush_time=00:00:01|" $share/default-configuration >"$cluster/configuration"
  local lib=/usr/lib/gridengine
  $lib/spoolinit classic libspoolc "$common;$spool" init
  $lib/spooldefaults configuration "$cluster/configuration"
  $lib/spooldefaults complexes $share/util/resources/centry
  $lib/spooldefaults usersets $share/util/resources/usersets
  $lib/spooldefaults managers "$user"
  sge_qmaster && until_true 20 knows_us || return 1
  qconf -as "$host"
  cat >"$cluster/host" <<END
hostname $host
load_scaling NONE
complex_values NONE
user_lists NONE
xuser_lists NONE
projects NONE
xprojects NONE
usage_scaling NONE
report_variables NONE
END
  qconf -Ae "$cluster/host"
  qconf -ssconf | sed -E 's/^(schedule_interval ).*/\1 0:0:1/; s/^(flush_[a-z]*_sec ).*/\1 1/' \
    >"$cluster/scheduler"
  qconf -Msconf "$cluster/scheduler"
  # What `qconf -sq` prints of a new queue, with little time for who is told of the end.
  { EDITOR="cat" qconf -aq main || true; } 2>/dev/null | sed -E "s/^(hostlist ).*/\1 $host/
    s/^(load_thresholds ).*/\1 NONE/; s/^(slots ).*/\1 4/; s/^(notify ).*/\1 00:00:08/; s/^(rerun ).*/\1 TRUE/; s/^(pe_list ).*/\1 NONE/
    /^[a-z_]+ +/!d" >"$cluster/queue"
  qconf -Aq "$cluster/queue"
  sge_execd && until_true 30 has_started
}

# `work` goes on until there is a gate, and tells of each run that begins and ends. When it is asked to
# end it says so, and fails.
write_task() {
  jq -n --arg dir "$cluster" '{name: "t", processes: [
    {name: "work", min_duration: 0, cmdline: ("cd \($dir); trap \"echo asked $THERMOS_RUN >>ledger; exit 3\" TERM;" +
      " echo begins $THERMOS_RUN >>ledger; until [ -e gate ]; do sleep 0.1; done;" +
      " trap \"\" TERM; echo ends $THERMOS_RUN >>ledger")},
    {name: "after", cmdline: "true", needs: ["work"]}]}' >"$cluster/t.json"
}
# export_job ID OPTION...: submits the job file that export writes, and prints the job's id.
export_job() {
  local id=$1
  shift
  thermos export --to sge --thermos "$bin/thermos" --root "$root" --sandbox "$sandbox/$id" --grace 3 \
    --task-id "$id" -o "$cluster/$id.sh" "$cluster/t.json"
  (cd "$cluster/log" && qsub -terse "$@" "$cluster/$id.sh")
}
wrote() { grep -qsx "$1" "$ledger"; }
# Not where qstat could not ask.
over() { [[ $(qstat -j "$1" 2>&1) = *"do not exist"* ]]; }
forget() { rm -f "$ledger" "$cluster/gate"; }
runs_of_work() { task "$1" | jq -r '[.processes.work[].state] | join(" ")'; }
exit_statuses() { qacct -j "$1" 2>/dev/null | awk '/^exit_status/ {print $2}' | paste -sd' '; }
has_status() { [ "$(exit_statuses "$1")" = "$2" ]; }

cell_up >"$cluster/log/up" 2>&1 || {
  echo "skipped: Grid Engine does not run here:"
  cat "$cluster"/log/up "$SGE_ROOT"/spool/messages 2>/dev/null || true
  exit 77
}
write_task

step "a job that is to be suspended is told so, yields, and comes back"
id=$(export_job suspended)
until_true 60 wrote "begins 0" || fail "it does not begin"
qmod -sj "$id" >/dev/null
until_true 60 has_status "$id" 99 || fail "it ended with '$(exit_statuses "$id")'"
is "what the process heard" "asked 0" "$(grep asked "$ledger")"
is "its run" KILLED "$(runs_of_work suspended | awk '{print $1}')"
qmod -usj "$id" >/dev/null 2>&1 || true
until_true 60 wrote "begins 1" || fail "it does not come back"
touch "$cluster/gate"
until_true 60 over "$id" || fail "it does not end"
is "its runs" "KILLED SUCCESS" "$(runs_of_work suspended)"
until_true 20 has_status "$id" "99 0" || fail "it ended with '$(exit_statuses "$id")'"

step "a job that is deleted does not come back, and another goes on with its task"
forget
id=$(export_job deleted)
until_true 60 wrote "begins 0" || fail "it does not begin"
qdel "$id" >/dev/null
until_true 60 over "$id" || fail "it does not end"
is "the task" "ACTIVE true" "$(task deleted | jq -r '"\(.state) \(.leadership.yields)"')"
is "its run" KILLED "$(runs_of_work deleted)"
touch "$cluster/gate"
id=$(cd "$cluster/log" && qsub -terse -b y -j y "$bin/thermos" resume --root "$root" deleted)
until_true 60 over "$id" || fail "it does not end"
is "its runs" "KILLED SUCCESS" "$(runs_of_work deleted)"

step "thermos itself is the job"  # a shell in front of it would end by the signals
forget
id=$(cd "$cluster/log" && qsub -terse -b y -shell n -j y -notify -r y "$bin/thermos" run --root "$root" \
  --sandbox "$sandbox/bare" --task-id bare --grace 3 "$cluster/t.json")
until_true 60 wrote "begins 0" || fail "it does not begin"
qmod -sj "$id" >/dev/null
until_true 60 has_status "$id" 99 || fail "it ended with '$(exit_statuses "$id")'"
qmod -usj "$id" >/dev/null 2>&1 || true
until_true 60 wrote "begins 1" || fail "it does not come back"
is "who leads" "sge job $id" "$(task bare | jq -r '"\(.leadership.engine) job \(.leadership.job)"')"
touch "$cluster/gate"
until_true 60 over "$id" || fail "it does not end"
is "its runs" "KILLED SUCCESS" "$(runs_of_work bare)"

step "a job that is rescheduled gets SIGKILL alone"
forget
id=$(export_job rescheduled)
until_true 60 wrote "begins 0" || fail "it does not begin"
runner=$(task rescheduled | jq '.statuses[-1].runner_pid')
qmod -rj "$id" >/dev/null
until_true 60 gone "$runner" || fail "it runs on"
touch "$cluster/gate"
until_true 60 over "$id" || fail "it does not end"
is "the task" SUCCESS "$(task rescheduled | jq -r .state)"
is "ends" 1 "$(grep -c ends "$ledger")"

step "its time is over"
forget
# Enough for a busy machine to start the job's shell in it: it dies of a signal that comes before its first line.
id=$(export_job timed -l s_rt=0:0:10)
until_true 60 wrote "begins 0" || fail "it does not begin"
until_true 60 has_status "$id" 99 || fail "it ended with '$(exit_statuses "$id")'"
touch "$cluster/gate"
until_true 60 over "$id" || fail "it does not end"
is "its runs" "KILLED SUCCESS" "$(runs_of_work timed | sed 's/\(KILLED \)*KILLED/KILLED/')"

echo "passed"
