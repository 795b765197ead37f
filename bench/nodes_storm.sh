#!/usr/bin/env bash
# The storm of tests/slurm/nodes_test.sh in its long form: nodes_storm.sh [BUILD]. A real Slurm of four nodes, where
# leaders, servers, steps and nodes are killed again and again until about a thousand processes have been; each
# success must be in the ledger exactly once.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
export ROUNDS=${ROUNDS:-410} NODES=${NODES:-n1 n2 n3 n4}
exec "$here/../tests/slurm/nodes_test.sh" "$(realpath "${1:-build}")"
