#!/usr/bin/env bash
# The user unit under the systemd of an ordinary user, with linger: started, given a task, killed and
# restarted.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=box.sh
. "$(dirname "$(realpath "$0")")/box.sh"

as_ann() {
  box setpriv --reuid ann --regid ann --init-groups env HOME=/home/ann USER=ann \
    XDG_RUNTIME_DIR="/run/user/$ann" "$@"
}

install_build
boot
box useradd --create-home ann
ann=$(box id -u ann)
box loginctl enable-linger ann
box systemctl start "user@$ann.service"

step "start, by the user alone"
as_ann systemctl --user enable --quiet --now thermos-reactor
is "state" active "$(as_ann systemctl --user is-active thermos-reactor)"
is "socket" "660 ann" "$(as_ann stat -c '%a %U' "/run/user/$ann/thermos/reactor.sock")"

step "a task over a kill and a restart"
mkfifo -m 0666 "$THERMOS_BOX/share/gate"
cat >"$THERMOS_BOX/share/task.json" <<'END'
{"name": "task", "processes": [{"name": "work", "cmdline": "read -r word <>/box/gate; echo $word"}]}
END
as_ann thermos submit --task-id task /box/task.json
as_ann thermos drill
as_ann systemctl --user restart thermos-reactor
as_ann thermos drill
pid=$(as_ann thermos status --json task | jq '.tasks[0].processes.work[0].pid')
echo "control group: $(box sed -n 's/^0:://p' "/proc/$pid/cgroup")"
[[ $(box cat "/proc/$pid/cgroup") == *thermos-reactor-processes.scope/tasks/task/work.0* ]] ||
  fail "no group of its own"
echo open >"$THERMOS_BOX/share/gate"
as_ann thermos wait --timeout 120 task || fail "the task ended with status $?"
is "runs" 1 "$(as_ann thermos status --json task | jq '.tasks[0].processes.work | length')"
as_ann systemctl --user stop thermos-reactor
power_off
step "all is well"
