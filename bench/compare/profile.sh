# shellcheck shell=bash disable=SC2154
# What the runner asks of the kernel, and who has the processors. Sourced by compare.sh.

# calls_of COUNT FILE: runs so many processes of `true`, and notes how often the runner itself made each system
# call, in lines "NAME NUMBER".
calls_of() {
  write_task "$work/task.json" "$1" "$calls_at_once" free true
  rm -rf "$work/root" "$work/sandbox"
  # Without -f, so that what the runner starts is not counted.
  strace -c -o "$notes/strace" "$bin/thermos" --root "$work/root" run --quiet --sync power \
    --sandbox "$work/sandbox" "$work/task.json" || return 1
  awk '$4 ~ /^[0-9]+$/ && $NF != "total" { print $NF, $4 }' "$notes/strace" >"$2"
}

# What a start costs is in both sizes, and so not in their difference.
section_calls() {
  local calls_at_once=${CALLS_AT_ONCE:-2} few many
  read -r few many <<<"${CALLS:-100 400}"
  echo "calls: system calls of the runner a run, \"run --quiet\", $calls_at_once at a time, power:" \
    "the difference between $many and $few processes of \"true\", for each"
  say_standing "$place"
  if ! have strace || ! strace -o /dev/null true 2>/dev/null; then
    echo "absent: no strace that may trace"
    return
  fi
  calls_of "$few" "$notes/calls.few"
  calls_of "$many" "$notes/calls.many"
  echo "load while it ran: $(cut -d' ' -f1 /proc/loadavg)"
  awk -v runs=$((many - few)) '
    NR == FNR { few[$1] = $2; next }
    { a = ($2 - few[$1]) / runs; all += a; if (a >= 0.05) printf "%-20s %8.2f\n", $1, a | "sort -k2 -rn" }
    END { close("sort -k2 -rn"); printf "%-20s %8.2f\n", "all", all }' "$notes/calls.few" "$notes/calls.many"
}

# Samples of the whole machine, by the name of the command. What else runs on it is "others".
section_shares() {
  local at_once=${SHARES_AT_ONCE:-2}
  echo "shares: percent of the processors' time in $jobs independent \"bash -c true\", $at_once at a time," \
    "crash; the median of $rounds rounds"
  say_standing "$place"
  if ! have perf || ! perf record -a -o "$notes/perf.data" -- true >/dev/null 2>&1; then
    echo "absent: no perf that may watch the whole machine"
    return
  fi
  prepare "$jobs" "$at_once" free true
  rm -f "$notes"/shares.*
  local round name
  for ((round = 0; round < rounds; round++)); do
    rm -rf "$work/root" "$work/sandbox"
    perf record -a -o "$notes/perf.data" -- "$bin/thermos" --root "$work/root" run --quiet --sync crash \
      --sandbox "$work/sandbox" "$work/task.json" >"$notes/output" 2>&1
    perf report -i "$notes/perf.data" --stdio --sort comm --fields overhead,comm --field-separator , \
      2>/dev/null >"$notes/report"
    awk -F, '
      /^ *[0-9.]+% *,/ {
        gsub(/[% ]/, "", $1); gsub(/ /, "", $2)
        part = "others"
        if ($2 == "bash") part = "bash"
        if ($2 == "thermos") part = "thermos"
        if ($2 == "coordinator") part = "coordinator"
        if ($2 == "thermos-forks") part = "fork server"
        if ($2 == "swapper") part = "idle"
        share[part] += $1
      }
      END { for (part in share) print part "," share[part] }' "$notes/report" >"$notes/parts"
    for name in bash thermos coordinator "fork server" idle others; do
      awk -F, -v n="$name" '$1 == n { s = $2 } END { print s + 0 }' "$notes/parts" >>"$notes/shares.$name"
    done
  done
  for name in bash thermos coordinator "fork server" idle others; do
    printf '%-20s %8.1f\n' "$name" "$(statistics "$notes/shares.$name" | cut -d' ' -f2)"
  done
}
