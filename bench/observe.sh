#!/usr/bin/env bash
# How late watchers of the observer hear of what happens, what it costs then, and how soon a browser shows a task of
# ten thousand processes.
#   bench/observe.sh [BUILD_DIRECTORY]
# SECONDS_EACH=10, RATE=100, WATCHERS="1 100", PROCESSES="500 10000" and ROUNDS=5 set the sizes.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$(realpath "${1:-build}")
work=$(mktemp -d "${TMPDIR:-/tmp}/thermos-observe-XXXXXX")
observer=
clean_up() {
  [ -z "$observer" ] || kill "$observer" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

echo "$(nproc) x $(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -1), Linux $(uname -r)," \
  "$(date -u +%Y-%m-%d), load before: $(cut -d' ' -f1-3 /proc/loadavg)"
for processes in ${PROCESSES:-500 10000}; do
  echo
  echo "${RATE:-100} records/s of a task of $processes processes, ${SECONDS_EACH:-10} s; ms from a record to its event"
  printf '%9s %10s %8s %8s %8s %10s %10s\n' watchers events p50 p99 most CPU 'RSS KiB'
  for watchers in ${WATCHERS:-1 100}; do
    mkdir "$work/root"
    mkfifo "$work/said"
    "$build/bin/thermos" observe --root "$work/root" --listen "unix:$work/socket" >"$work/said" &
    observer=$!
    read -r _ <"$work/said"
    "$build/bin/observe_load" "$work/root" "$work/socket" "$watchers" "$processes" "${RATE:-100}" \
      "${SECONDS_EACH:-10}"
    kill "$observer"
    wait "$observer" || true
    observer=
    rm -r "$work/root" "$work/said"
  done
done
echo
echo "a task of 10,000 processes in Chromium: ms, median and most of ${ROUNDS:-5} rounds"
tests/browser/browser.sh "$build" bench/first_paint.mjs "${ROUNDS:-5}"
