#!/usr/bin/env bash
# Counts which branches of the pure rooms the tests take, and fails where one is taken by none: in
# core/runner, core/record and core/task. Prints a table, then each branch and line that is left.
#   tests/coverage.sh
# What can't be taken and must stay is marked in the source, with the reason (GCOVR_EXCL_LINE and the
# like, as gcovr's manual has them).
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. reactor/packages.sh

programs=(core_tests capnp_tests config_tests simulation_tests)
install_packages "${build_packages[@]}" "${test_packages[@]}" "${bench_packages[@]}" \
  "${coverage_packages[@]}"

build=$PWD/build-coverage
quietly cmake --preset coverage
cmake --build "$build" -j "$(nproc)" --target "${programs[@]}" -- --quiet

# Counts are added up from run to run, and the notes of a file outlive it.
find "$build" -name '*.gcda' -delete
find "$build/core" -name '*.cc.gcno' | while read -r notes; do
  source=core/${notes##*/thermos_*.dir/}
  [ -e "${source%.gcno}" ] || rm "$notes"
done
for program in "${programs[@]}"; do
  quietly "$build/bin/$program" --gtest_brief=1
done

# A switch has a branch for a value that no enumerator has: that all of its cases are taken is told
# by their lines. A call that throws is a branch where the tests compile our headers with exceptions.
found=$build/coverage.json
quietly gcovr -r . -j "$(nproc)" --filter '(.*/)?core/(runner|record|task)/' \
  --exclude-throw-branches --exclude-branches-by-pattern '\s*switch \(.*' \
  --json "$found" "$build/core" "$build/capnp" "$build/tests"

# Of each file: its name, and the lines that hold code.
files='.files[] | {
    file: (.file | sub("^.*/rooms/[a-z]+/"; "")),
    lines: [.lines[] | select((."gcovr/noncode" or ."gcovr/excluded") | not)]
  }'
printf '%-36s %12s %12s\n' file 'lines run' 'branches'
jq -r "$files"' | [.lines[].branches[]] as $branches |
  [.file, "\([.lines[] | select(.count > 0)] | length)/\(.lines | length)",
    "\([$branches[] | select(.count > 0)] | length)/\($branches | length)"] | @tsv' "$found" |
  sort | while IFS=$'\t' read -r file lines branches; do
  printf '%-36s %12s %12s\n' "$file" "$lines" "$branches"
done

left=$(jq -r "$files"' | .file as $file | .lines[] | "\($file):\(.line_number)" as $place |
  if .count == 0 then "\($place): never run"
  else .branches | to_entries[] | select(.value.count == 0) |
    "\($place): branch \(.key) is never taken"
  end' "$found")
if [ -n "$left" ]; then
  while IFS= read -r place; do
    IFS=: read -r file line _ <<<"$place"
    printf '%s   %s\n' "$place" "$(sed -n "${line}s/^ *//p" "$file")"
  done <<<"$left"
  echo "coverage: $(wc -l <<<"$left") branches or lines are taken by no test" >&2
  exit 1
fi
echo "coverage: every branch of core/runner, core/record and core/task is taken"
