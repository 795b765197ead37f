#!/usr/bin/env bash
# Compares thermos with the programs that people would use instead, and with the machine's limit. All
# programs of a table run alternately; it prints medians and their spread. Installs missing peers: those
# packages that PEERS names, which may be empty. THERMOS_BENCH_BIN is a directory of programs to measure
# instead of those that it builds.
#   bench/compare.sh [SECTION...]
#     chain wide latency memory many groups resume replay daemon calls shares; default: all
# These set the sizes:
#   all             ROUNDS=5
#   chain, latency  STEPS=100
#   wide            JOBS=1000; also of groups and shares
#   memory          SLEEPERS=1000, WATCH_SECONDS=10
#   many            MANY="1000 3000 10000", DESCRIPTORS= (how many thermos may have; default: as they are)
#   resume          RESUMED="1000 10000 100000" (two minutes)
#   replay          THERMOS_BENCH_SMOKE=1 for 64 records
#   daemon          TASKS=20000, CLIENTS=50, AT_ONCE="50 1000", SPOOLED=1000 (jobs of task-spooler), and
#                   BOX_JOBS=500, BOX_AT_ONCE=50, BOX_ROUNDS=3 in a booted systemd; BOX_JOBS=0 boots none
#   calls           CALLS="100 400" processes, CALLS_AT_ONCE=2
#   shares          SHARES_AT_ONCE=2
# PLACES="journal tmpfs tmpdir" are the disks to measure on: a fresh ext4 with a journal, in a file of
# JOURNAL_SIZE=6G, and a tmpfs, if we may mount; and $TMPDIR. Tables that have no columns for disks
# stand on the first of them.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/.."
. reactor/packages.sh
. bench/compare/place.sh
. bench/compare/table.sh
. bench/compare/speed.sh
. bench/compare/standing.sh
. bench/compare/state.sh
. bench/compare/daemon.sh
. bench/compare/profile.sh

sections=("$@")
if [ ${#sections[@]} -eq 0 ]; then
  sections=(chain wide latency memory many groups resume replay daemon calls shares)
fi
for section in "${sections[@]}"; do
  if [ "$(type -t "section_$section")" != function ]; then
    known=$(declare -F | sed -n 's/^declare -f section_//p' | xargs)
    echo "compare.sh: no section \"$section\"; there are: $known" >&2
    exit 64
  fi
done

read -ra peers <<<"${PEERS-make ninja-build parallel task-spooler at s6 runit supervisor catatonit strace linux-perf}"
for peer in "${peers[@]}"; do
  install_packages "$peer" || echo "$peer could not be installed: absent below"
done

bin=${THERMOS_BENCH_BIN:-$PWD/build/bin}
if [ -z "${THERMOS_BENCH_BIN-}" ]; then
  install_packages "${build_packages[@]}" "${bench_packages[@]}" || true
  quietly cmake --preset release
  quietly cmake --build build -j "$(nproc)" --target thermos thermos-coordinator bare_spawn stamp \
    process_cost group_cost replay_bench thermos-reactor thermos-node daemon_load
fi

notes=$(mktemp -d "${TMPDIR:-/tmp}/thermos-compare-XXXXXX")
started=() # pids of what must not outlive us
cleanup() {
  local pid
  for pid in ${started[@]+"${started[@]}"}; do kill "$pid" 2>/dev/null || true; done
  cleanup_places
  rm -rf --one-file-system "$notes"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
make_places

echo "$(nproc) x $(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -1), Linux $(uname -r)," \
  "$(date -u +%Y-%m-%d), load before: $(cut -d' ' -f1-3 /proc/loadavg)"
for section in "${sections[@]}"; do
  echo
  stand_on "${places[0]}"
  "section_$section"
done
