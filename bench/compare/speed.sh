# shellcheck shell=bash disable=SC2154
# How fast processes follow one another, and side by side. Sourced by compare.sh.

steps=${STEPS:-100}
jobs=${JOBS:-1000}

# write_task FILE COUNT AT_ONCE chain|free COMMAND
write_task() {
  local i
  {
    printf '{"name":"bench","max_failures":1,"max_concurrency":%d,"processes":[' "$3"
    for ((i = 0; i < $2; i++)); do
      [ "$i" -eq 0 ] || printf ','
      printf '{"name":"s%d","cmdline":"%s"}' "$i" "$5"
    done
    printf ']'
    if [ "$4" = chain ]; then
      printf ',"constraints":[{"order":['
      for ((i = 0; i < $2; i++)); do
        [ "$i" -eq 0 ] || printf ','
        printf '"s%d"' "$i"
      done
      printf ']}]'
    fi
    printf '}'
  } >"$1"
}

# run_thermos SYNC TASK: in a directory that stays to the end. ext4 steps over each inode that was
# deleted in the last five minutes, one by one, so that making a file where many were costs 0.4 ms.
run_thermos() {
  local place
  place=$(mktemp -d "$work/run.XXXXXX")
  "$bin/thermos" --root "$place/root" run --quiet --sync "$1" --sandbox "$place/sandbox" "$2"
}

# write_makefile FILE COUNT chain|free COMMAND
write_makefile() {
  {
    printf 'all: %s\n.PHONY: all %s\n' "$(seq -s' ' -f's%.0f' 0 $(($2 - 1)))" \
      "$(seq -s' ' -f's%.0f' 0 $(($2 - 1)))"
    seq 0 $(($2 - 1)) | awk -v chain="$3" -v command="$4" '{
      printf "s%d:%s\n\t@%s\n", $1, (chain == "chain" && $1 > 0 ? " s" $1 - 1 : ""), command }'
  } >"$1"
}

# write_ninja FILE COUNT chain|free COMMAND
write_ninja() {
  {
    printf 'rule step\n  command = %s\n' "$4"
    seq 0 $(($2 - 1)) | awk -v chain="$3" '{
      printf "build s%d: step%s\n", $1, (chain == "chain" && $1 > 0 ? " s" $1 - 1 : "") }'
  } >"$1"
}

try_bare() { "$bin/bare_spawn" "$count" "$at_once" bash -c "$command"; }
try_bare_power() { "$bin/bare_spawn" --sync "$work/journal" "$count" "$at_once" bash -c "$command"; }
try_make() { make -s -j"$at_once" -f "$work/makefile" all; }
try_ninja() { (cd "$work" && rm -f .ninja_log .ninja_deps && ninja -j"$at_once" -f build.ninja); }
try_bash_loop() {
  local i
  for ((i = 0; i < count; i++)); do bash -c "$command"; done
}
try_thermos_crash() { run_thermos crash "$work/task.json"; }
try_thermos_power() { run_thermos power "$work/task.json"; }
try_xargs() { seq "$count" | xargs -P "$at_once" -n 1 bash -c "$command"; }
try_parallel() {
  have parallel || return 1
  seq "$count" | HOME="$work" parallel --will-cite -j "$at_once" bash -c "$command"
}
try_task_spooler() {
  have tsp || return 1
  local i
  export TS_SOCKET="$work/tsp.$at_once" TS_MAXFINISHED=10
  tsp -S "$at_once"
  for ((i = 0; i < count; i++)); do tsp -n bash -c "$command" >/dev/null; done
  # Its own wait is for one job: the last may not be the last to end.
  while tsp -l | grep -qE ' (running|queued) '; do tsp -w || true; done
  tsp -K
}

# prepare COUNT AT_ONCE chain|free COMMAND
prepare() {
  count=$1 at_once=$2 command=$4
  write_task "$work/task.json" "$1" "$2" "$3" "$4"
  write_makefile "$work/makefile" "$1" "$3" "bash -c '$4'"
  write_ninja "$work/build.ninja" "$1" "$3" "bash -c '$4'"
}

# growth ROUNDS WIDE SHAPE SIZE...: how the whole time of thermos, with --sync crash, grows with the size.
growth() {
  local size
  stand_on "${places[0]}"
  : >"$notes/growth"
  for size in "${@:4}"; do
    prepare "$size" "$2" "$3" true
    rounds=$1 in_turns 1 thermos_crash
    echo "$size $(median_of "$place" thermos_crash)" >>"$notes/growth"
  done
  echo "growth of thermos crash over ${*:4} processes, on $place: exponent $(exponent "$notes/growth")"
}

section_chain() {
  local all=(bare bare_power make bash_loop ninja thermos_crash thermos_power) one
  echo "chain: $steps dependent \"bash -c true\", microseconds a step." \
    "Power is compared with a bare loop that syncs a line (fdatasync) behind each step."
  for one in "${places[@]}"; do
    stand_on "$one"
    prepare "$steps" 1 chain true
    in_turns "$steps" "${all[@]}"
  done
  table us bare "${all[@]}"
  growth 3 1 chain "$steps" $((steps * 4)) $((steps * 16))
}

section_wide() {
  local all=(bare make xargs ninja task_spooler parallel thermos_crash thermos_power) wide one
  for wide in 2 8 64; do
    echo "wide: $jobs independent \"bash -c true\", $wide at a time"
    for one in "${places[@]}"; do
      stand_on "$one"
      prepare "$jobs" "$wide" free true
      in_turns "$jobs" "${all[@]}"
    done
    rates bare "${all[@]}"
    echo
  done
  growth 1 8 free "$jobs" $((jobs * 3)) $((jobs * 9))
}

# latencies NAME: of the stamps it left, from each one's end to the next one's begin; microseconds.
latencies() {
  sort -g "$work/stamps" | awk 'NR > 1 { print ($1 - end) / 1000 } { end = $2 }' \
    >>"$notes/gaps.$place.$1"
}

# gap_percentile PLACE NAME PERCENT
gap_percentile() {
  sort -g "$notes/gaps.$1.$2" | awk -v p="$3" '{ v[NR] = $1 }
    END { i = int(NR * p / 100); print v[i < 1 ? 1 : i] }'
}

section_latency() {
  local round name median p99 base one line
  local all=(bare make ninja thermos_crash thermos_power)
  echo "latency: from the end of a process to the first instruction of its dependent behind bash;" \
    "microseconds, $((steps * rounds)) steps"
  rm -f "$notes"/gaps.*
  for one in "${places[@]}"; do
    stand_on "$one"
    prepare "$steps" 1 chain "exec $bin/stamp $work/stamps"
    for ((round = 0; round < rounds; round++)); do
      for name in "${all[@]}"; do
        rm -f "$work/stamps"
        if "try_$name" >"$notes/output" 2>&1; then latencies "$name"; fi
      done
    done
  done
  say_standing "${places[@]}"
  line=$(printf '%-20s' "")
  for one in "${places[@]}"; do line+=$(printf ' %12s %8s %10s' "$one, p50" p99 "p50/bare"); done
  echo "$line"
  for name in "${all[@]}"; do
    line=$(printf '%-20s' "${name//_/ }")
    for one in "${places[@]}"; do
      if [ ! -s "$notes/gaps.$one.$name" ]; then
        line+=$(printf ' %12s %8s %10s' absent "" "")
        continue
      fi
      base=$(gap_percentile "$one" bare 50)
      median=$(gap_percentile "$one" "$name" 50)
      p99=$(gap_percentile "$one" "$name" 99)
      line+=$(awk -v a="$median" -v b="$p99" -v d="$base" 'BEGIN {
        printf " %12.0f %8.0f %10.2f", a, b, a / d }')
    done
    echo "$line"
  done
}
