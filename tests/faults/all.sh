#!/usr/bin/env bash
# Tries every fault point, two at a time, and prints a table of counts. Exit status 1: there were
# findings; each has the command line that repeats it.
#   tests/faults/all.sh [--build DIRECTORY] [SCENARIO/ROLE[/CALL[/NTH]]...]
# e.g. run/server, daemon/daemon/accept4; without arguments: all points.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=build
if [ "${1-}" = --build ]; then
  build=$2
  shift 2
fi
program=$build/bin/faults_tests
jobs=2
all=(run/runner run/spawned run/server run/coordinator run/shell run-crash/runner
  daemon/daemon daemon/spawned daemon/server daemon/coordinator submit/client)
if [ $# -gt 0 ]; then all=("$@"); fi

logs=$(mktemp -d)
pids=()
trap 'if [ ${#pids[@]} -gt 0 ]; then kill "${pids[@]}" 2>/dev/null; fi; rm -rf "$logs"' EXIT
started=$SECONDS

# Adds up the counts of the jobs, by role and kind of fault.
add_up() {
  awk '/^TALLY/ {
    key = sprintf("%-24s %-14s", $2, $3)
    tried[key] += $4; reached[key] += $6; findings[key] += $8
  }
  END {
    for (key in tried)
      printf "%s %6d tried %6d reached %4d with findings\n", key, tried[key], reached[key],
        findings[key]
  }' "$@" | sort
}

broken=0
for points in "${all[@]}"; do
  name=${points//\//-}
  pids=()
  for ((part = 1; part <= jobs; part++)); do
    "$program" --all --only="$points" --part="$part/$jobs" >"$logs/$name.$part" 2>&1 &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do
    wait "$pid" || true  # what it found is in its log
  done
  pids=()
  for ((part = 1; part <= jobs; part++)); do
    # A job that was killed has no counts, and must not look like one without findings.
    if ! grep -q '^TALLY\|no such point\|^skipped' "$logs/$name.$part"; then
      echo "BROKEN: job $part of $points ended before its count"
      tail -n 20 "$logs/$name.$part"
      broken=1
    fi
    grep -v '^\[\|^Note:\|^TALLY\|^$' "$logs/$name.$part" || true
  done
  add_up "$logs/$name".*
  echo "after $(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s"
done

if ! grep -q '^TALLY' "$logs"/*; then
  echo "faults: nothing was tried" >&2
  exit 64
fi
echo
echo "All:"
add_up "$logs"/*
cat "$logs"/* | awk '/^TALLY/ { tried += $4; reached += $6; findings += $8 }
  END { printf "%d points, %d reached, %d with findings\n", tried, reached, findings }'
if [ "$broken" -ne 0 ] || grep -q '^FINDING' "$logs"/*; then
  echo "faults: findings" >&2
  exit 1
fi
echo "faults: clean in $(((SECONDS - started) / 60)) min"
