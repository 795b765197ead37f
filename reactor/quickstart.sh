#!/usr/bin/env bash
# A first run on a fresh Debian 12: installs the packages that the build needs, builds the programs into
# build/, runs reactor/examples/layers.json, and shows its status and its output.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. reactor/packages.sh

install_packages "${build_packages[@]}"

echo "Building the programs into $PWD/build (a few minutes the first time)"
quietly cmake --preset release -DBUILD_TESTING=OFF -DTHERMOS_UNITY=ON
jobs=(-j "$(nproc)")
if [ -t 1 ]; then
  cmake --build build "${jobs[@]}"  # one line that shows how far it is
else
  cmake --build build "${jobs[@]}" -- --quiet
fi

# A root of its own, so that everything is below build/.
export THERMOS_ROOT=$PWD/build/quickstart
task_id=layers-$(date +%Y%m%d-%H%M%S)
thermos=build/bin/thermos

echo
echo "Running a task: thermos run reactor/examples/layers.json"
"$thermos" run --task-id "$task_id" --sandbox "$THERMOS_ROOT/sandboxes/$task_id" \
  reactor/examples/layers.json

echo
echo "Its status: thermos status $task_id"
"$thermos" status "$task_id"

echo
echo "Its output: thermos tail $task_id"
"$thermos" tail "$task_id"

cat <<END

Continue with
  export PATH=$PWD/build/bin:\$PATH THERMOS_ROOT=$THERMOS_ROOT
  thermos inspect reactor/examples/retries.json
  thermos run reactor/examples/retries.json
  thermos simplerun -- 'echo hello; sleep 1'
  thermos --help
README.md says how to write a task. Without THERMOS_ROOT, tasks are kept in
/var/lib/thermos for root and in ~/.local/state/thermos for others.
END
