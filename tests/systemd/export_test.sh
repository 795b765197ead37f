#!/usr/bin/env bash
# The unit that `thermos export` writes, under a real systemd: stopped, killed, started with the machine,
# for a task that has a user of its own, and as a unit of an ordinary user.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=box.sh
. "$(dirname "$(realpath "$0")")/box.sh"

install_build
# What is written into these stays there, as long as they are open here.
mkfifo -m 0666 "$THERMOS_BOX"/share/{said,job,mine,bad}
exec 5<>"$THERMOS_BOX/share/job" 6<>"$THERMOS_BOX/share/bad" 7<>"$THERMOS_BOX/share/said" 8<>"$THERMOS_BOX/share/mine"
for name in job mine bad; do
  jq -n --arg name "$name" '{name: $name, processes: [{name: "p", min_duration: 0, cmdline:
    "echo \($name) $THERMOS_RUN $(id -un) >/box/said; read -r code <>/box/\($name); exit $code"}]} +
    (if $name == "job" then {user: "ann"} else {} end)' >"$THERMOS_BOX/share/$name.json"
done
# hears WORDS: the next process that begins says so.
hears() {
  local line=""
  read -r -t 120 -u 7 line || true
  is "what begins" "$1" "$line"
}
# how UNIT: it is, or has ended.
how() { box systemctl show -p ActiveState,Result,ExecMainStatus,NRestarts "$1" | sort | sed 's/.*=//' | paste -sd' '; }
runs_of() { box thermos status --json "$1" | jq -r '.tasks[0].processes.p | map(.state) | join(" ")'; }

boot
box useradd --create-home ann
box loginctl enable-linger ann
box systemctl start "user@$(id_of ann).service"
box thermos export --to systemd -o /etc/systemd/system/job.service /box/job.json
box systemctl daemon-reload

step "a stop is a yield"
box systemctl enable --quiet --now job
hears "job 0 ann"
box systemctl stop job
is "its state, exit status, restarts and result" "inactive 75 0 success" "$(how job)"
is "the task" "ACTIVE true" "$(box thermos status --json job | jq -r '.tasks[0] | "\(.state) \(.leadership.yields)"')"

step "the next start goes on"
box systemctl start job
hears "job 1 ann"

step "its own signal has it started again"
box systemctl kill --kill-whom=main --signal=USR1 job
hears "job 2 ann"

step "killed, it is started again"
box systemctl kill --kill-whom=main --signal=KILL job
hears "job 3 ann"

step "and with the machine"
reboot_box
hears "job 4 ann"
is "its runs" "KILLED KILLED LOST KILLED RUNNING" "$(runs_of job)"

step "it ends as the task does, and is not begun anew"
box systemctl stop job
echo 0 >&5
box systemctl start --wait job || fail "it ended with status $?"
is "its state, exit status, restarts and result" "inactive 0 0 success" "$(how job)"
hears "job 5 ann"
box thermos export --to systemd -o /etc/systemd/system/bad.service /box/bad.json
box systemctl daemon-reload
echo 3 >&6
if box systemctl start --wait bad; then fail "a task that failed is a success"; fi
is "its state, exit status, restarts and result" "failed 1 0 exit-code" "$(how bad)"
hears "bad 0 root"

step "an ordinary user's"
box_as ann mkdir -p /home/ann/.config/systemd/user
box_as ann thermos export --to systemd -o /home/ann/.config/systemd/user/mine.service /box/mine.json
box_as ann systemctl --user daemon-reload
box_as ann systemctl --user enable --quiet --now mine
hears "mine 0 ann"
box_as ann systemctl --user kill --kill-whom=main --signal=USR1 mine
hears "mine 1 ann"
reboot_box
hears "mine 2 ann"

power_off
step "all is well"
