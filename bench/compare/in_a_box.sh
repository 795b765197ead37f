#!/usr/bin/env bash
# In a booted systemd, jobs of one "bash -c true", each with a client that waits for it, so many at a time: as tasks of
# the service, and as transient units. In turns; prints jobs a second of each round, and what is on the disk is memory.
#   bench/compare/in_a_box.sh BUILD_DIRECTORY [JOBS [AT_ONCE [ROUNDS]]]
set -euo pipefail
export BOX_JOBS=${2-${BOX_JOBS-500}} BOX_AT_ONCE=${3-${BOX_AT_ONCE-50}} BOX_ROUNDS=${4-${BOX_ROUNDS-3}}
# shellcheck source-path=SCRIPTDIR source=../../tests/systemd/box.sh
. "$(dirname "$(realpath "$0")")/../../tests/systemd/box.sh"

install_build
echo '{"name":"job","processes":[{"name":"true","cmdline":"true"}]}' >"$THERMOS_BOX/share/job.json"
boot
start_service

# jobs COMMAND...: runs it for each number.
jobs() {
  local begin
  begin=$(date +%s%N)
  # shellcheck disable=SC2016  # expanded in the box
  box bash -c 'seq "$1" | xargs -P "$2" -I % "${@:3}"' - "$BOX_JOBS" "$BOX_AT_ONCE" "$@" >/dev/null
  awk -v n="$BOX_JOBS" -v t="$(($(date +%s%N) - begin))" 'BEGIN { printf "%.0f\n", n / t * 1e9 }'
}

# at has no client that waits: from the first to the last line that its jobs wrote.
at_jobs() {
  local begin
  begin=$(date +%s%N)
  rm -f "$THERMOS_BOX/share/at"
  # shellcheck disable=SC2016  # expanded in the box
  box bash -c 'for ((i = 0; i < $1; i++)); do echo "echo x >>/box/at" | at -q a now; done' - "$BOX_JOBS" 2>/dev/null
  until [ "$(wc -l 2>/dev/null <"$THERMOS_BOX/share/at")" = "$BOX_JOBS" ]; do sleep 0.1; done
  awk -v n="$BOX_JOBS" -v t="$(($(date +%s%N) - begin))" 'BEGIN { printf "%.0f\n", n / t * 1e9 }'
}

for ((round = 1; round <= BOX_ROUNDS; ++round)); do
  echo "thermos submit --wait: $(jobs thermos submit --wait --task-id "job-$round-%" /box/job.json)"
  echo "systemd-run --wait: $(jobs systemd-run --quiet --wait bash -c true)"
done
if box systemctl start atd 2>/dev/null; then
  echo "at: $(at_jobs)"
else
  echo "at: absent"
fi
power_off
