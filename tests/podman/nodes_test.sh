#!/usr/bin/env bash
# A task over two containers as nodes, which share no directory: the launcher is `podman exec -i {node} ...`.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=pods.sh
. "$(dirname "$(realpath "$0")")/pods.sh"

make_image sleep cat seq wc <<'END'
FROM scratch
COPY image /
END
# The first process of a container has to reap what a server leaves behind: bash does.
start() {
  pod run -d --name "$1" --network none "${limits[@]}" task \
    bash -c 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done' >>"$cluster/log/containers" 2>&1
}
start one
start two

exec_in="podman ${store[*]} exec -i {node} /usr/bin/thermos-coordinator --serve"
is_down="podman ${store[*]} container inspect -f '{{.State.Running}}' {node} | grep -qx false"
# run LOG FILE: in the background, as $leader.
run() {
  thermos run --root "$root" --sandbox "$sandbox" --task-id "$(basename "$2" .yaml)" "$2" >"$cluster/log/$1" 2>&1 &
  leader=$!
}
# inside_of NODE COMMAND: in bash there.
inside_of() { pod exec "$1" bash -c "$2" 2>/dev/null; }

step "files go from one container to the others, and back"
cat >"$cluster/files.yaml" <<END
name: files
nodes: {by: "one,two=$exec_in"}
processes:
  - {name: split, on: one, makes_files: [numbers], cmdline: "seq 1 40000 >numbers"}
  - name: work
    on: each
    needs: [split]
    needs_files: [numbers]
    makes_files: ["part.{node}"]
    cmdline: "echo \"\$THERMOS_NODE \$(wc -l <numbers)\" >part.\$THERMOS_NODE"
  - {name: join, on: two, needs: [work], needs_files: ["part.{node}"], makes_files: [all], cmdline: "cat part.* >all"}
END
run files "$cluster/files.yaml"
wait "$leader" || fail "it ended with $?"
is "what they made" "one 40000 two 40000" "$(xargs <"$sandbox/all")"

step "every connection is cut, and then the leader dies"
cat >"$cluster/cut.yaml" <<END
name: cut
nodes: {by: "one,two=$exec_in"}
processes:
  - {name: slow, on: each, makes_files: ["{node}.ran"], cmdline: "echo ran >>\$THERMOS_NODE.ran; until [ -e go ]; do sleep 0.1; done"}
END
run first "$cluster/cut.yaml"
runs_on() { inside_of "$1" "[ -e $sandbox/$1.ran ]"; }
for node in one two; do until_true 60 runs_on "$node" || fail "nothing runs on $node"; done
pkill -9 -f "podman.*$cluster/store.*exec -i .*--serve"
until_true 60 grep -q "can't be reached" "$cluster/log/first" || fail "nobody saw it"
kill -9 "$leader"
wait "$leader" || true
run second "$cluster/cut.yaml"
until_true 60 grep -qs ACTIVE "$cluster/log/second" || true
for node in one two; do inside_of "$node" ": >$sandbox/go"; done
wait "$leader" || fail "it ended with $?"
is "what ran" "ran ran" "$(cat "$sandbox"/{one,two}.ran | xargs)"

step "a container is killed, and its work runs in the other"
cat >"$cluster/down.yaml" <<END
name: down
nodes: {by: "one,two=$exec_in", gone: "$is_down"}
processes:
  - {name: work, makes_files: [where], cmdline: "echo \$THERMOS_NODE >where; until [ -e free ]; do sleep 0.1; done"}
END
run down "$cluster/down.yaml"
first=
# runs_elsewhere: now on another node than $first, $second.
runs_elsewhere() {
  second=$(task down 2>/dev/null | jq -r '.processes.work[-1] | select(.state == "RUNNING") | .node')
  [ -n "$second" ] && [ "$second" != "$first" ]
}
until_true 60 runs_elsewhere || fail "it does not begin"
first=$second
pod kill -s KILL "$first" >/dev/null
until_true 60 runs_elsewhere || fail "it does not go on: $(task down)"
inside_of "$second" ": >$sandbox/free"
wait "$leader" || fail "it ended with $?"
is "its runs" "LOST $first SUCCESS $second" "$(task down | jq -r '.processes.work[] | .state, .node' | xargs)"
is "what came back" "$second" "$(cat "$sandbox/where")"

echo "passed"
