#!/usr/bin/env bash
# What a task over nodes costs: nodes.sh [BUILD]. All servers run on this machine, behind pipes, so what
# is shown is the cost of the way to a node, and not that of more machines. Each figure stands beside that
# of the same task without nodes, in the same run, three times in turns; the middle one counts.
set -euo pipefail

bin=$(realpath "${1:-build}")/bin
processes=${PROCESSES:-2000}
steps=${STEPS:-200}
place=$(mktemp -d "${TMPDIR:-/tmp}/nodes.XXXXXX")
trap 'rm -rf "$place"' EXIT

# How the servers of so many nodes are started.
nodes_option() { echo "$(seq -s , -f 'n%g' "$1")=exec env NODE={node} $bin/thermos-coordinator --serve"; }

# run ID CONFIG [NODES]: the seconds from the first launch to the last end.
run() {
  local option=()
  [ -z "${3:-}" ] || option=(--nodes "$(nodes_option "$3")")
  "$bin/thermos" run -q --sync crash --root "$place/root" --sandbox "$place/sandbox" --task-id "$1" "${option[@]}" "$2" >/dev/null 2>&1
  "$bin/thermos" status --json --root "$place/root" "$1" | jq '.tasks[0].processes |
    ([.[][].stop_time] | max) - ([.[][].fork_time] | min)'
  rm -rf "$place/sandbox"
}
# latency ID: the median of the milliseconds from the end of a step to the start of the next one's program.
latency() {
  "$bin/thermos" status --json --root "$place/root" "$1" | jq '[.tasks[0].processes | to_entries |
    sort_by(.key)[] | .value[-1]] as $runs | [range(1; $runs | length) |
    ($runs[.].start_time - $runs[. - 1].stop_time) * 1000] | sort | .[length / 2 | floor]'
}
middle() { sort -g | sed -n 2p; }

jq -n --argjson n "$processes" '{name: "wide", max_concurrency: 8, processes: [range($n) |
  {name: "p\(.)", argv: ["/bin/true"], resources: {cpu: 0.01}}]}' >"$place/wide.json"
jq -n --argjson n "$steps" '{name: "chain", processes: [range($n) | . as $i |
  {name: "p\(1000 + $i)", argv: ["/bin/true"], resources: {cpu: 0.01}, on: "n\($i % 2 + 1)",
   needs: (if $i == 0 then [] else ["p\(999 + $i)"] end)}]}' >"$place/chain.json"
jq 'del(.processes[].on)' "$place/chain.json" >"$place/chain-here.json"

echo "$processes processes, at most 8 at a time"
declare -A wide
for round in 1 2 3; do
  for count in 0 1 4 16 64; do
    wide[$count]+="$(run "wide-$count-$round" "$place/wide.json" "${count#0}")"$'\n'
  done
done
here=$(printf '%s' "${wide[0]}" | middle)
for count in 0 1 4 16 64; do
  took=$(printf '%s' "${wide[$count]}" | middle)
  printf '%5s nodes  %6.0f launches/s  %.2f of no nodes\n' "$count" "$(jq -n "$processes / $took")" "$(jq -n "$here / $took")"
done

echo "a chain of $steps, each step on the other node: from an end to the next start, median"
declare -A chain
for round in 1 2 3; do
  run "here-$round" "$place/chain-here.json" >/dev/null
  run "there-$round" "$place/chain.json" 2 >/dev/null
  chain[here]+="$(latency "here-$round")"$'\n'
  chain[there]+="$(latency "there-$round")"$'\n'
done
printf '   no nodes  %.2f ms\n  two nodes  %.2f ms\n' "$(printf '%s' "${chain[here]}" | middle)" "$(printf '%s' "${chain[there]}" | middle)"

echo "a node where nothing happens, for 5 seconds"
jq -n '{name: "idle", processes: [{name: "p", argv: ["/bin/sleep", "1000"]}]}' >"$place/idle.json"
"$bin/thermos" run -q --root "$place/root" --sandbox "$place/sandbox" --task-id idle --nodes "$(nodes_option 1)" "$place/idle.json" >/dev/null 2>&1 &
leader=$!
until server=$(pgrep -P "$leader" -x thermos-node) && pgrep -P "$server" -x coordinator >/dev/null; do sleep 0.1; done
sleep 1
switches() { awk '/ctxt_switches/ {sum += $2} END {print sum}' "/proc/$1/status"; }
before=$(switches "$server")
sleep 5
echo "  wake-ups of its server: $(($(switches "$server") - before)); its memory: $(awk '/VmRSS/ {print $2}' "/proc/$server/status") kB"
"$bin/thermos" kill --root "$place/root" idle >/dev/null
wait "$leader" || true
