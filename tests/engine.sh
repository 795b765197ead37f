# shellcheck shell=bash
# Shared by the tests that start an engine's own daemons. To be sourced, with the build directory as
# the first argument. All that a test makes is below $cluster. Exit status 77 skips a test.
# shellcheck disable=SC2034  # used by the scripts that source this
set -euo pipefail

bin=$(realpath "${1:?the build directory}")/bin
user=$(id -un)
host=$(hostname -s)
PATH=$PATH:/usr/sbin:$bin

# needs PACKAGES PROGRAM...: skips the test where one of the programs is not there.
needs() {
  local packages=$1 program
  shift
  for program in "$@"; do
    command -v "$program" >/dev/null || {
      echo "skipped: $program is not installed (packages $packages of Debian)"
      exit 77
    }
  done
}

cluster=$(mktemp -d "${TMPDIR:-/tmp}/engine.XXXXXX")
chmod 711 "$cluster"  # what runs as another user has to reach what is below
mkdir "$cluster/log"
mkfifo "$cluster/never"
# What a job left behind is named by its directory alone.
remove_cluster() {
  pkill -9 -f "$cluster" 2>/dev/null || true
  rm -rf "$cluster"
}
trap remove_cluster EXIT
root=$cluster/root
sandbox=$cluster/sandbox

step() { echo "--- $*"; }
fail() {
  echo "FAILED: $*" >&2
  tail -n 20 "$cluster"/log/* >&2 || true
  exit 1
}
is() { [ "$2" = "$3" ] || fail "$1: expected '$2', found '$3'"; }

# until_true SECONDS COMMAND...: asks again ten times a second, as an engine tells nobody of its jobs.
until_true() {
  local left=$(($1 * 10))
  shift
  until "$@"; do
    [ $((left -= 1)) -gt 0 ] || return 1
    read -r -t 0.1 <>"$cluster/never" || true
  done
}

gone() {
  local state
  state=$(sed 's/^.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
  [ -z "$state" ] || [ "$state" = Z ]
}
# end PID: asks the daemon to end, and kills it where it does not.
end() {
  kill "$1" 2>/dev/null || return 0
  until_true 10 gone "$1" || kill -9 "$1" 2>/dev/null || true
}
# The task of that id, as `status --json` has it.
task() { thermos status --root "$root" --json "$1" | jq .tasks[0]; }
