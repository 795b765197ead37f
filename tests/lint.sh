#!/usr/bin/env bash
# Checks formatting, the scripts, what must not be called, and what clang-tidy finds.
#   tests/lint.sh [FILE.cc...]     clang-tidy over these alone; without, over all that is built
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. reactor/packages.sh

install_packages "${build_packages[@]}" "${test_packages[@]}" "${bench_packages[@]}" "${lint_packages[@]}"

rooms=(core capnp coordinator reactor bench tests)
mapfile -t code < <(find "${rooms[@]}" -name '*.h' -o -name '*.cc' | sort)
mapfile -t scripts < <(find "${rooms[@]}" -name '*.sh' | sort)
scripts+=(.ci/run)
failed=0

# absent WHY PATTERN FILE...: no line of the files may match.
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

# The commands that the files are compiled by, and the generated headers that they include.
cmake --preset release >/dev/null
cmake --build build --target thermos_schemas thermos_bench_thrift -- --quiet
if [ $# -gt 0 ]; then
  sources=("$@")
else
  # Not what is generated: that ends in .c++.
  mapfile -t sources < <(sed -n 's/^ *"file": "\(.*\.cc\)",\{0,1\}$/\1/p' \
    build/compile_commands.json | sort -u)
fi
echo "clang-tidy: ${#sources[@]} files"
tidy() {
  local found
  # Shown in one piece, and only when there is something: a clean file counts what it suppressed.
  found=$(clang-tidy-14 --quiet -p build "$1" 2>&1) || { printf '%s\n' "$found" && return 1; }
}
export -f tidy
# shellcheck disable=SC2016  # expanded by the shell that xargs starts
printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'tidy "$1"' - ||
  failed=1

if [ "$failed" -ne 0 ]; then
  echo "lint: something is not as it should be" >&2
  exit 1
fi
echo "lint: clean"
