#!/usr/bin/env bash
# Checks formatting, the scripts, forbidden calls, and runs clang-tidy.
#   tests/lint.sh [FILE.cc...]     clang-tidy only for these files; without arguments, for all
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. reactor/packages.sh

install_packages "${build_packages[@]}" "${test_packages[@]}" "${bench_packages[@]}" "${lint_packages[@]}"

rooms=(core capnp coordinator reactor bench tests)
mapfile -t code < <(find "${rooms[@]}" -name '*.h' -o -name '*.cc' | sort)
mapfile -t scripts < <(find "${rooms[@]}" -name '*.sh' | sort)
scripts+=(.ci/run)
failed=0

# absent WHY PATTERN FILE...: fails if a line of the files matches.
absent() {
  if grep -nE "\b($2) *\(" "${@:3}"; then
    echo "above: $1" >&2
    failed=1
  fi
}

echo "clang-format: ${#code[@]} files"
clang-format-14 --dry-run -Werror "${code[@]}" || failed=1

echo "shellcheck: ${#scripts[@]} files"
shellcheck -x "${scripts[@]}" || failed=1

echo "calls that must not be there"
absent "these reap behind the back of the one reaper" 'uv_spawn|popen|system' "${code[@]}"
mapfile -t tests < <(printf '%s\n' "${code[@]}" | grep '^tests/')
absent "a test waits for an event, not for a time" \
  'sleep_for|sleep_until|usleep|nanosleep|sleep' "${tests[@]}"

# The compile commands of the files, and the generated headers that they include. Without precompiled
# headers, clang-tidy sees whether a file includes what it uses.
build=$PWD/build-lint
cmake -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DTHERMOS_PRECOMPILE=OFF >/dev/null
cmake --build "$build" --target thermos_schemas thermos_bench_thrift -- --quiet
if [ $# -gt 0 ]; then
  sources=("$@")
else
  # Without generated files, which end in .c++.
  mapfile -t sources < <(sed -n 's/^ *"file": "\(.*\.cc\)",\{0,1\}$/\1/p' \
    "$build/compile_commands.json" | sort -u)
fi
echo "clang-tidy: ${#sources[@]} files"
tidy() {
  local found checks=()
  # The analyzer takes two thirds of the time. It follows paths through code whose faults users would
  # meet; a fault of a test shows when the test runs.
  case $1 in */tests/* | tests/* | */bench/* | bench/*) checks=(--checks=-clang-analyzer-*) ;; esac
  # Prints the output at once, and only for findings: for a clean file clang-tidy prints what it suppressed.
  found=$(clang-tidy-14 --quiet -p "$build" "${checks[@]}" "$1" 2>&1) || { printf '%s\n' "$found" && return 1; }
}
export -f tidy
export build
# shellcheck disable=SC2016  # expanded by the shell that xargs starts
printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'tidy "$1"' - ||
  failed=1

if [ "$failed" -ne 0 ]; then
  echo "lint: something is not as it should be" >&2
  exit 1
fi
echo "lint: clean"
