#!/usr/bin/env bash
# From a fresh Debian 12 to a task that has run: installs what is needed, builds the programs into
# build/, runs reactor/examples/layers.json and shows what there is to see of it.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. reactor/packages.sh

install_packages "${build_packages[@]}"

echo "Building the programs into $PWD/build (a few minutes the first time)"
quietly cmake --preset release -DBUILD_TESTING=OFF
jobs=(-j "$(nproc)")
if [ -t 1 ]; then
  cmake --build build "${jobs[@]}"  # one line that shows how far it is
else
  cmake --build build "${jobs[@]}" -- --quiet
fi

# A root of its own, so that nothing is left outside build/.
export THERMOS_ROOT=$PWD/build/quickstart
task_id=layers-$(date +%Y%m%d-%H%M%S)
thermos=build/bin/thermos

echo
echo "A task to its end: thermos run reactor/examples/layers.json"
"$thermos" run --task-id "$task_id" --sandbox "$THERMOS_ROOT/sandboxes/$task_id" \
  reactor/examples/layers.json

echo
echo "What is on record: thermos status $task_id"
"$thermos" status "$task_id"

echo
echo "What it printed: thermos tail $task_id"
"$thermos" tail "$task_id"

cat <<END

Go on with
  export PATH=$PWD/build/bin:\$PATH THERMOS_ROOT=$THERMOS_ROOT
  thermos inspect reactor/examples/retries.json
  thermos run reactor/examples/retries.json
  thermos simplerun -- 'echo hello; sleep 1'
  thermos --help
README.md says how to write a task. Without THERMOS_ROOT, tasks are kept in
/var/lib/thermos for root and in ~/.local/state/thermos for others.
END
