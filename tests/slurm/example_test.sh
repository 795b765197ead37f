#!/usr/bin/env bash
# The example of REACH.md, "One graph over many machines", with its words: the task and the command.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=cluster.sh
. "$(dirname "$(realpath "$0")")/cluster.sh"

reach=$(dirname "$(realpath "$0")")/../../reactor/REACH.md
cluster_up linuxproc || exit 77
mkdir "$cluster/home"
export HOME=$cluster/home
unset XDG_STATE_HOME XDG_RUNTIME_DIR
cd "$HOME"
sed -n '/^    # nodes.yaml$/,/^$/s/^    //p' "$reach" >nodes.yaml
is "processes of the task" 3 "$(grep -c -- '- name:' nodes.yaml)"
command=$(sed -n 's/^    \(sbatch .* nodes.yaml.\)$/\1/p' "$reach")
step "$command"
id=$(eval "$command" | grep -o '[0-9]*$')
until_true 60 in_state "$id" COMPLETED || fail "the job ended as $(state_of "$id"): $(cat slurm-*.out)"
is "what join prints" "$(printf '%s: 40 numbers\n' "${nodes[@]}")" "$(cat nodes/.logs/join/0/stdout)"
is "nodes that ran something" "${nodes[*]}" \
  "$(thermos status --json "nodes-$id" | jq -r '.tasks[0].processes[][].node' | sort -u | xargs)"

echo "passed"
