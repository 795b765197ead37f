# shellcheck shell=bash disable=SC2154
# What is on the disk: reading it back, and going on from it. Sourced by compare.sh.

section_replay() {
  local records=1000000 least=0.2
  if [ -n "${THERMOS_BENCH_SMOKE-}" ]; then records=64 least=0.001; fi # as in sizes.h
  echo "replay: $records records of 100 processes; records/s and bytes/s per core, by processor time;" \
    "what is read is in memory"
  say_standing "$place"
  # Of one round there are no medians, but the round itself.
  TMPDIR=$work "$bin/replay_bench" --benchmark_filter="/$records/100\$" --benchmark_repetitions="$rounds" \
    --benchmark_enable_random_interleaving=true --benchmark_min_time="$least" \
    --benchmark_display_aggregates_only=true 2>/dev/null |
    { if [ "$rounds" -gt 1 ]; then grep -E 'Benchmark|median|_cv'; else cat; fi; }
}

# Time from the start of a runner to what it decides first. All of the task is on record: some ended,
# up to 1,000 run, and the one whose end makes the next start ended while nobody led the task.
section_resume() {
  local size alive i pid nap begin first
  echo "resume: milliseconds from the start of a runner to the first instruction of what it starts" \
    "first, behind bash"
  say_standing "$place"
  printf '%-12s %10s %12s\n' processes running milliseconds
  : >"$notes/growth"
  for size in ${RESUMED:-1000 10000 100000}; do
    alive=$((size / 2 < 1000 ? size / 2 : 1000))
    nap=86$RANDOM
    rm -rf "$work/root" "$work/sandbox" "$work/go" "$work/stamps"
    {
      printf '{"name":"bench","processes":['
      for ((i = 0; i < size - alive; i++)); do printf '{"name":"e%d","cmdline":"true"},' "$i"; done
      for ((i = 1; i < alive; i++)); do
        printf '{"name":"s%d","cmdline":"exec sleep %s","ephemeral":true},' "$i" "$nap"
      done
      printf '{"name":"gate","cmdline":"until [ -e %s/go ]; do sleep 0.2; done"},' "$work"
      printf '{"name":"probe","cmdline":"exec %s/stamp %s/stamps"}],' "$bin" "$work"
      printf '"constraints":[{"order":["gate","probe"]}]}'
    } >"$work/task.json"
    "$bin/thermos" --root "$work/root" run --quiet --sync crash --sandbox "$work/sandbox" \
      --task-id resumed "$work/task.json" >/dev/null 2>&1 &
    pid=$!
    wait_until $((alive - 1)) "^sleep $nap"
    # All that ends has ended when nothing but these is under the runner.
    until [ "$(pgrep -c -P "$pid" coordinator)" -eq "$alive" ]; do sleep 0.2; done
    kill -9 "$pid"
    wait "$pid" 2>/dev/null || true
    touch "$work/go"
    wait_gone "until \\[ -e $work/go"
    begin=$("$bin/stamp" "$work/begin" && awk '{ print $2 }' "$work/begin")
    rm -f "$work/begin"
    "$bin/thermos" --root "$work/root" run --quiet --sync crash --sandbox "$work/sandbox" \
      --task-id resumed "$work/task.json" >"$work/output" 2>&1 || tail -1 "$work/output" >&2
    first=$(awk '{ print $1 }' "$work/stamps")
    awk -v n="$size" -v r="$alive" -v t="$((first - begin))" 'BEGIN {
      printf "%-12d %10d %12.1f\n", n, r, t / 1e6 }'
    echo "$size $((first - begin))" >>"$notes/growth"
  done
  echo "growth: exponent $(exponent "$notes/growth")"
}
